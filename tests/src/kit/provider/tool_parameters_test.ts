import assert from "node:assert/strict";
import type { JsonObject } from "../../../../src/records/json.ts";
import { parametersOf } from "../../../../src/kit/provider/tool_parameters.ts";

function offered(parameters: JsonObject): JsonObject {
  return parametersOf({ type: "builtin", name: "t", description: "", parameters });
}

Deno.test("parametersOf() leaves a schema without a choice at its top as it is", () => {
  const schema = { type: "object", properties: { a: { anyOf: [{ type: "string" }, { type: "null" }] } }, required: [] };
  assert.deepEqual(offered(schema), schema);
  assert.deepEqual(offered({}), { type: "object", properties: {} });
});

Deno.test("parametersOf() offers what the alternatives at the top have in one object", () => {
  assert.deepEqual(
    offered({
      type: "object",
      description: "An attachment",
      additionalProperties: false,
      properties: { page: { type: "string" } },
      required: ["page"],
      anyOf: [
        { type: "object", properties: { content: { type: "string" } }, required: ["content"] },
        { type: "object", properties: { source_url: { type: "string" } }, required: ["source_url"] },
      ],
    }),
    {
      type: "object",
      description: "An attachment",
      additionalProperties: false,
      properties: { page: { type: "string" }, content: { type: "string" }, source_url: { type: "string" } },
      required: ["page"],
    },
  );
});

Deno.test("parametersOf() drops a choice of what is required, and keeps what allOf requires", () => {
  const choice = { oneOf: [{ required: ["a"] }, { required: ["b"] }], not: { required: ["a", "b"] } };
  const properties = { a: { type: "string" }, b: { type: "string" } };
  assert.deepEqual(offered({ type: "object", properties, ...choice }), { type: "object", properties });
  assert.deepEqual(offered({ type: "object", properties, allOf: [{ required: ["a"] }, choice] }), {
    type: "object",
    properties,
    required: ["a"],
  });
});

Deno.test("parametersOf() follows definitions, and lets a property of several forms have each of them", () => {
  const variant = (kind: string) => ({ type: "object", properties: { kind: { const: kind } }, required: ["kind"] });
  const $defs = { A: variant("a"), B: variant("b") };
  assert.deepEqual(offered({ type: "object", $defs, oneOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/B" }] }), {
    type: "object",
    $defs,
    properties: { kind: { anyOf: [{ const: "a" }, { const: "b" }] } },
  });
});

Deno.test("parametersOf() ends with a schema that refers to itself", () => {
  const $defs = { A: { anyOf: [{ $ref: "#/$defs/A" }], properties: { a: {} } } };
  assert.deepEqual(offered({ type: "object", $defs, anyOf: [{ $ref: "#/$defs/A" }] }), {
    type: "object",
    $defs,
    properties: { a: {} },
  });
});
