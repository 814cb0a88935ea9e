import assert from "node:assert/strict";
import { shownValue } from "../../../src/kit/shown_value.ts";

Deno.test("shownValue() shows what a configuration has, at most 80 characters of it", () => {
  assert.equal(shownValue(["a", 1, { b: null }]), '["a",1,{"b":null}]');
  assert.equal(shownValue("x".repeat(100)), `"${"x".repeat(79)}…`);
});

Deno.test("shownValue() hides a key that is in the wrong place, however deep", () => {
  assert.equal(shownValue("sk-proj-0123456789abcdef"), '"[secret]"');
  assert.equal(shownValue({ a: ["TOKEN=0123456789abcdef"] }), '{"a":["[secret]"]}');
});
