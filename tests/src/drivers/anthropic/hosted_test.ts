/** What is left to the Messages API itself, and what of its answers goes back. */

import assert from "node:assert/strict";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { Secret } from "../../../../src/records/secret.ts";
import { ProviderError } from "../../../../src/errors.ts";
import type { ReasoningPart } from "../../../../src/records/content.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import type { ModelEvent, ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import { amended } from "../../../../src/drivers/anthropic/amend.ts";
import { anthropicDriver } from "../../../../src/drivers/anthropic/mod.ts";
import { nativeOf } from "../../../../src/drivers/anthropic/models.ts";
import { MessagesReply } from "../../../../src/drivers/anthropic/reply.ts";
import { MessagesRequests } from "../../../../src/drivers/anthropic/request.ts";
import { COMPACTED, COMPACTION, SEARCH, SEARCH_RESULT, SEARCH_USE } from "./hosted_recordings.ts";
import { MODEL } from "./recordings.ts";
import { KEY, requestOf } from "./requests.ts";

const WEATHER: ToolDefinition = { ...tool("weather"), deferred: true };
const TOOLS = [tool("clock"), WEATHER];
const OLD = "claude-opus-4-1";

function tool(name: string): ToolDefinition {
  return { type: "builtin", name, description: name, parameters: { type: "object", properties: {} } };
}

function bodyOf(members: Partial<ModelRequest>, requests = new MessagesRequests()) {
  const body: {
    readonly tools?: readonly object[];
    readonly system?: readonly object[];
    readonly context_management?: object;
    readonly messages: readonly { readonly role: string; readonly content: readonly object[] }[];
  } = JSON.parse(requests.body(requestOf(members)));
  return body;
}

/** The items of a recorded reply after a round trip through storage, as a message. */
function messageOf({ events }: { readonly events: readonly ModelEvent[] }): ModelMessage {
  const items = events.flatMap((event) => event.type === "reasoning_item" ? [event.item] : []);
  const reasoning: ReasoningPart[] = JSON.parse(JSON.stringify(items));
  const content = events.map((event) => event.type === "text" ? event.delta : "").join("");
  const called = events.some(({ type }) => type === "tool_call");
  const toolCalls = called ? [{ id: "call_1" as const, name: "weather", arguments: { city: "Bern" } }] : [];
  return { role: "assistant", content, toolCalls, reasoning };
}

function conversation(reply: ModelMessage): ModelMessage[] {
  const user: ModelMessage = { role: "user", content: [{ type: "text", text: "Hello" }] };
  if (reply.role !== "assistant" || reply.toolCalls.length === 0) return [user, reply, user];
  return [user, reply, { role: "tool", toolCallId: "call_1", toolName: "weather", content: "Fog", isError: false }];
}

const SEARCHED = conversation(messageOf(SEARCH));
const WENT_ON = conversation(messageOf(COMPACTED));

