/** What is left to the Responses API itself, and what of its answers goes back. */

import assert from "node:assert/strict";
import type { ReasoningPart } from "../../../../src/records/content.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import type { ModelEvent, ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { type DialectName, DIALECTS } from "../../../../src/drivers/openai/dialect.ts";
import {
  azureOpenAIDriver,
  openAICompletionsDriver,
  openAIResponsesDriver,
} from "../../../../src/drivers/openai/mod.ts";
import { nativeOf } from "../../../../src/drivers/openai/models.ts";
import { ResponsesReply } from "../../../../src/drivers/openai/responses_reply.ts";
import { ResponsesRequests } from "../../../../src/drivers/openai/responses_request.ts";
import { COMPACTED, COMPACTION, REASONING, SEARCH, SEARCH_CALL, SEARCH_OUTPUT } from "./hosted_recordings.ts";
import { requestOf } from "./requests.ts";

const TOOLS: readonly ToolDefinition[] = [tool("clock"), { ...tool("weather"), deferred: true }];
const OLD = "gpt-5.2";
const USER = { role: "user", content: [{ type: "input_text", text: "Hello" }] };
const CALL = { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Bern"}' };
const FOG = { type: "function_call_output", call_id: "call_1", output: "Fog" };
const GO_ON = { type: "message", role: "assistant", content: "Go on." };

function tool(name: string): ToolDefinition {
  return { type: "builtin", name, description: name, parameters: { type: "object", properties: {} } };
}

function bodyOf(members: Partial<ModelRequest>, requests = new ResponsesRequests(DIALECTS.openai, "openai")) {
  const body: {
    readonly tools?: readonly object[];
    readonly context_management?: object;
    readonly input: readonly object[];
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

const ASKED: ModelMessage = { role: "user", content: [{ type: "text", text: "Hello" }] };
const SEARCHED: readonly ModelMessage[] = [
  ASKED,
  messageOf(SEARCH),
  { role: "tool", toolCallId: "call_1", toolName: "weather", content: "Fog", isError: false },
];
const WENT_ON: readonly ModelMessage[] = [messageOf(COMPACTED), ASKED];

Deno.test("deferred functions are marked, and the search follows them", () => {
  const { tools } = bodyOf({ tools: TOOLS });
  const parameters = { type: "object", properties: {} };
  assert.deepEqual(tools, [
    { type: "function", name: "clock", description: "clock", parameters, strict: false },
    { type: "function", name: "weather", description: "weather", parameters, strict: false, defer_loading: true },
    { type: "tool_search" },
  ]);
});

Deno.test("a model or a server that does not search gets deferred functions as any other", () => {
  const usual = bodyOf({ tools: [tool("clock"), tool("weather")] }).tools;
  assert.deepEqual(bodyOf({ tools: TOOLS, model: OLD }).tools, usual);
  for (const dialect of ["openrouter", "vllm", "generic"] as const) {
    assert.deepEqual(bodyOf({ tools: TOOLS }, new ResponsesRequests(DIALECTS[dialect], "openai")).tools, usual);
  }
});

Deno.test("a search goes back in its place, the call in its namespace, also when they came out of storage", () => {
  const { input } = bodyOf({ tools: TOOLS, messages: SEARCHED });
  assert.deepEqual(input, [USER, REASONING, SEARCH_CALL, SEARCH_OUTPUT, { ...CALL, namespace: "weather" }, FOG]);
});

const WITHOUT: readonly [when: string, members: Partial<ModelRequest>][] = [
  ["the model does not search", { tools: TOOLS, model: OLD }],
  ["nothing is deferred any more", { tools: [tool("clock"), tool("weather")] }],
  ["a tool it found is not offered any more", { tools: [{ ...tool("other"), deferred: true }] }],
];
for (const [when, members] of WITHOUT) {
  Deno.test(`neither a search nor the reasoning that led to it goes back when ${when}`, () => {
    assert.deepEqual(bodyOf({ ...members, messages: SEARCHED }).input, [USER, CALL, FOG]);
  });
}

Deno.test("one builder sends a message with and without its search, as each request has it", () => {
  const requests = new ResponsesRequests(DIALECTS.openai, "openai");
  const searching = { tools: TOOLS, messages: SEARCHED };
  const first = bodyOf(searching, requests).input;
  assert.equal(bodyOf({ messages: SEARCHED }, requests).input.length, 3);
  assert.deepEqual(bodyOf(searching, requests).input, first);
  assert.equal(first.length, 6);
});

Deno.test("a compaction is asked for with its threshold, of a model that compacts", () => {
  const threshold = [{ type: "compaction", compact_threshold: 340_000 }];
  assert.deepEqual(bodyOf({ compactAt: 340_000.5 }).context_management, threshold);
  assert.equal(bodyOf({ compactAt: 340_000, model: OLD }).context_management, undefined);
  assert.equal(bodyOf({}).context_management, undefined);
});

Deno.test("a compaction goes back as it came, without what was before it in its reply", () => {
  const [reply] = WENT_ON;
  assert.ok(reply?.role === "assistant");
  const before: ReasoningPart = { type: "reasoning", provider: "openai", itemId: "rs_0", encryptedContent: "AA" };
  const messages: ModelMessage[] = [{ ...reply, reasoning: [before, ...reply.reasoning ?? []] }, ASKED];
  assert.deepEqual(bodyOf({ compactAt: 1_000, messages }).input, [COMPACTION, GO_ON, USER]);
});

for (
  const [what, members] of [
    ["no compaction", {}],
    ["a model that does not compact", { compactAt: 1_000, model: OLD }],
    ["another model that compacts", { compactAt: 1_000, model: "gpt-5.6" }],
  ] as const
) {
  Deno.test(`a compaction does not go back in a request for ${what}`, () => {
    assert.deepEqual(bodyOf({ ...members, messages: WENT_ON }).input, [GO_ON, USER]);
  });
}

Deno.test("neither goes to another provider that speaks the same API", () => {
  const azure = new ResponsesRequests(DIALECTS.openai, "azure_openai");
  assert.deepEqual(bodyOf({ tools: TOOLS, messages: SEARCHED }, azure).input, [USER, CALL, FOG]);
  assert.deepEqual(bodyOf({ compactAt: 1_000, messages: WENT_ON }, azure).input, [GO_ON, USER]);
});

Deno.test("items that come with the last event only are kept once", () => {
  const output = [SEARCH_CALL, SEARCH_OUTPUT, COMPACTION];
  const response = { id: "resp_1", status: "completed", output };
  const events = read("openai", { type: "response.completed", response });
  assert.deepEqual(events.map(({ type }) => type), ["reasoning_item", "reasoning_item", "reasoning_item", "done"]);
});

const DONE = { type: "response.completed", response: { id: "r", status: "completed", output: [] } };

Deno.test("items of other servers, of a search the client is to run, and torn ones are not kept", () => {
  const items = (...list: readonly object[]) => list.map((item) => ({ type: "response.output_item.done", item }));
  assert.equal(read("openrouter", ...items(SEARCH_CALL, SEARCH_OUTPUT, COMPACTION), DONE).length, 1);
  const odd = items(
    { ...SEARCH_CALL, execution: "client" },
    { ...SEARCH_OUTPUT, status: "incomplete" },
    { type: "compaction" },
    { type: "web_search_call", id: "ws_1" },
  );
  assert.deepEqual(read("openai", ...odd, DONE).map(({ type }) => type), ["done"]);
});

Deno.test("an item that was damaged in storage goes nowhere", () => {
  const broken: ReasoningPart = {
    type: "reasoning",
    provider: "openai",
    purpose: "tool_search",
    encryptedContent: "{",
  };
  const reply: ModelMessage = { role: "assistant", content: "Go on.", toolCalls: [], reasoning: [broken] };
  assert.deepEqual(bodyOf({ tools: TOOLS, messages: [reply, ASKED] }).input, [GO_ON, USER]);
});

Deno.test("what OpenAI does itself is known by model, API and server", () => {
  const native = { toolSearch: true, compaction: true };
  const { profile } = openAIResponsesDriver();
  assert.deepEqual(profile?.("gpt-5.5")?.native, native);
  assert.equal(profile?.("gpt-5.5", { baseUrl: "http://127.0.0.1:8000/v1" })?.native, undefined);
  const named = { baseUrl: "http://127.0.0.1:8000/v1", providerMetadata: { dialect: "openai" } };
  assert.deepEqual(profile?.("gpt-5.5", named)?.native, native);
  assert.equal(openAICompletionsDriver().profile?.("gpt-5.5")?.native, undefined);
  const resource = { baseUrl: "https://my-resource.openai.azure.com" };
  assert.deepEqual(azureOpenAIDriver().profile?.("gpt-5.5", resource)?.native, native);
  assert.equal(azureOpenAIDriver({ api: "completions" }).profile?.("gpt-5.5", resource)?.native, undefined);
  assert.deepEqual(nativeOf("gpt-5.4-mini"), native);
  assert.deepEqual(nativeOf("gpt-6-sol"), native);
  assert.deepEqual(nativeOf("gpt-5.4-nano-2026-03-17"), { toolSearch: false, compaction: true });
  assert.deepEqual(nativeOf("gpt-5.3-codex"), { toolSearch: false, compaction: true });
  for (const model of [OLD, "gpt-5", "gpt-4.1", "o3", "llama"]) {
    assert.deepEqual(nativeOf(model), { toolSearch: false, compaction: false });
  }
});

function read(dialect: DialectName, ...events: readonly object[]): ModelEvent[] {
  const failures = new Failures(new Endpoint(undefined, "https://api.openai.com/v1"), new Redactor([]));
  const parts = { dialect: DIALECTS[dialect], provider: "openai", model: "gpt-5.5", price: undefined, failures };
  const reply = new ResponsesReply(parts);
  return events.flatMap((event) => [...reply.read(event)]).filter(({ type }) => type !== "activity");
}
