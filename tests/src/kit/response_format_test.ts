import assert from "node:assert/strict";
import { z } from "zod";
import { formatInstructions, instructed, parseAnswer, toResponseFormat } from "../../../src/kit/response_format.ts";
import type { ResponseFormat } from "../../../src/records/response_format.ts";

const FORMAT: ResponseFormat = { name: "city", schema: { type: "object", properties: { name: { type: "string" } } } };

Deno.test("toResponseFormat() copies and freezes a format", () => {
  const schema = { type: "object", properties: { name: { type: "string" } } };
  const format = toResponseFormat({ name: "city", schema });
  schema.properties.name.type = "number";
  assert.deepEqual(format, FORMAT);
  assert.ok(Object.isFrozen(format) && Object.isFrozen(format.schema["properties"]));
});

Deno.test("toResponseFormat() refuses names no provider takes and schemas of anything but an object", () => {
  for (const name of ["", "a b", "é", "x".repeat(65)]) {
    assert.throws(() => toResponseFormat({ name, schema: {} }), { name: "TypeError", message: /`name` is not/ });
  }
  assert.throws(() => toResponseFormat({ name: "list", schema: { type: "array" } }), {
    name: "TypeError",
    message: /Cannot define response format "list": `schema` must describe an object/,
  });
});

Deno.test("instructed() asks for the format in words after the conversation", () => {
  const request = { model: "m", systemPrompt: "s", messages: [], tools: [], metadata: {}, responseFormat: FORMAT };
  const { messages, ...rest } = instructed(request);
  assert.deepEqual(messages, [{ role: "system", content: formatInstructions(FORMAT) }]);
  assert.deepEqual(rest, { model: "m", systemPrompt: "s", tools: [], metadata: {} });
  const { responseFormat: _, ...plain } = request;
  assert.equal(instructed(plain), plain);
});

const ANSWERS: readonly [text: string, value: unknown][] = [
  ['{"a":1}', { a: 1 }],
  [' \n{"a":1}\n', { a: 1 }],
  ['```json\n{"a":1}\n```', { a: 1 }],
  ["```\n[]\n```", []],
  ["null", null],
  ["", undefined],
  ['Here it is: {"a":1}', undefined],
  ['{"a":1', undefined],
  ['```json\n{"a":1}', undefined],
];

for (const [text, value] of ANSWERS) {
  Deno.test(`parseAnswer() reads ${JSON.stringify(text)} as ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseAnswer(text), value);
  });
}

Deno.test("toResponseFormat() takes a Standard Schema and what it wrote as JSON Schema", () => {
  const Person = z.object({ name: z.string().describe("In full") });
  const { schema } = toResponseFormat({ name: "person", schema: Person });
  assert.deepEqual(schema["properties"], { name: { type: "string", description: "In full" } });
  assert.deepEqual(
    toResponseFormat({ name: "person", schema: z.toJSONSchema(Person) }).schema["properties"],
    schema["properties"],
  );
  assert.throws(() => toResponseFormat({ name: "text", schema: z.string() }), {
    name: "TypeError",
    message: /Cannot define response format "text": `schema` must describe an object/,
  });
});