Deno.test("deferred tools are marked, and the search follows them", () => {
  const { tools } = bodyOf({ tools: TOOLS });
  const schema = { type: "object", properties: {} };
  assert.deepEqual(tools, [
    { name: "clock", description: "clock", input_schema: schema },
    { name: "weather", description: "weather", input_schema: schema, defer_loading: true },
    { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
  ]);
});

Deno.test("without a system prompt the cache mark is on the search, never on a deferred tool", () => {
  const { tools } = bodyOf({ tools: TOOLS, systemPrompt: "" });
  assert.deepEqual(tools?.map((one) => "cache_control" in one), [false, false, true]);
});

Deno.test("a model that does not search gets deferred tools as any other", () => {
  const { tools } = bodyOf({ tools: TOOLS, model: OLD });
  assert.deepEqual(tools, bodyOf({ tools: [tool("clock"), tool("weather")], model: OLD }).tools);
});

Deno.test("a search goes back where it stood, also when it came out of storage", () => {
  const { messages } = bodyOf({ tools: TOOLS, messages: SEARCHED });
  assert.deepEqual(messages[1]?.content, [
    { type: "thinking", thinking: "", signature: "c2ln" },
    { type: "text", text: "Looking." },
    SEARCH_USE,
    SEARCH_RESULT,
    { type: "text", text: " Found." },
    { type: "tool_use", id: "call_1", name: "weather", input: { city: "Bern" } },
  ]);
});

const WITHOUT: readonly [when: string, members: Partial<ModelRequest>][] = [
  ["the model does not search", { tools: TOOLS, model: OLD }],
  ["nothing is deferred any more", { tools: [tool("clock"), tool("weather")], model: "claude-opus-4-7" }],
  ["a tool it found is not offered any more", {
    tools: [tool("clock"), { ...tool("other"), deferred: true }],
    model: "claude-opus-4-7",
  }],
];
for (const [when, members] of WITHOUT) {
  Deno.test(`a search does not go back when ${when}`, () => {
    const { messages } = bodyOf({ ...members, messages: SEARCHED });
    assert.deepEqual(messages[1]?.content, [
      { type: "text", text: "Looking. Found." },
      { type: "tool_use", id: "call_1", name: "weather", input: { city: "Bern" } },
    ]);
  });
}

Deno.test("a search without its result does not go back", () => {
  const reply = messageOf(SEARCH);
  assert.ok(reply.role === "assistant");
  const reasoning = reply.reasoning?.filter(({ encryptedContent }) => !encryptedContent?.includes("tool_reference"));
  const { messages } = bodyOf({ tools: TOOLS, messages: conversation({ ...reply, reasoning: reasoning ?? [] }) });
  assert.doesNotMatch(JSON.stringify(messages), /srvtoolu_1/);
});

Deno.test("one builder sends a message with and without its search, as each request has it", () => {
  const requests = new MessagesRequests();
  const searching = { tools: TOOLS, messages: SEARCHED };
  const first = bodyOf(searching, requests).messages;
  assert.doesNotMatch(JSON.stringify(bodyOf({ messages: SEARCHED }, requests)), /srvtoolu_1/);
  assert.deepEqual(bodyOf(searching, requests).messages, first);
});

Deno.test("a compaction is asked for with its trigger and beta, the configured betas beside", () => {
  const request = requestOf({ compactAt: 170_000.4 });
  const driver = anthropicDriver({ headers: { "Anthropic-Beta": "one-2026" } }).create({ apiKey: new Secret(KEY) });
  assert.ok(!(driver instanceof Promise));
  const { headers, body } = driver.prepare(request);
  assert.equal(headers["anthropic-beta"], "one-2026,compact-2026-01-12");
  assert.deepEqual(JSON.parse(body).context_management, {
    edits: [{ type: "compact_20260112", trigger: { type: "input_tokens", value: 170_000 } }],
  });
  const { headers: usual, body: without } = driver.prepare(requestOf());
  assert.equal(usual["anthropic-beta"], "one-2026");
  assert.equal(JSON.parse(without).context_management, undefined);
});

Deno.test("the trigger is no less than the API takes, and a model that does not compact gets none", () => {
  const { context_management } = bodyOf({ compactAt: 10 });
  assert.match(JSON.stringify(context_management), /"value":50000\b/);
  assert.equal(bodyOf({ compactAt: 10, model: OLD }).context_management, undefined);
});

Deno.test("a compaction goes back as it came", () => {
  const { messages } = bodyOf({ compactAt: 100_000, messages: WENT_ON });
  assert.deepEqual(messages[1]?.content, [COMPACTION, { type: "text", text: "Go on." }]);
});

for (
  const [what, members] of [["no compaction", {}], ["another model", { compactAt: 100_000, model: OLD }], [
    "another model that compacts",
    { compactAt: 100_000, model: "claude-opus-4-7" },
  ]] as const
) {
  Deno.test(`a compaction does not go back in a request for ${what}`, () => {
    const { messages } = bodyOf({ ...members, messages: WENT_ON });
    assert.deepEqual(messages[1]?.content, [{ type: "text", text: "Go on." }]);
  });
}

Deno.test("a compaction that failed is not kept", () => {
  const events = read(
    { type: "content_block_start", index: 0, content_block: { type: "compaction", content: null } },
    { type: "content_block_delta", index: 0, delta: { type: "compaction_delta", content: null } },
    { type: "content_block_stop", index: 0 },
  );
  assert.deepEqual(events.map(({ type }) => type), ["done"]);
});

Deno.test("blocks nobody knows, and torn ones, disturb no reply", () => {
  const events = read(
    { type: "content_block_start", index: 0, content_block: { type: "server_tool_use", name: "web_search", id: "w" } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"torn' } },
    { type: "content_block_stop", index: 0 },
    { type: "content_block_start", index: 1, content_block: { type: "web_search_tool_result", tool_use_id: "w" } },
    { type: "content_block_delta", index: 1, delta: { type: "some_delta" } },
    { type: "content_block_stop", index: 1 },
    { type: "content_block_start", index: 2, content_block: { type: "tool_search_tool_result" } },
    { type: "content_block_stop", index: 2 },
    { type: "content_block_start", index: 3, content_block: { type: "text", text: "Hi" } },
    { type: "content_block_stop", index: 3 },
  );
  const [item, text, done] = events;
  assert.deepEqual([text, done?.type, events.length], [{ type: "text", delta: "Hi" }, "done", 3]);
  assert.ok(item?.type === "reasoning_item");
  const reply: ModelMessage = { role: "assistant", content: "Hi", toolCalls: [], reasoning: [item.item] };
  assert.deepEqual(bodyOf({ tools: TOOLS, messages: [reply] }).messages[1]?.content, [{ type: "text", text: "Hi" }]);
});

Deno.test("a refusal of thinking takes the thinking away, and leaves the compaction", () => {
  const thinking: ReasoningPart = { type: "reasoning", provider: "anthropic", itemId: `thinking:0:0:0:${MODEL}` };
  const reply = messageOf(COMPACTED);
  assert.ok(reply.role === "assistant");
  const both = { ...reply, reasoning: [thinking, ...reply.reasoning ?? []] };
  const refusal = new ProviderError("provider_rejected_request", "Invalid `signature` in `thinking` block", {
    status: 400,
  });
  const request = requestOf({ compactAt: 100_000, messages: conversation(both) });
  assert.deepEqual(amended(request, refusal)?.messages[1], reply);
  assert.equal(amended(requestOf({ messages: WENT_ON }), refusal), undefined);
});

Deno.test("thinking that was changed since stays away, and the compaction does not", () => {
  const thinking: ReasoningPart = {
    type: "reasoning",
    provider: "anthropic",
    itemId: `thinking:0:0:9:${MODEL}`,
    encryptedContent: "c2ln",
  };
  const reply = messageOf(COMPACTED);
  assert.ok(reply.role === "assistant");
  const changed = { ...reply, thinking: "short", reasoning: [thinking, ...reply.reasoning ?? []] };
  const { messages } = bodyOf({ compactAt: 100_000, messages: conversation(changed) });
  assert.deepEqual(messages[1]?.content, [COMPACTION, { type: "text", text: "Go on." }]);
});

Deno.test("what Anthropic does itself is known by model, and only of its own servers unless the host says so", () => {
  const { profile } = anthropicDriver();
  const native = { toolSearch: true, compaction: true };
  assert.deepEqual(profile?.("claude-opus-4-6")?.native, native);
  assert.equal(profile?.("claude-opus-4-6", { baseUrl: "https://gateway.test" })?.native, undefined);
  const named = { baseUrl: "https://gateway.test", providerMetadata: { native: true } };
  assert.deepEqual(profile?.("claude-opus-4-6", named)?.native, native);
  assert.equal(profile?.("claude-opus-4-6", { providerMetadata: { native: false } })?.native, undefined);
  assert.deepEqual(nativeOf("claude-haiku-4-5-20251001"), { toolSearch: true, compaction: false });
  assert.deepEqual(nativeOf("claude-haiku-5-5"), native);
  assert.deepEqual(nativeOf("claude-fable-5-2"), { toolSearch: true, compaction: false });
  assert.deepEqual(nativeOf("claude-mythos-5-1"), native);
  assert.deepEqual(nativeOf("claude-sonnet-4-0"), { toolSearch: false, compaction: false });
  assert.equal(nativeOf("gpt-5"), undefined);
});

function read(...events: readonly object[]): ModelEvent[] {
  const failures = new Failures(new Endpoint("https://a.test", ""), new Redactor([]));
  const reply = new MessagesReply(MODEL, failures);
  return [{ type: "message_start", message: {} }, ...events, { type: "message_stop" }]
    .flatMap((event) => [...reply.read(event)]).filter(({ type }) => type !== "activity");
}
