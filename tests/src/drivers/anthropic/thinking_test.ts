import assert from "node:assert/strict";
import type { ReasoningPart } from "../../../../src/records/content.ts";
import type { ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import { MessagesRequests } from "../../../../src/drivers/anthropic/request.ts";
import { collect } from "../../../net/fault_table.ts";
import { textStream } from "../openai/canned_fetch.ts";
import { CALLS, MODEL } from "./recordings.ts";
import { driverOver, requestOf } from "./requests.ts";

const SETTINGS: readonly [model: string, effort: string, thinking: unknown, sent: string | undefined][] = [
  ["claude-opus-4-6", "high", { type: "adaptive" }, "high"],
  ["claude-opus-4-6", "xhigh", { type: "adaptive" }, "high"],
  ["claude-opus-4-6", "max", { type: "adaptive" }, "max"],
  ["claude-opus-4-7", "xhigh", { type: "adaptive", display: "summarized" }, "xhigh"],
  ["claude-haiku-5-5", "minimal", { type: "adaptive", display: "summarized" }, "low"],
  ["claude-fable-5-2", "low", { type: "adaptive", display: "summarized" }, "low"],
  ["anthropic/claude-opus-9", "medium", { type: "adaptive", display: "summarized" }, "medium"],
  ["claude-sonnet-4-5-20250929", "low", { type: "enabled", budget_tokens: 1024 }, undefined],
  ["claude-sonnet-4-5-20250929", "medium", { type: "enabled", budget_tokens: 4096 }, undefined],
  ["claude-sonnet-4-20250514", "high", { type: "enabled", budget_tokens: 16_384 }, undefined],
  ["claude-3-7-sonnet-20250219", "xhigh", { type: "enabled", budget_tokens: 32_768 }, undefined],
  ["some-model", "high", { type: "enabled", budget_tokens: 16_383 }, undefined],
  ["claude-3-5-haiku-20241022", "high", undefined, undefined],
  ["claude-opus-4-6", "none", undefined, undefined],
  ["claude-opus-4-8", "none", undefined, undefined],
  ["claude-opus-5", "none", { type: "disabled" }, undefined],
  ["claude-sonnet-5", "none", { type: "disabled" }, undefined],
  ["claude-haiku-5-5", "none", { type: "disabled" }, undefined],
  ["claude-sonnet-5-5", "none", { type: "between_tools" }, undefined],
  ["claude-opus-5-5", "none", { type: "adaptive", display: "summarized" }, "low"],
  ["claude-fable-5-1", "none", { type: "adaptive", display: "summarized" }, "low"],
  ["claude-mythos-5", "none", { type: "adaptive", display: "summarized" }, "low"],
];

for (const [model, reasoningEffort, thinking, effort] of SETTINGS) {
  Deno.test(`effort ${reasoningEffort} asks ${model} for ${JSON.stringify(thinking)}`, () => {
    const body = JSON.parse(new MessagesRequests().body(requestOf({ model, reasoningEffort })));
    assert.deepEqual(body.thinking, thinking);
    assert.deepEqual(body.output_config?.effort, effort);
  });
}

Deno.test("without an effort the model's own default applies", () => {
  for (const model of ["claude-sonnet-4-5", "claude-opus-4-8", "some-model"]) {
    const body = JSON.parse(new MessagesRequests().body(requestOf({ model })));
    assert.equal(body.thinking, undefined);
  }
});

Deno.test("a model that thinks unasked is asked to show it: what it says between calls is in there", () => {
  const body = JSON.parse(new MessagesRequests().body(requestOf({ model: "claude-opus-5-5" })));
  assert.deepEqual([body.thinking, body.output_config], [{ type: "adaptive", display: "summarized" }, undefined]);
});

Deno.test("a budget leaves room for the answer, and there is none where that is impossible", () => {
  const thinking = (maxTokens: number) =>
    bodyOf({ model: "claude-sonnet-4-5", reasoningEffort: "high", maxTokens })["thinking"];
  assert.deepEqual(thinking(5000), { type: "enabled", budget_tokens: 4999 });
  assert.equal(thinking(1024), undefined);
});

/** What the recorded calls come to in the history. */
async function recordedMessage(): Promise<Extract<ModelMessage, { role: "assistant" }>> {
  const driver = await driverOver(() => Promise.resolve(textStream(...CALLS.pieces)));
  const reasoning: ReasoningPart[] = [];
  let content = "";
  let thinking = "";
  const calls: string[] = [];
  for (const event of (await collect(driver, requestOf())).events) {
    if (event.type === "reasoning_item") reasoning.push(event.item);
    if (event.type === "text") content += event.delta;
    if (event.type === "thinking") thinking += event.delta;
    if (event.type === "tool_call") calls.push(event.name);
  }
  return {
    role: "assistant",
    content,
    thinking,
    reasoning,
    toolCalls: calls.map((name, index) => ({ id: `call_${index}`, name, arguments: {} })),
  };
}

const RESULTS: readonly ModelMessage[] = (["call_0", "call_1"] as const).map((toolCallId) => ({
  role: "tool",
  toolCallId,
  toolName: "t",
  content: "ok",
  isError: false,
}));

Deno.test("thinking goes back as it came, with its proofs, between the text and the calls", async () => {
  const message = await recordedMessage();
  assert.deepEqual(assistantBlocks(message), [
    { type: "thinking", thinking: "First, the weather.", signature: "c2ln" },
    { type: "redacted_thinking", data: "c2VjcmV0" },
    { type: "text", text: "Looking." },
    { type: "tool_use", id: "call_0", name: "weather", input: {} },
    { type: "thinking", thinking: "", signature: "bW9yZQ==" },
    { type: "tool_use", id: "call_1", name: "clock", input: {} },
  ]);
});

Deno.test("thinking goes back to its own model only", async () => {
  const types = typesOf(assistantBlocks(await recordedMessage(), { model: "claude-opus-4-8" }));
  assert.deepEqual(types, ["text", "tool_use", "tool_use"]);
});

Deno.test("another provider's reasoning and changed thinking are left out", async () => {
  const message = await recordedMessage();
  const foreign = (message.reasoning ?? []).map((item) => ({ ...item, provider: "openai" }));
  assert.deepEqual(typesOf(assistantBlocks({ ...message, reasoning: foreign })), ["text", "tool_use", "tool_use"]);
  const { thinking: _, ...without } = message;
  assert.deepEqual(typesOf(assistantBlocks(without)), ["text", "tool_use", "tool_use"]);
});

Deno.test("thinking without a proof goes back to the model of another vendor", () => {
  const item = {
    type: "reasoning",
    provider: "anthropic",
    itemId: "thinking:0:0:2:kimi-k3",
    encryptedContent: "",
  } as const;
  const message: ModelMessage = {
    role: "assistant",
    content: "",
    thinking: "Hm",
    reasoning: [item],
    toolCalls: [{ id: "call_0", name: "weather", arguments: {} }],
  };
  assert.deepEqual(assistantBlocks(message, { model: "kimi-k3" }), [
    { type: "thinking", thinking: "Hm", signature: "" },
    { type: "tool_use", id: "call_0", name: "weather", input: {} },
  ]);
});

Deno.test("thinking that led to nothing is left out", async () => {
  const message = { ...await recordedMessage(), content: "", toolCalls: [] };
  const turns = turnsOf({ messages: [...requestOf().messages, message, ...requestOf().messages] });
  assert.deepEqual(turns.map(({ role }) => role), ["user"]);
});

Deno.test("with a budget, calls another model made are answered without thinking", async () => {
  const message = await recordedMessage();
  const asked: Partial<ModelRequest> = { model: "claude-sonnet-4-5", reasoningEffort: "high" };
  const calling = [...requestOf().messages, message, ...RESULTS];
  assert.equal(bodyOf({ ...asked, messages: calling })["thinking"], undefined);
  assert.notEqual(bodyOf({ ...asked, messages: [...calling, ...requestOf().messages] })["thinking"], undefined);
  const own = { ...message, reasoning: message.reasoning?.map(madeBy("claude-sonnet-4-5")) ?? [] };
  const answering = [...requestOf().messages, own, ...RESULTS];
  assert.notEqual(bodyOf({ ...asked, messages: answering })["thinking"], undefined);
});

Deno.test("with a budget, a turn that began with thinking goes on with it after a call without", async () => {
  const model = "claude-sonnet-4-5";
  const message = await recordedMessage();
  const own = { ...message, reasoning: message.reasoning?.map(madeBy(model)) ?? [] };
  const { reasoning: _, thinking: __, ...further } = message;
  const loop = [...requestOf().messages, own, ...RESULTS, further, ...RESULTS];
  assert.deepEqual(bodyOf({ model, reasoningEffort: "high", messages: loop })["thinking"], {
    type: "enabled",
    budget_tokens: 16_384,
  });
  const foreign = [...requestOf().messages, further, ...RESULTS, own, ...RESULTS];
  assert.equal(bodyOf({ model, reasoningEffort: "high", messages: foreign })["thinking"], undefined);
});

function madeBy(model: string): (item: ReasoningPart) => ReasoningPart {
  return (item) => ({ ...item, itemId: (item.itemId ?? "").replace(MODEL, model) });
}

function bodyOf(members: Partial<ModelRequest>): Record<string, unknown> {
  return JSON.parse(new MessagesRequests().body(requestOf(members)));
}

interface Turn {
  readonly role: string;
  readonly content: readonly Record<string, unknown>[];
}

function turnsOf(members: Partial<ModelRequest>): readonly Turn[] {
  return JSON.parse(new MessagesRequests().body(requestOf(members))).messages;
}

function assistantBlocks(message: ModelMessage, members: Partial<ModelRequest> = {}): Turn["content"] {
  const messages = [...requestOf().messages, message, ...RESULTS];
  return turnsOf({ ...members, messages }).find(({ role }) => role === "assistant")?.content ?? [];
}

function typesOf(blocks: Turn["content"]): readonly unknown[] {
  return blocks.map((block) => block["type"]);
}
