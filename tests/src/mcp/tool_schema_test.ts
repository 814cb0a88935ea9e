import assert from "node:assert/strict";
import { copyBounded, toParameters, visibleText } from "../../../src/mcp/tool_schema.ts";

Deno.test("toParameters() says that arguments are an object where the server did not", () => {
  assert.deepEqual({ ...toParameters({ properties: {} }) }, { type: "object", properties: copyBounded({}) });
});

Deno.test("toParameters() neither follows references nor compiles patterns", () => {
  const schema = {
    type: "object",
    properties: { a: { $ref: "https://evil.example/schema" }, b: { pattern: "(unterminated" } },
  };
  assert.equal(JSON.stringify(toParameters(schema)), JSON.stringify(schema));
});

Deno.test("toParameters() freezes what it returns", () => {
  const schema = toParameters({ type: "object", properties: { a: { type: "string" } } });
  assert.ok(Object.isFrozen(schema) && Object.isFrozen(schema["properties"]));
});

Deno.test("toParameters() drops what hides instructions in the descriptions of arguments, and changes nothing else", () => {
  const hidden = `Path${String.fromCodePoint(0xe0049)}\u200b`;
  const schema = (words: string) => ({
    type: "object",
    title: words,
    properties: { description: { type: "string", description: words, enum: [hidden] } },
    $defs: { a: { anyOf: [{ title: words }] } },
  });
  assert.equal(JSON.stringify(toParameters(schema(hidden))), JSON.stringify(schema("Path")));
});

Deno.test("toParameters() refuses what is no object schema, and what is too large or too deep", () => {
  let deep: unknown = {};
  for (let level = 0; level < 300; level++) deep = { properties: { a: deep } };
  const bad = [undefined, null, "object", [], { type: "string" }, { type: "object", x: "x".repeat(300_000) }, deep];
  for (const schema of bad) assert.throws(() => toParameters(schema), /its schema|characters|deep/);
});

Deno.test("copyBounded() leaves out what could reach a shared prototype", () => {
  const copy = copyBounded(
    JSON.parse('{ "__proto__": { "x": 1 }, "constructor": { "prototype": { "y": 1 } }, "a": 1 }'),
  );
  assert.equal(JSON.stringify(copy), '{"a":1}');
  assert.equal(Object.getPrototypeOf(copy), null);
});

Deno.test("visibleText() drops characters that hide instructions from people", () => {
  const tags = [..."ignore"].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("");
  assert.equal(visibleText(`Adds${tags} two\u200b num\u202ebers\u0000\n\tkept`), "Adds two numbers\n\tkept");
});

Deno.test("visibleText() cuts an endless description", () => {
  assert.equal(visibleText("x".repeat(100_000)).length, 16 * 1024 + 1);
});
