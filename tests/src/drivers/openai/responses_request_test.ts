import assert from "node:assert/strict";
import type { ModelEvent, ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import { DIALECTS } from "../../../../src/drivers/openai/dialect.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { ResponsesReply } from "../../../../src/drivers/openai/responses_reply.ts";
import { ResponsesRequests } from "../../../../src/drivers/openai/responses_request.ts";
import { requestOf } from "./requests.ts";

const WEATHER: ToolDefinition = {
  type: "builtin",
  name: "weather",
  description: "Tells the weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

Deno.test("a Responses request of one question is this text", () => {
  assert.equal(
    bodyOf(requestOf()),
    '{"model":"gpt-5.5","instructions":"Be brief.","include":["reasoning.encrypted_content"],"store":false,' +
      '"stream":true,"input":[{"role":"user","content":[{"type":"input_text","text":"Hello"}]}]}',
  );
});

Deno.test("a Responses request carries every setting under OpenAI's name", () => {
  const body = parsed(requestOf({
    model: "gpt-5.4",
    systemPrompt: "",
    messages: [],
    tools: [WEATHER],
    maxTokens: 100,
    temperature: 0.5,
    reasoningEffort: "high",
    verbosity: "low",
    parallelToolCalls: false,
    speed: "flex",
    promptCacheKey: "k".repeat(70),
    metadata: { session: "s1" },
    previousResponseId: "resp_0",
  }));
  assert.deepEqual(body, {
    model: "gpt-5.4",
    max_output_tokens: 100,
    temperature: 0.5,
    reasoning: { effort: "high", summary: "auto" },
    text: { verbosity: "low" },
    parallel_tool_calls: false,
    service_tier: "flex",
    prompt_cache_key: "k".repeat(64),
    metadata: { session: "s1" },
    include: ["reasoning.encrypted_content"],
    store: false,
    stream: true,
    tools: [{
      type: "function",
      name: "weather",
      description: "Tells the weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      strict: false,
    }],
    input: [],
  });
});

Deno.test("a Responses request to a server nothing is known of carries the common core only", () => {
  const request = requestOf({
    model: "local",
    reasoningEffort: "low",
    verbosity: "low",
    parallelToolCalls: false,
    speed: "flex",
    promptCacheKey: "k",
    metadata: { session: "s1" },
    tools: [WEATHER],
  });
  const { tools: _, ...rest } = parsed(request, "generic");
  assert.deepEqual(rest, {
    model: "local",
    instructions: "Be brief.",
    reasoning: { effort: "low" },
    store: false,
    stream: true,
    input: [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }],
  });
});

Deno.test("a Responses request asks a model that does not reason for no reasoning", () => {
  const body = parsed(requestOf({ model: "gpt-4o", reasoningEffort: "high" }));
  assert.deepEqual([body["include"], body["reasoning"]], [undefined, undefined]);
});

Deno.test("effort `none` is sent where it exists, and elsewhere the least there is", () => {
  const sent = (model: string, dialect: keyof typeof DIALECTS) =>
    parsed(requestOf({ model, reasoningEffort: "none" }), dialect)["reasoning"];
  assert.deepEqual(sent("gpt-5.5", "openai"), { effort: "none" });
  assert.deepEqual(sent("gpt-5", "openai"), { effort: "minimal", summary: "auto" });
  assert.deepEqual(sent("o3", "openai"), { effort: "low", summary: "auto" });
  assert.deepEqual(sent("qwen3", "ollama"), { effort: "none" });
  assert.equal(sent("qwen3", "vllm"), undefined);
});

Deno.test("a temperature is left out for models that refuse one", () => {
  const sent = (model: string) => parsed(requestOf({ model, temperature: 0.2 }))["temperature"];
  assert.deepEqual(["gpt-5.4", "gpt-4o", "o3", "gpt-5.5"].map(sent), [0.2, 0.2, undefined, undefined]);
});

Deno.test("metadata is kept within OpenAI's limits", () => {
  const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, "v".repeat(600)]));
  const sent = parsed(requestOf({ metadata: { ["k".repeat(65)]: "dropped", ...metadata } }))["metadata"];
  assert.deepEqual(sent, Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, "v".repeat(512)])));
});

const IMAGE = { type: "image", base64: "AAAA", mediaType: "image/jpeg" } as const;

const TRANSCRIPT: readonly ModelMessage[] = [
  { role: "user", content: [{ type: "text", text: "See" }, IMAGE, { type: "image", url: "https://a.test/b.png" }] },
  {
    role: "assistant",
    content: "Looking.",
    phase: "commentary",
    toolCalls: [
      { id: "call_1", name: "weather", arguments: { city: "Bern" } },
      { id: "call_2", name: "weather", arguments: '{"city":' },
    ],
    reasoning: [
      { type: "reasoning", provider: "openai", itemId: "rs_1", encryptedContent: "e1", summary: ["Think."] },
      { type: "reasoning", provider: "anthropic", itemId: "rs_2", encryptedContent: "e2" },
      { type: "reasoning", provider: "openai", itemId: "rs_3" },
      { type: "reasoning", provider: "openai", encryptedContent: "e4" },
    ],
  },
  { role: "tool", toolCallId: "call_1", toolName: "weather", content: "sunny", isError: false, images: [IMAGE] },
  { role: "tool", toolCallId: "call_2", toolName: "weather", content: "Invalid JSON", isError: true },
  { role: "system", content: "It is noon." },
  { role: "assistant", content: "", toolCalls: [], reasoning: [] },
];

