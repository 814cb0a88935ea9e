import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import type { ModelEvent } from "../../../../src/ports/driver.ts";
import { CompletionsReply } from "../../../../src/drivers/openai/completions_reply.ts";
import { type DialectName, DIALECTS } from "../../../../src/drivers/openai/dialect.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import type { ReplyReader } from "../../../../src/kit/provider/reply.ts";
import { ResponsesReply } from "../../../../src/drivers/openai/responses_reply.ts";

const RESPONSES_PARTS = { dialect: DIALECTS.openai, provider: "openai", model: "gpt-5.5", price: undefined };
const failures = new Failures(new Endpoint(undefined, "https://api.openai.com/v1"), new Redactor([]));
const TEXT = { type: "response.output_text.delta", delta: "Hi" };

Deno.test("a response that is incomplete for its length finishes as `length`, without the call it cut", () => {
  const call = { type: "function_call", call_id: "c", name: "f", arguments: '{"a', status: "incomplete" };
  const events = readResponses(TEXT, { type: "response.output_item.done", item: call }, {
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [call] },
  });
  assert.deepEqual(events, [{ type: "text", delta: "Hi" }, { type: "done", finishReason: "length" }]);
});

Deno.test("a response that is incomplete for another reason finishes with that reason", () => {
  const response = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  // vLLM says so in an event of type `response.completed`.
  for (const type of ["response.incomplete", "response.completed"]) {
    assert.deepEqual(readResponses({ type, response }), [{ type: "done", finishReason: "content_filter" }]);
  }
});

Deno.test("a refusal of the Responses API is text that finishes as `refusal`", () => {
  const events = readResponses({ type: "response.refusal.delta", delta: "No." }, completed());
  assert.deepEqual(events, [{ type: "text", delta: "No." }, { type: "done", finishReason: "refusal" }]);
});

Deno.test("items that come only with the last event are not lost", () => {
  const output = [
    { type: "reasoning", id: "rs_1", summary: [] },
    { type: "message", phase: "commentary", content: [{ type: "output_text", text: "Hi" }] },
    { type: "function_call", call_id: "c", name: "f", arguments: "" },
    { type: "web_search_call", id: "ws_1" },
  ];
  assert.deepEqual(readResponses(completed({ output })), [
    { type: "reasoning_item", item: { type: "reasoning", provider: "openai", itemId: "rs_1" } },
    { type: "text", delta: "Hi" },
    { type: "tool_call", providerCallId: "c", name: "f", arguments: "{}" },
    { type: "done", finishReason: "tool_calls", phase: "commentary" },
  ]);
});

Deno.test("thinking of open models comes through the Responses API too", () => {
  const events = readResponses({ type: "response.reasoning_text.delta", delta: "Hm." }, completed());
  assert.deepEqual(events, [{ type: "thinking", delta: "Hm." }, { type: "done", finishReason: "stop" }]);
});

const FAILED: readonly [event: object, code: string][] = [
  [{ type: "response.failed", response: { error: { code: "server_error", message: "x" } } }, "provider_unavailable"],
  [
    { type: "response.failed", response: { error: { code: "invalid_prompt", message: "x" } } },
    "provider_rejected_request",
  ],
  [{ type: "response.failed", response: { error: null } }, "provider_unavailable"],
  [{ type: "response.completed", response: { status: "failed" } }, "provider_unavailable"],
  [{ type: "response.cancelled" }, "provider_unavailable"],
  [{ type: "error", code: "rate_limit_exceeded", message: "x", param: null }, "provider_rate_limited"],
];

for (const [event, code] of FAILED) {
  Deno.test(`the event ${JSON.stringify(event)} fails as ${code}`, () => {
    assert.throws(() => readResponses(TEXT, event), (error) => error instanceof ProviderError && error.code === code);
  });
}

Deno.test("two messages of one response are told apart by an empty line", () => {
  const delta = (output_index: number, text: string) => ({
    type: "response.output_text.delta",
    output_index,
    delta: text,
  });
  const events = readResponses(
    delta(0, "Let me "),
    delta(0, "look."),
    delta(2, "It "),
    delta(2, "rains."),
    completed(),
  );
  const text = events.map((event) => event.type === "text" ? event.delta : "").join("");
  assert.equal(text, "Let me look.\n\nIt rains.");
});

Deno.test("the reason of a failed response may come in an event of its own", () => {
  const failed = { type: "response.failed", response: { status: "failed", error: null } };
  const why = { type: "error", error: { code: "content_filter", message: "The prompt was filtered", type: null } };
  assert.throws(
    () => readResponses(failed, why),
    (error) =>
      error instanceof ProviderError && error.code === "provider_rejected_request" &&
      /was filtered/.test(error.message),
  );
});

