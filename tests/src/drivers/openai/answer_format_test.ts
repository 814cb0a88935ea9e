import assert from "node:assert/strict";
import type { ModelRequest } from "../../../../src/ports/driver.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import { CompletionsRequests } from "../../../../src/drivers/openai/completions_request.ts";
import { type DialectName, DIALECTS } from "../../../../src/drivers/openai/dialect.ts";
import { ResponsesRequests } from "../../../../src/drivers/openai/responses_request.ts";
import { requestOf } from "./requests.ts";

const STRICT = {
  name: "city",
  schema: {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  },
};
const LOOSE = { name: "city", schema: { type: "object", properties: { name: { type: "string" } } } };
const CLOCK: ToolDefinition = { type: "builtin", name: "clock", description: "Tells the time", parameters: {} };

Deno.test("the Chat API of OpenAI gets the schema as its response_format and nothing in words", () => {
  const body = chat({ responseFormat: STRICT, tools: [CLOCK] }, "openai");
  assert.deepEqual(body["response_format"], { type: "json_schema", json_schema: { ...STRICT, strict: true } });
  assert.deepEqual(body["messages"], chat({}, "openai")["messages"]);
});

Deno.test("the Responses API of OpenAI gets the schema as the format of its text, beside the verbosity", () => {
  const body = responses({ responseFormat: STRICT, verbosity: "low" }, "openai");
  assert.deepEqual(body["text"], { verbosity: "low", format: { type: "json_schema", ...STRICT, strict: true } });
  assert.deepEqual(body["input"], responses({}, "openai")["input"]);
});

Deno.test("strict mode is not asked for with a schema that it refuses", () => {
  const body = chat({ responseFormat: LOOSE }, "openai");
  assert.deepEqual(body["response_format"], { type: "json_schema", json_schema: { ...LOOSE, strict: false } });
});

for (const model of ["gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "o1-mini"]) {
  Deno.test(`${model} takes no schema and is told in words`, () => {
    const body = chat({ responseFormat: STRICT, model }, "openai");
    assert.equal(body["response_format"], undefined);
    assert.match(JSON.stringify(body["messages"]), /valid against this JSON Schema/);
  });
}

for (const dialect of ["openrouter", "ollama", "vllm", "llama_cpp"] as const) {
  Deno.test(`the Chat API of dialect ${dialect} gets the schema and the words, with tools the words only`, () => {
    const plain = chat({ responseFormat: STRICT }, dialect);
    assert.deepEqual(plain["response_format"], { type: "json_schema", json_schema: { ...STRICT, strict: true } });
    assert.match(JSON.stringify(plain["messages"]), /valid against this JSON Schema/);
    const withTools = chat({ responseFormat: STRICT, tools: [CLOCK] }, dialect);
    assert.equal(withTools["response_format"], undefined);
    assert.match(JSON.stringify(withTools["messages"]), /valid against this JSON Schema/);
  });
}

Deno.test("an unknown server is told in words, after everything else", () => {
  const body = chat({ responseFormat: STRICT }, "generic");
  assert.equal(body["response_format"], undefined);
  const messages = body["messages"];
  assert.ok(Array.isArray(messages));
  assert.match(JSON.stringify(messages.at(-1)), /"name\\\\?"/);
  assert.deepEqual(messages.slice(0, -1), chat({}, "generic")["messages"]);
  assert.equal(responses({ responseFormat: STRICT }, "generic")["text"], undefined);
});

function chat(members: Partial<ModelRequest>, dialect: DialectName): Record<string, unknown> {
  return JSON.parse(new CompletionsRequests(DIALECTS[dialect], "openai_completions").body(requestOf(members)));
}

function responses(members: Partial<ModelRequest>, dialect: DialectName): Record<string, unknown> {
  return JSON.parse(new ResponsesRequests(DIALECTS[dialect], "openai").body(requestOf(members)));
}
