import assert from "node:assert/strict";
import type { ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import { CompletionsRequests } from "../../../../src/drivers/openai/completions_request.ts";
import { type DialectName, DIALECTS } from "../../../../src/drivers/openai/dialect.ts";
import { requestOf } from "./requests.ts";

const CLOCK: ToolDefinition = { type: "builtin", name: "clock", description: "Tells the time", parameters: {} };

Deno.test("a Chat request of one question is this text", () => {
  assert.equal(
    bodyOf(requestOf(), "openai"),
    '{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},' +
      '"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hello"}]}',
  );
});

Deno.test("a Chat request carries every setting under OpenAI's name, and no metadata", () => {
  const body = parsed(requestOf({
    model: "gpt-5.4",
    systemPrompt: "",
    messages: [],
    tools: [CLOCK],
    maxTokens: 100,
    temperature: 0.5,
    reasoningEffort: "high",
    verbosity: "low",
    parallelToolCalls: false,
    speed: "priority",
    promptCacheKey: "k".repeat(70),
    metadata: { session: "s1" },
  }));
  assert.deepEqual(body, {
    model: "gpt-5.4",
    max_completion_tokens: 100,
    temperature: 0.5,
    reasoning_effort: "high",
    verbosity: "low",
    parallel_tool_calls: false,
    service_tier: "priority",
    prompt_cache_key: "k".repeat(64),
    stream: true,
    stream_options: { include_usage: true },
    tools: [{
      type: "function",
      function: { name: "clock", description: "Tells the time", parameters: { type: "object", properties: {} } },
    }],
    messages: [],
  });
});

/** What each dialect makes of the same wishes, apart from what all of them send. */
const SENT: Record<DialectName, object> = {
  openai: {
    reasoning_effort: "none",
    max_completion_tokens: 9,
    verbosity: "low",
    parallel_tool_calls: true,
    service_tier: "flex",
    prompt_cache_key: "k",
    stream_options: { include_usage: true },
  },
  openrouter: { max_tokens: 9, verbosity: "low", parallel_tool_calls: true, service_tier: "flex" },
  mistral: { max_tokens: 9, parallel_tool_calls: true },
  ollama: { max_tokens: 9, stream_options: { include_usage: true } },
  vllm: { max_tokens: 9, parallel_tool_calls: true, stream_options: { include_usage: true } },
  llama_cpp: { max_tokens: 9, parallel_tool_calls: true, stream_options: { include_usage: true } },
  generic: { max_tokens: 9, stream_options: { include_usage: true } },
};

for (const dialect of Object.values(DIALECTS)) {
  Deno.test(`a Chat request in dialect ${dialect.name} carries what it understands`, () => {
    const { model: _model, stream: _stream, tools: _tools, messages, ...rest } = parsed(
      requestOf({
        maxTokens: 9,
        verbosity: "low",
        parallelToolCalls: true,
        speed: "flex",
        promptCacheKey: "k",
        tools: [CLOCK],
      }),
      dialect.name,
    );
    assert.deepEqual(rest, SENT[dialect.name]);
    const role = dialect.name === "openai" ? "developer" : "system";
    assert.deepEqual(messages, [{ role, content: "Be brief." }, { role: "user", content: "Hello" }]);
  });
}

Deno.test("new models get tools over OpenAI's Chat API by not reasoning, unless an effort is asked for", () => {
  const sent = (members: Partial<ModelRequest>, dialect: DialectName = "openai") =>
    parsed(requestOf({ tools: [CLOCK], ...members }), dialect)["reasoning_effort"];
  assert.equal(sent({ model: "gpt-5.6-luna" }), "none");
  assert.equal(sent({ model: "gpt-5.6-luna", reasoningEffort: "low" }), "low");
  assert.equal(sent({ model: "gpt-5.6-luna", tools: [] }), undefined);
  assert.equal(sent({ model: "gpt-5.2" }), undefined);
  assert.equal(sent({ model: "gpt-6-astra" }), undefined);
  assert.equal(sent({ model: "gpt-5.6-luna" }, "generic"), undefined);
});

Deno.test("instructions inside the conversation are system messages for OpenAI only", () => {
  const messages: ModelMessage[] = [{ role: "system", content: "It is noon." }];
  const last = (dialect: DialectName) => {
    const sent = parsed(requestOf({ messages }), dialect)["messages"];
    return Array.isArray(sent) ? sent.at(-1) : undefined;
  };
  assert.deepEqual(last("openai"), { role: "developer", content: "It is noon." });
  assert.deepEqual(last("llama_cpp"), { role: "user", content: "[System message]\nIt is noon." });
});

Deno.test("parallelToolCalls is not sent without tools, which OpenAI refuses", () => {
  assert.equal(parsed(requestOf({ parallelToolCalls: false }))["parallel_tool_calls"], undefined);
});

Deno.test("a Chat request replays a transcript and puts images of tool results behind the batch", () => {
  const image = { type: "image", base64: "AAAA" } as const;
  const messages: ModelMessage[] = [
    { role: "user", content: [{ type: "text", text: "See" }, { type: "image", url: "https://a.test/b.png" }] },
    {
      role: "assistant",
      content: "",
      thinking: "Not sent.",
      toolCalls: [{ id: "call_1", name: "clock", arguments: null }, { id: "call_2", name: "clock", arguments: [1] }],
    },
    { role: "tool", toolCallId: "call_1", toolName: "clock", content: "noon", isError: false, images: [image, image] },
    { role: "tool", toolCallId: "call_2", toolName: "clock", content: "bad", isError: true, images: [image] },
    { role: "assistant", content: "", toolCalls: [] },
    { role: "assistant", content: "Noon.", toolCalls: [] },
    { role: "user", content: [] },
    { role: "user", content: [{ type: "image" }] },
  ];
  const note = { type: "text", text: "Images returned by the tool calls above:" };
  const shown = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
  assert.deepEqual(parsed(requestOf({ systemPrompt: "", messages }))["messages"], [
    {
      role: "user",
      content: [{ type: "text", text: "See" }, { type: "image_url", image_url: { url: "https://a.test/b.png" } }],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "clock", arguments: "{}" } },
        { id: "call_2", type: "function", function: { name: "clock", arguments: '{"invalid_arguments":[1]}' } },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: "noon" },
    { role: "tool", tool_call_id: "call_2", content: "bad" },
    { role: "user", content: [note, shown, shown] },
    { role: "user", content: [note, shown] },
    { role: "assistant", content: "Noon." },
    { role: "user", content: "" },
    { role: "user", content: [{ type: "text", text: "[image without data]" }] },
  ]);
});

