import assert from "node:assert/strict";
import { compileSchema } from "../../../src/kit/schema_validator.ts";
import type { JsonSchema, JsonValue } from "../../../src/records/json.ts";

const ofMember = (member: JsonValue): JsonSchema => ({ type: "object", properties: { a: member }, required: ["a"] });

Deno.test("a check accepts a common value at once", () => {
  assert.deepEqual(compileSchema(ofMember({ type: "string" }))({ a: "x" }), { ok: true, value: { a: "x" } });
});

const REFUSED: readonly [schema: JsonSchema, value: JsonValue, message: RegExp][] = [
  [ofMember({ type: "string" }), { a: 1 }, /at \/a: value type "number" is invalid. Expected "string"/],
  [ofMember({ type: "string" }), {}, /at \/: value does not have required property "a"/],
  [ofMember({ type: "array", items: { type: "integer" } }), { a: [1, "x"] }, /at \/a\/1: /],
  [ofMember({ enum: ["x", "y"] }), { a: "z" }, /at \/a: value does not match any of \["x","y"\]/],
  [{ type: "object", additionalProperties: false }, { extra: 1 }, /at \/extra: this member is not allowed/],
  [ofMember({ type: "string", pattern: "^a" }), { a: "b" }, /at \/a: String does not match pattern/],
  [ofMember({ type: "string", format: "email" }), { a: "b" }, /at \/a: String does not match format "email"/],
  [ofMember({ oneOf: [{ type: "string" }, { minLength: 0 }] }), { a: "b" }, /exactly one/],
  [ofMember({ anyOf: [{ type: "string" }, { type: "null" }] }), { a: 1 }, /any subschemas/],
  [ofMember({ not: { type: "string" } }), { a: "b" }, /at \/a: value matched "not"/],
  [ofMember({ type: "array", uniqueItems: true }), { a: [1, 1] }, /Duplicate items/],
  [{ $schema: "http://json-schema.org/draft-07/schema#", ...ofMember({ minimum: 5 }) }, { a: 1 }, /less than 5/],
  [{ type: "object" }, [], /not a JSON object/],
  [{ type: "object" }, null, /not a JSON object/],
];

for (const [schema, value, message] of REFUSED) {
  Deno.test(`a check tells the model why ${JSON.stringify(value)} does not fit ${JSON.stringify(schema)}`, async () => {
    const parsed = await compileSchema(schema)(value);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, message);
  });
}

const ACCEPTED: readonly [schema: JsonSchema, value: JsonValue][] = [
  [ofMember({ type: "string", pattern: "^a" }), { a: "ab" }],
  [{ $defs: { id: { type: "integer" } }, ...ofMember({ $ref: "#/$defs/id" }) }, { a: 1 }],
  [{ definitions: { "x/y": { type: "integer" } }, ...ofMember({ $ref: "#/definitions/x~1y" }) }, { a: 1 }],
  [{ type: "object", properties: { next: { $ref: "#" } } }, { next: { next: {} } }],
  [{ type: "object", properties: JSON.parse('{"__proto__":{"type":"string"}}') }, JSON.parse('{"__proto__":"x"}')],
  [ofMember({ format: "no-such-format" }), { a: "x" }],
  [ofMember({ format: "constructor" }), { a: "x" }],
  [{ $id: "https://example.com/s", "x-own": { $ref: "https://x.org" }, ...ofMember({}) }, { a: "x" }],
  [Object.freeze(ofMember(Object.freeze({ type: "string", maxLength: 9, format: "uri" }))), { a: "a:b" }],
];

for (const [schema, value] of ACCEPTED) {
  Deno.test(`a check accepts ${JSON.stringify(value)} for ${JSON.stringify(schema)}`, async () => {
    assert.equal((await compileSchema(schema)(value)).ok, true);
  });
}

