import assert from "node:assert/strict";
import type { JsonObject } from "../../../../src/records/json.ts";
import { isStrictSchema, STRICT_KEYWORDS } from "../../../../src/kit/provider/strict_schema.ts";

const ALL = { keywords: new Set(STRICT_KEYWORDS), allRequired: true };
const SOME = { ...ALL, allRequired: false };

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

const STRICT: readonly JsonObject[] = [
  object({}),
  object({ a: { type: "string", enum: ["x", "y"], description: "one" }, b: { anyOf: [{ type: "null" }, object({})] } }),
  object({ list: { type: "array", items: object({ deep: { const: 1 } }) } }),
  object({ a: { $ref: "#/$defs/A" } }, { $defs: { A: object({}) } }),
];

Deno.test("isStrictSchema() lets closed objects of plain keywords through", () => {
  for (const schema of STRICT) assert.ok(isStrictSchema(schema, ALL), JSON.stringify(schema));
});

const LOOSE: readonly JsonObject[] = [
  { type: "object", properties: {} },
  object({ a: { type: "object" } }),
  object({ a: { type: ["object", "null"] } }),
  object({ a: {} }),
  object({ a: { type: "string", pattern: "x" } }),
  object({ a: object({}, { additionalProperties: true }) }),
  object({ list: { type: "array", items: { type: "string", minLength: 1 } } }),
  object({ a: { anyOf: [{ not: {} }] } }),
  object({ self: { $ref: "#" } }),
  object({ a: { $ref: "#/$defs/A" } }, { $defs: { A: { type: "object" } } }),
];

Deno.test("isStrictSchema() refuses open objects, unknown keywords and recursion, however deep", () => {
  for (const schema of LOOSE) assert.ok(!isStrictSchema(schema, SOME), JSON.stringify(schema));
});

Deno.test("isStrictSchema() minds an optional property only where all must be required", () => {
  const schema = object({ a: { type: "string" } }, { required: [] });
  assert.equal(isStrictSchema(schema, ALL), false);
  assert.equal(isStrictSchema(schema, SOME), true);
});

Deno.test("isStrictSchema() refuses a schema that refers to itself through a definition", () => {
  const node = object({ next: { $ref: "#/$defs/Node" } });
  assert.ok(!isStrictSchema(object({ head: { $ref: "#/$defs/Node" } }, { $defs: { Node: node } }), SOME));
});
