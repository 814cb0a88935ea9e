import assert from "node:assert/strict";
import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { isSchemaObject } from "../../../src/kit/object_schema.ts";
import { compileSureCheck } from "../../../src/kit/schema_fast_path.ts";
import type { JsonSchema, JsonValue } from "../../../src/records/json.ts";

const names = fc.constantFrom("a", "b", "__proto__", "constructor", "toString", "");
const scalars: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("", "a", "ab", "😀", "😀😀", null, true, false, 0, 1, -1, 1.5, 1e300),
  fc.integer({ min: -3, max: 3 }),
);
const { value: values } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: false }),
  ),
}));
const small = fc.integer({ min: 0, max: 3 });
const types = fc.constantFrom("string", "number", "integer", "boolean", "null", "array", "object");
const { schema: schemas } = fc.letrec<{ schema: JsonValue; object: JsonSchema }>((tie) => ({
  schema: fc.oneof({ depthSize: "small" }, { weight: 1, arbitrary: fc.boolean() }, {
    weight: 9,
    arbitrary: tie("object"),
  }),
  object: fc.record<Record<string, JsonValue>>({
    type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
    properties: fc.dictionary(names, tie("schema"), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>,
    required: fc.uniqueArray(names, { maxLength: 2 }),
    additionalProperties: tie("schema"),
    items: tie("schema"),
    anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
    not: tie("schema"),
    enum: fc.array(scalars, { minLength: 1, maxLength: 4 }),
    const: scalars,
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    minLength: small,
    maxLength: small,
    minItems: small,
    maxItems: small,
    description: fc.constant("words"),
    pattern: fc.constant("^a"),
  }, { requiredKeys: [] }).map((schema): JsonSchema => {
    // A few keywords at a time; with all of them nothing is ever valid.
    return Object.fromEntries(Object.entries(schema).slice(0, 4));
  }),
}));

Deno.test("the fast path never accepts what the library refuses", () => {
  let accepted = 0;
  fc.assert(
    fc.property(schemas, values, (schema, value) => {
      if (!isSchemaObject(schema)) return;
      const isSurelyValid = compileSureCheck(schema);
      if (isSurelyValid?.(value) !== true) return;
      accepted++;
      const validator = new Validator(JSON.parse(JSON.stringify(schema)), "2020-12");
      assert.ok(validator.validate(value).valid);
    }),
    { numRuns: 2_000 },
  );
  assert.ok(accepted > 80, `only ${accepted} accepted: the test says nothing`);
});

const LIMITS = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
];
const AROUND_LIMITS: readonly JsonValue[] = [0, 1, 1.5, 2, 2.5, 3, "", "a", "ab", "abc", "😀", [], [0], [0, 0], [
  0,
  0,
  0,
], {}];

for (const keyword of LIMITS) {
  Deno.test(`the fast path draws the line of ${keyword} where the library does`, () => {
    for (const limit of [0, 1, 2]) {
      const isSurelyValid = compileSureCheck({ [keyword]: limit });
      const validator = new Validator({ [keyword]: limit }, "2020-12");
      for (const value of AROUND_LIMITS) {
        // A code point of two units may be left to the library.
        if (keyword === "maxLength" && value === "😀") continue;
        assert.equal(isSurelyValid?.(value), validator.validate(value).valid, `${JSON.stringify(value)}, ${limit}`);
      }
    }
  });
}

const COMMON: readonly [schema: JsonSchema, value: JsonValue][] = [
  [{ type: "object", properties: { a: { type: "string", description: "x" } }, required: ["a"] }, { a: "x" }],
  [{ type: "object", properties: { a: { type: ["string", "null"] } }, additionalProperties: false }, { a: null }],
  [{ type: "object", properties: { a: { enum: ["x", "y"] }, b: { const: 1 } } }, { a: "y", b: 1 }],
  [{ type: "object", properties: { a: { anyOf: [{ type: "integer" }, { $ref: "#" }] } } }, { a: 3 }],
  [{ type: "object", properties: { list: { type: "array", items: { type: "number", minimum: 0 } } } }, {
    list: [1, 2],
  }],
  [{ type: "object", additionalProperties: { type: "boolean" } }, { anything: true }],
  [{ type: "object", properties: { a: { pattern: "^x" }, b: { type: "string" } } }, { b: "y" }],
  [{ $schema: "https://json-schema.org/draft/2020-12/schema", title: "t", type: "object", properties: {} }, {}],
];

for (const [schema, value] of COMMON) {
  Deno.test(`the fast path accepts ${JSON.stringify(value)} for ${JSON.stringify(schema)}`, () => {
    assert.equal(compileSureCheck(schema)?.(value), true);
  });
}

Deno.test("the fast path does not judge keywords it does not know", () => {
  for (
    const keyword of ["pattern", "format", "not", "oneOf", "$ref", "$id", "patternProperties", "if", "constructor"]
  ) {
    assert.equal(compileSureCheck({ type: "object", [keyword]: "x" }), undefined);
  }
});

Deno.test("the fast path does not judge malformed keywords", () => {
  for (const schema of [{ type: "text" }, { required: "a" }, { enum: [{}] }, { items: [{}] }, { minimum: "1" }]) {
    assert.equal(compileSureCheck(schema)?.([]) ?? false, false);
  }
});
