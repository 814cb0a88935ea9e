import assert from "node:assert/strict";
import fc from "fast-check";
import { toPlainJson } from "../../../src/kit/plain_json.ts";

Deno.test("toPlainJson() gives an equal, frozen copy of any JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(toPlainJson(value, "it"), JSON.parse(JSON.stringify(value)));
  }));
  const value = { list: [{ a: 1 }] };
  const copy = toPlainJson(value, "it");
  value.list.push({ a: 2 });
  assert.deepEqual(copy, { list: [{ a: 1 }] });
  assert.throws(() => Object.assign(copy as object, { b: 1 }), TypeError);
});

Deno.test("toPlainJson() leaves undefined members out and takes objects without a prototype", () => {
  const bare = Object.assign(Object.create(null), { a: 1, b: undefined });
  assert.deepEqual(toPlainJson(bare, "it"), { a: 1 });
});

Deno.test("toPlainJson() keeps a member named __proto__ as a member", () => {
  const copy = toPlainJson(JSON.parse('{"__proto__":{"polluted":true}}'), "it");
  assert.equal(JSON.stringify(copy), '{"__proto__":{"polluted":true}}');
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});

Deno.test("toPlainJson() refuses what JSON has no word for, naming it", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const bad = [undefined, NaN, Infinity, 1n, Symbol("s"), () => {}, new Date(0), new Map(), [undefined], [, 1], circle];
  for (const value of bad) {
    assert.throws(() => toPlainJson({ value }.value, "`spec`"), /^TypeError: Cannot store `spec`: /);
  }
});