Deno.test("Mistral gets ids of nine letters and digits, and a word of the model's between results and the user", () => {
  const id = "call_00000000000070008000abcdef012345";
  const image = { type: "image", base64: "AAAA" } as const;
  const asked: ModelMessage = { role: "user", content: [{ type: "text", text: "See" }] };
  const calling: ModelMessage = { role: "assistant", content: "", toolCalls: [{ id, name: "clock", arguments: {} }] };
  const result: ModelMessage = { role: "tool", toolCallId: id, toolName: "clock", content: "noon", isError: false };
  const sent = (messages: readonly ModelMessage[]) => {
    const { messages: list }: { messages?: readonly { role: string; tool_call_id?: string }[] } = JSON.parse(
      bodyOf(requestOf({ systemPrompt: "", messages }), "mistral"),
    );
    return list?.map(({ role, tool_call_id }) => tool_call_id ?? role);
  };
  const begin = ["user", "assistant", "def012345"];
  assert.deepEqual(sent([asked, calling, result]), begin);
  assert.deepEqual(sent([asked, calling, result, asked]), [...begin, "assistant", "user"]);
  assert.deepEqual(sent([asked, calling, { ...result, images: [image] }]), [...begin, "assistant", "user"]);
  assert.deepEqual(sent([asked, calling, result, { role: "system", content: "Go on." }]), [
    ...begin,
    "assistant",
    "user",
  ]);
  assert.match(bodyOf(requestOf({ messages: [calling] }), "mistral"), /"id":"def012345"/);
});

function bodyOf(request: ModelRequest, dialect: DialectName): string {
  return new CompletionsRequests(DIALECTS[dialect], "openai_completions").body(request);
}

function parsed(request: ModelRequest, dialect: DialectName = "openai"): Record<string, unknown> {
  return JSON.parse(bodyOf(request, dialect));
}