const USER_ITEM = {
  role: "user",
  content: [
    { type: "input_text", text: "See" },
    { type: "input_image", image_url: "data:image/jpeg;base64,AAAA", detail: "auto" },
    { type: "input_image", image_url: "https://a.test/b.png", detail: "auto" },
  ],
};
const CALL_ITEMS = [
  { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Bern"}' },
  { type: "function_call", call_id: "call_2", name: "weather", arguments: '{"invalid_arguments":"{\\"city\\":"}' },
];
const SECOND_OUTPUT = { type: "function_call_output", call_id: "call_2", output: "Invalid JSON" };

Deno.test("a Responses request replays a transcript item by item", () => {
  assert.deepEqual(parsed(requestOf({ messages: TRANSCRIPT }))["input"], [
    USER_ITEM,
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Think." }], encrypted_content: "e1" },
    { type: "reasoning", summary: [], encrypted_content: "e4" },
    { type: "message", role: "assistant", phase: "commentary", content: "Looking." },
    ...CALL_ITEMS,
    {
      type: "function_call_output",
      call_id: "call_1",
      output: [
        { type: "input_text", text: "sunny" },
        { type: "input_image", image_url: "data:image/jpeg;base64,AAAA", detail: "auto" },
      ],
    },
    SECOND_OUTPUT,
    { role: "developer", content: "It is noon." },
  ]);
});

Deno.test("reasoning goes back where it stood between messages and calls, and not after the last of them", () => {
  const events: ModelEvent[] = [];
  const reply = new ResponsesReply({
    dialect: DIALECTS.openai,
    provider: "openai",
    model: "gpt-5.5",
    failures: new Failures(new Endpoint(undefined, "https://a.test"), new Redactor([])),
    price: undefined,
  });
  const thought = (id: string) => done({ type: "reasoning", id, summary: [], encrypted_content: `of ${id}` });
  const done = (item: object) => ({ type: "response.output_item.done", item });
  const delta = (output_index: number, text: string) => ({
    type: "response.output_text.delta",
    output_index,
    delta: text,
  });
  const call = (name: string) =>
    done({ type: "function_call", status: "completed", call_id: name, name, arguments: "{}" });
  for (
    const event of [
      thought("rs_1"),
      delta(1, "Let me look."),
      thought("rs_2"),
      call("clock"),
      thought("rs_3"),
      call("weather"),
      delta(6, "Both at once."),
      thought("rs_4"),
    ]
  ) events.push(...reply.read(event));
  const reasoning = events.flatMap((event) => event.type === "reasoning_item" ? [event.item] : []);
  const content = events.map((event) => event.type === "text" ? event.delta : "").join("");
  const message: ModelMessage = {
    role: "assistant",
    content,
    phase: "final_answer",
    reasoning,
    toolCalls: [{ id: "call_1", name: "clock", arguments: {} }, { id: "call_2", name: "weather", arguments: {} }],
  };
  const { input }: { input?: readonly Record<string, unknown>[] } = JSON.parse(
    new ResponsesRequests(DIALECTS.openai, "openai").body(requestOf({ messages: [message] })),
  );
  assert.deepEqual(input?.map(({ id, name, content, phase }) => id ?? name ?? [content, phase]), [
    "rs_1",
    ["Let me look.", "commentary"],
    "rs_2",
    "clock",
    "rs_3",
    ["Both at once.", "final_answer"],
    "weather",
  ]);
  assert.equal(input?.[2]?.["encrypted_content"], "of rs_2");
});

Deno.test("a Responses request puts the images of tool results behind the batch where outputs are text only", () => {
  assert.deepEqual(parsed(requestOf({ messages: TRANSCRIPT }), "llama_cpp")["input"], [
    USER_ITEM,
    { type: "message", role: "assistant", content: "Looking." },
    ...CALL_ITEMS,
    { type: "function_call_output", call_id: "call_1", output: "sunny" },
    SECOND_OUTPUT,
    {
      role: "user",
      content: [
        { type: "input_text", text: "Images returned by the tool calls above:" },
        { type: "input_image", image_url: "data:image/jpeg;base64,AAAA", detail: "auto" },
      ],
    },
    { role: "user", content: "[System message]\nIt is noon." },
  ]);
});

Deno.test("reasoning items are not replayed to a model that does not reason, nor without what they led to", () => {
  const reasoning = [{ type: "reasoning", provider: "openai", encryptedContent: "e1" }] as const;
  const messages: ModelMessage[] = [{ role: "assistant", content: "Yes.", toolCalls: [], reasoning }];
  const answer = { type: "message", role: "assistant", content: "Yes." };
  assert.deepEqual(parsed(requestOf({ model: "gpt-4o", messages }))["input"], [answer]);
  const cut: ModelMessage[] = [{ role: "assistant", content: "", toolCalls: [], reasoning }];
  assert.deepEqual(parsed(requestOf({ messages: cut }))["input"], []);
});

Deno.test("one builder gives each model its own form of the same message", () => {
  const requests = new ResponsesRequests(DIALECTS.openai, "openai");
  const reasoning = [{ type: "reasoning", provider: "openai", encryptedContent: "e1" }] as const;
  const messages: ModelMessage[] = [{ role: "assistant", content: "Yes.", toolCalls: [], reasoning }];
  const bodies = ["gpt-5.5", "gpt-4o", "gpt-5.5"].map((model) => requests.body(requestOf({ model, messages })));
  assert.deepEqual(bodies.map((body) => body.includes('encrypted_content":"e1')), [true, false, true]);
  assert.equal(bodies[0], bodies[2]);
});

function bodyOf(request: ModelRequest, dialect: keyof typeof DIALECTS = "openai"): string {
  return new ResponsesRequests(DIALECTS[dialect], "openai").body(request);
}

function parsed(request: ModelRequest, dialect: keyof typeof DIALECTS = "openai"): Record<string, unknown> {
  return JSON.parse(bodyOf(request, dialect));
}