const MALFORMED: readonly [schema: JsonSchema, message: RegExp][] = [
  [{ type: "string" }, /must describe an object/],
  [ofMember({ $ref: "https://example.com/schema" }), /leads outside.*\$defs/],
  [ofMember({ $ref: "other.json" }), /leads outside/],
  [ofMember({ $ref: "#/$defs/missing" }), /leads nowhere/],
  [ofMember({ $ref: "#/required" }), /leads nowhere/],
  [ofMember({ $ref: "#/constructor" }), /leads nowhere/],
  [ofMember({ pattern: "(" }), /pattern at #\/properties\/a\/pattern/],
  [ofMember({ patternProperties: { "(": {} } }), /pattern/],
  [ofMember({ required: "b" }), /#\/properties\/a\/required is not a list of names/],
  [ofMember({ enum: "b" }), /enum is not a list/],
  [ofMember({ minimum: "1" }), /minimum is not a number/],
  [ofMember("string"), /a is not a schema/],
  [{ type: "object", properties: [] }, /properties is not an object/],
  [ofMember({ anyOf: {} }), /anyOf is not a list of schemas/],
  [JSON.parse(`${'{"not":'.repeat(5_000)}{}${"}".repeat(5_000)}`), /nests deeper than 100/],
  [ofMember({ anyOf: Array.from({ length: 20_001 }, () => ({})) }), /over 20000 parts/],
];

for (const [schema, message] of MALFORMED) {
  Deno.test(`compileSchema() refuses ${JSON.stringify(schema).slice(0, 80)}`, () => {
    assert.throws(() => compileSchema(schema), { name: "TypeError", message });
  });
}

/** Doubles with each level of the value. */
const doubling: JsonSchema = {
  type: "object",
  properties: { next: { allOf: [{ $ref: "#" }, { $ref: "#" }, { not: { not: { $ref: "#" } } }] } },
};
const chain = JSON.parse(`${'{"next":'.repeat(60)}{}${"}".repeat(60)}`);

const SLOW: readonly [name: string, schema: JsonSchema, value: JsonValue][] = [
  ["a schema that doubles its work with each level", doubling, chain],
  ["a schema that refers to itself without end", { type: "object", allOf: [{ $ref: "#" }] }, {}],
  [
    "a text that is looked at very often",
    ofMember({ allOf: Array.from({ length: 5_000 }, () => ({ minLength: 9 })) }),
    {
      a: "x".repeat(1_000_000),
    },
  ],
  ["a list of names that is looked through very often", {
    type: "object",
    $defs: { names: { enum: Array.from({ length: 50_000 }, (_, index) => index) } },
    properties: { a: { items: { anyOf: [{ $ref: "#/$defs/names" }, { $ref: "#/$defs/names" }] } } },
  }, { a: Array.from({ length: 50_000 }, () => "x") }],
  ["a comparison of every two items", ofMember({ uniqueItems: true }), {
    a: Array.from({ length: 300_000 }, (_, i) => i),
  }],
  ["a comparison of items that differ in their last part", ofMember({ uniqueItems: true }), {
    a: Array.from({ length: 1_000 }, (_, index) => [...Array.from({ length: 100 }, () => 0), index]),
  }],
];

for (const [name, schema, value] of SLOW) {
  Deno.test(`a check ends soon in spite of ${name}`, async () => {
    const started = performance.now();
    const parsed = await compileSchema(schema)(value);
    assert.ok(performance.now() - started < 3_000);
    assert.ok(!parsed.ok && parsed.message.length <= 2_100);
  });
}

Deno.test("a check has steps enough for a large honest value", async () => {
  const list = { type: "array", items: { type: "integer", multipleOf: 1 } };
  const check = compileSchema({ type: "object", properties: { list, text: { format: "email" } } });
  assert.equal((await check({ list: Array.from({ length: 100_000 }, (_, index) => index) })).ok, true);
  const long = await compileSchema(ofMember({ pattern: "^x*$" }))({ a: "x".repeat(1_000_000) });
  assert.equal(long.ok, true);
  const unique = compileSchema(ofMember({ uniqueItems: true }));
  assert.equal((await unique({ a: Array.from({ length: 1_000 }, (_, index) => index) })).ok, true);
});

Deno.test("a check that ran out of allowance leaves the next one its own", async () => {
  const check = compileSchema(doubling);
  assert.equal((await check(chain)).ok, false);
  assert.equal((await check({ next: { next: {} } })).ok, true);
});

const EVIL = "^(a+)+$";
const victim = `${"a".repeat(60)}!`;

Deno.test("patterns of a foreign schema are never compiled", async () => {
  const schemas: readonly JsonSchema[] = [
    ofMember({ type: "string", pattern: EVIL }),
    ofMember({ type: "string", pattern: "(" }),
    ofMember({ not: { pattern: EVIL } }),
    ofMember({ oneOf: [{ pattern: EVIL }, { pattern: "^b" }] }),
    ofMember({ if: { pattern: EVIL }, then: false }),
    { type: "object", patternProperties: { [EVIL]: { type: "string" } }, additionalProperties: false },
    { type: "object", propertyNames: { pattern: EVIL } },
    ofMember({ format: "url" }),
    ofMember({ uniqueItems: true }),
    ofMember({ not: { uniqueItems: true } }),
  ];
  for (const schema of schemas) {
    assert.deepEqual(await compileSchema(schema, { foreign: true })({ a: victim }), { ok: true, value: { a: victim } });
  }
});

Deno.test("a foreign schema is still checked for everything but its patterns", async () => {
  const check = compileSchema(ofMember({ type: "string", pattern: EVIL, maxLength: 3 }), { foreign: true });
  assert.equal((await check({ a: "aaaa" })).ok, false);
  assert.equal((await check({ a: 1 })).ok, false);
});

Deno.test("a message for the model stays short whatever the value", async () => {
  const check = compileSchema({ type: "object", additionalProperties: false });
  const parsed = await check({ ["k".repeat(100_000)]: 1 });
  assert.ok(!parsed.ok && parsed.message.length <= 2_001);
});

Deno.test("a check does not change the schema it was made from", async () => {
  const schema = ofMember({ type: "string", pattern: "^a" });
  const before = JSON.stringify(schema);
  await compileSchema(schema)({ a: "b" });
  assert.equal(JSON.stringify(schema), before);
  assert.deepEqual(Object.getOwnPropertyNames(schema), ["type", "properties", "required"]);
});
