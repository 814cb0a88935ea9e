import assert from "node:assert/strict";
import { Secret } from "../../src/records/secret.ts";
import type { DriverDescriptor, ModelRequest } from "../../src/ports/driver.ts";
import { anthropicDriver } from "../../src/drivers/anthropic/mod.ts";
import { geminiDriver } from "../../src/drivers/gemini/mod.ts";
import { openAICompletionsDriver, openAIResponsesDriver } from "../../src/drivers/openai/mod.ts";
import { TEXT as ANTHROPIC_TEXT } from "../src/drivers/anthropic/recordings.ts";
import { GEMINI_TEXT } from "../src/drivers/gemini/recordings.ts";
import { COMPLETIONS_TEXT, RESPONSES_TEXT } from "../src/drivers/openai/recordings.ts";
import { requestOf } from "../src/drivers/openai/requests.ts";
import { type WireReply, WireServer } from "../_support/wire_server.ts";
import { assertFailed, collect, type RecordedStream } from "./fault_table.ts";

interface Row {
  readonly descriptor: DriverDescriptor;
  readonly model: string;
  readonly recording: RecordedStream;
  /** The member that holds the schema. */
  readonly member: RegExp;
  /** What the API says of a schema it cannot make use of. */
  readonly refusal: object;
}

const ROWS: readonly Row[] = [{
  descriptor: anthropicDriver(),
  model: "claude-opus-4-6",
  recording: ANTHROPIC_TEXT,
  member: /"output_config":\{"format":/,
  refusal: {
    type: "error",
    error: {
      type: "invalid_request_error",
      message: "output_config.format.schema: Invalid schema: The compiled grammar is too large, which would cause" +
        " performance issues. Simplify your tool schemas or reduce the number of strict tools.",
    },
  },
}, {
  descriptor: geminiDriver(),
  model: "gemini-3-flash",
  recording: GEMINI_TEXT,
  member: /"responseJsonSchema":/,
  refusal: {
    error: {
      code: 400,
      status: "INVALID_ARGUMENT",
      message: "The specified schema produces a constraint that has too many states for serving.",
    },
  },
}, {
  descriptor: openAIResponsesDriver({ dialect: "openai" }),
  model: "gpt-5.5",
  recording: RESPONSES_TEXT,
  member: /"format":\{"type":"json_schema"/,
  refusal: {
    error: {
      message: "Invalid schema for response_format 'city': too many enum values.",
      type: "invalid_request_error",
      param: "text.format.schema",
      code: "invalid_json_schema",
    },
  },
}];

const responseFormat = {
  name: "city",
  schema: {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  },
};

for (const { descriptor, model, recording, member, refusal } of ROWS) {
  Deno.test(`${descriptor.id}: an answer whose schema is refused as too complex is asked for in words`, async () => {
    await using server = await serve(refusal, recording);
    const outcome = await call(descriptor, server, requestOf({ model, responseFormat }));
    assert.equal(outcome.thrown, undefined);
    assert.match(await bodyOf(server, 0), member);
    const second = await bodyOf(server, 1);
    assert.doesNotMatch(second, member);
    assert.match(second, /valid against this JSON Schema/);
  });

  Deno.test(`${descriptor.id}: a refusal that names a schema is final where none was sent`, async () => {
    await using server = await serve(refusal, recording);
    const loose = { name: "city", schema: { type: "object", properties: { name: { type: "string", pattern: "x" } } } };
    const asked = descriptor.id === "openai" ? requestOf({ model }) : requestOf({ model, responseFormat: loose });
    assertFailed(await call(descriptor, server, asked), { code: "provider_rejected_request", retryable: false });
    assert.equal(server.count, 1);
  });
}

const UNVERIFIED = {
  error: {
    message: "Your organization must be verified to generate reasoning summaries. Please go to:" +
      " https://platform.openai.com/settings/organization/general and click on Verify Organization.",
    type: "invalid_request_error",
    param: "reasoning.summary",
    code: "unsupported_value",
  },
};

Deno.test("openai: an organization that may not have summaries of the reasoning goes on without, and is not asked again", async () => {
  await using server = await serve(UNVERIFIED, RESPONSES_TEXT);
  const driver = await openAIResponsesDriver({ dialect: "openai" }).create({
    apiKey: new Secret("sk-test-0123456789"),
    baseUrl: server.origin,
  });
  const request = requestOf({ reasoningEffort: "low" });
  for (const _ of [1, 2]) assert.equal((await collect(driver, request)).thrown, undefined);
  assert.match(await bodyOf(server, 0), /"reasoning":\{"effort":"low","summary":"auto"\}/);
  for (const index of [1, 2]) assert.match(await bodyOf(server, index), /"reasoning":\{"effort":"low"\}/);
  assert.equal(server.count, 3);
});

for (
  const message of [
    "Tool call id was call_00000000000070008000abcdef012345 but must be a-z, A-Z, 0-9, with a length of 9.",
    "Unexpected role 'user' after role 'tool'",
  ]
) {
  Deno.test(`a server of Mistral's models that says "${message.slice(0, 26)}..." gets what it wants from then on`, async () => {
    await using server = await serve(
      { object: "error", message, type: "invalid_function_call", code: "3280" },
      COMPLETIONS_TEXT,
    );
    const driver = await openAICompletionsDriver().create({ baseUrl: server.origin });
    const id = "call_00000000000070008000abcdef012345";
    const request = requestOf({
      model: "devstral",
      messages: [
        ...requestOf().messages,
        { role: "assistant", content: "", toolCalls: [{ id, name: "clock", arguments: {} }] },
        { role: "tool", toolCallId: id, toolName: "clock", content: "noon", isError: false },
        ...requestOf().messages,
      ],
    });
    for (const _ of [1, 2]) assert.equal((await collect(driver, request)).thrown, undefined);
    assert.match(await bodyOf(server, 0), new RegExp(id));
    for (const index of [1, 2]) {
      assert.match(await bodyOf(server, index), /"id":"def012345".*"tool_call_id":"def012345".*"assistant".*"user"/);
    }
    assert.equal(server.count, 3);
  });
}

for (
  const error of [
    {
      message: "The encrypted content gAAA...c90= could not be verified.",
      type: "invalid_request_error",
      param: null,
      code: "invalid_encrypted_content",
    },
    {
      message: "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
      type: "invalid_request_error",
      param: "input",
      code: null,
    },
  ]
) {
  Deno.test(`openai: a conversation goes on without reasoning that is refused with "${error.message}"`, async () => {
    await using server = await serve({ error }, RESPONSES_TEXT);
    const reasoning = [{ type: "reasoning", provider: "openai", itemId: "rs_1", encryptedContent: "gAAA" }] as const;
    const outcome = await call(
      openAIResponsesDriver({ dialect: "openai" }),
      server,
      requestOf({
        messages: [
          ...requestOf().messages,
          { role: "assistant", content: "Hi", toolCalls: [], reasoning },
          ...requestOf().messages,
        ],
      }),
    );
    assert.equal(outcome.thrown, undefined);
    assert.match(await bodyOf(server, 0), /gAAA/);
    assert.doesNotMatch(await bodyOf(server, 1), /gAAA/);
  });
}

/** Real wordings: Ollama, Groq, OpenAI. */
const WISHES: readonly [refusal: string, members: Partial<ModelRequest>, named: RegExp][] = [
  ['"llama3.2" does not support thinking', { reasoningEffort: "high" }, /reasoning_effort/],
  ["`reasoning_effort` is not supported with this model", { reasoningEffort: "high" }, /reasoning_effort/],
  [
    "Unsupported value: 'low' is not supported with the 'gpt-4o' model. Supported values are: 'medium'. (text.verbosity)",
    { verbosity: "low" },
    /verbosity/,
  ],
  ["Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", {
    parallelToolCalls: false,
    tools: [{ type: "builtin", name: "clock", description: "", parameters: {} }],
  }, /parallel_tool_calls/],
  ["Unsupported service_tier: flex is not available for this model", { speed: "flex" }, /service_tier/],
];

for (const [message, members, named] of WISHES) {
  Deno.test(`a wish that is refused with "${message.slice(0, 50)}" is given up`, async () => {
    await using server = await serve({ error: { message, type: "invalid_request_error" } }, COMPLETIONS_TEXT);
    const driver = openAICompletionsDriver({ dialect: "openai" });
    const outcome = await call(driver, server, requestOf({ model: "local", ...members }));
    assert.equal(outcome.thrown, undefined);
    assert.match(await bodyOf(server, 0), named);
    assert.doesNotMatch(await bodyOf(server, 1), named);
  });
}

Deno.test("a refusal about another member is final", async () => {
  const message = "Unsupported parameter: 'max_tokens' is not supported with this model.";
  await using server = await serve({ error: { message, type: "invalid_request_error" } }, COMPLETIONS_TEXT);
  const outcome = await call(openAICompletionsDriver(), server, requestOf({ reasoningEffort: "high" }));
  assertFailed(outcome, { code: "provider_rejected_request", retryable: false });
  assert.equal(server.count, 1);
});

Deno.test("openai_completions: tools win over an effort the Chat API does not take together with them", async () => {
  const message = "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions." +
    " To use function tools, use /v1/responses or set reasoning_effort to 'none'.";
  await using server = await serve({ error: { message, param: "reasoning_effort" } }, COMPLETIONS_TEXT);
  const tools = [{ type: "builtin", name: "clock", description: "", parameters: {} }] as const;
  const request = requestOf({ model: "gpt-5.6-luna", tools, reasoningEffort: "high" });
  assert.equal((await call(openAICompletionsDriver({ dialect: "openai" }), server, request)).thrown, undefined);
  assert.match(await bodyOf(server, 0), /"reasoning_effort":"high"/);
  assert.match(await bodyOf(server, 1), /"reasoning_effort":"none"/);
});

/** Refuses the first request. */
function serve(refusal: object, { pieces }: RecordedStream): Promise<WireServer> {
  return WireServer.start((index): WireReply =>
    index > 0 ? { headers: { "content-type": "text/event-stream" }, pieces } : {
      status: 400,
      headers: { "content-type": "application/json" },
      framing: "length",
      pieces: [JSON.stringify(refusal)],
    }
  );
}

async function call(descriptor: DriverDescriptor, { origin }: WireServer, request: ModelRequest) {
  const driver = await descriptor.create({ apiKey: new Secret("sk-test-0123456789"), baseUrl: origin });
  return await collect(driver, request);
}

async function bodyOf(server: WireServer, index: number): Promise<string> {
  return new TextDecoder().decode((await server.exchange(index).request).body);
}