Deno.test("events of any shape are signs of life", () => {
  const odd = [null, 7, "text", [], {}, { type: 3 }, { choices: "x" }, { choices: [null] }, {
    choices: [{ delta: 1 }],
  }];
  for (const event of odd) {
    assert.deepEqual(
      new ResponsesReply({ ...RESPONSES_PARTS, failures }).read(event),
      [{ type: "activity" }],
    );
    assert.deepEqual(readerOf("generic").read(event), [{
      type: "activity",
    }]);
  }
});

Deno.test("a chat reply without a reason to finish is not complete", () => {
  assert.deepEqual(readCompletions([{ choices: [{ delta: { content: "Hi" } }] }]), [{ type: "text", delta: "Hi" }]);
});

const REASONS: readonly [given: string, mapped: string][] = [
  ["stop", "stop"],
  ["tool_calls", "stop"],
  ["eos", "stop"],
  ["length", "length"],
  ["MAX_TOKENS", "length"],
  ["content_filter", "content_filter"],
  ["SAFETY", "content_filter"],
  ["insufficient_system_resource", "insufficient_system_resource"],
];

for (const [given, mapped] of REASONS) {
  Deno.test(`a chat reply without calls that ends with "${given}" finishes as "${mapped}"`, () => {
    assert.deepEqual(readCompletions([finish(given)]), [{ type: "done", finishReason: mapped }]);
  });
}

Deno.test("a chat reply that ends with an error fails", () => {
  assert.throws(() => readCompletions([finish("error")]), ProviderError);
});

Deno.test("a refusal of the Chat API is text that finishes as `refusal`", () => {
  const events = readCompletions([{ choices: [{ delta: { refusal: "No." } }] }, finish("stop")]);
  assert.deepEqual(events, [{ type: "text", delta: "No." }, { type: "done", finishReason: "refusal" }]);
});

Deno.test("thinking is read from the dialect's member, and once when both carry it", () => {
  const both = { choices: [{ delta: { reasoning: "a", reasoning_content: "b" } }] };
  assert.deepEqual(readCompletions([both], "openrouter"), [{ type: "thinking", delta: "a" }]);
  assert.deepEqual(readCompletions([both], "llama_cpp"), [{ type: "thinking", delta: "b" }]);
  const other = { choices: [{ delta: { reasoning: "a", reasoning_content: "" } }] };
  assert.deepEqual(readCompletions([other], "llama_cpp"), [{ type: "thinking", delta: "a" }]);
});

Deno.test("content in parts, and a whole message in one chunk, are text", () => {
  const parts = { choices: [{ delta: { content: [{ type: "text", text: "H" }, { type: "text", text: "i" }] } }] };
  const whole = { choices: [{ message: { role: "assistant", content: "!" }, finish_reason: "stop" }] };
  const events = readCompletions([parts, whole]);
  assert.deepEqual(events.slice(0, 2), [{ type: "text", delta: "Hi" }, { type: "text", delta: "!" }]);
});

Deno.test("thinking inside of the content is thinking", () => {
  const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm" }, { type: "text", text: "..." }] };
  const events = readCompletions([{ choices: [{ delta: { content: [thinking, { type: "text", text: "Yes" }] } }] }]);
  assert.deepEqual(events, [{ type: "thinking", delta: "Hm..." }, { type: "text", delta: "Yes" }]);
});

Deno.test("usage is read wherever it comes, with cache hits and cost", () => {
  const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_cache_hit_tokens: 4, cost: 0.25 };
  const events = readCompletions([finish("stop"), { choices: [], usage }, { choices: [], usage: null }]);
  assert.deepEqual(events, [{
    type: "done",
    finishReason: "stop",
    usage: { inputTokens: 9, outputTokens: 2, cacheReadTokens: 4, actualCostUsd: 0.25 },
  }]);
});

Deno.test("with a key of one's own the cost is OpenRouter's and the provider's", () => {
  const usage = {
    input_tokens: 9,
    output_tokens: 2,
    cost: 0.25,
    is_byok: true,
    cost_details: { upstream_inference_cost: 1 },
  };
  const [done] = readResponses(completed({ usage }));
  assert.equal(done?.type === "done" ? done.usage?.actualCostUsd : undefined, 1.25);
});

function completed(response: object = {}): object {
  return { type: "response.completed", response };
}

function finish(reason: string): object {
  return { choices: [{ index: 0, delta: {}, finish_reason: reason }] };
}

function readResponses(...events: readonly object[]): ModelEvent[] {
  return readAll(
    new ResponsesReply({ ...RESPONSES_PARTS, failures }),
    events,
  );
}

function readCompletions(chunks: readonly object[], dialect: DialectName = "generic"): ModelEvent[] {
  return readAll(readerOf(dialect), chunks);
}

function readerOf(dialect: DialectName): CompletionsReply {
  return new CompletionsReply({
    dialect: DIALECTS[dialect],
    provider: "openai_completions",
    model: "m-1",
    failures,
    price: undefined,
  });
}

function readAll(reader: ReplyReader, events: readonly object[]): ModelEvent[] {
  return [...events.flatMap((event) => reader.read(event)), ...reader.end()].filter(({ type }) => type !== "activity");
}
