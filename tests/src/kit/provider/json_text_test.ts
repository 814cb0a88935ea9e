import assert from "node:assert/strict";
import { jsonText, TextCache } from "../../../../src/kit/provider/json_text.ts";

Deno.test("jsonText() replaces half a character, which OpenAI refuses, and keeps whole ones", () => {
  assert.equal(jsonText({ a: ["x\ud83d", "👋"] }), '{"a":["x\ufffd","👋"]}');
});

Deno.test("jsonText() keeps text that only looks like the escape of half a character", () => {
  assert.equal(jsonText("\\ud83d"), JSON.stringify("\\ud83d"));
});

Deno.test("TextCache encodes a record once", () => {
  let encoded = 0;
  const cache = new TextCache<{ a: number }>((record) => `${record.a}:${++encoded}`);
  const record = { a: 1 };
  assert.deepEqual([cache.of(record), cache.of(record), cache.of({ a: 1 })], ["1:1", "1:1", "1:2"]);
});
