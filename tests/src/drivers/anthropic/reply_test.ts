import assert from "node:assert/strict";
import type { ModelEvent } from "../../../../src/ports/driver.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { MessagesReply } from "../../../../src/drivers/anthropic/reply.ts";

const failures = new Failures(new Endpoint("https://a.test", ""), new Redactor([]));
const START = { type: "message_start", message: {} };
const STOP = { type: "message_stop" };
const end = (reason: string) => ({ type: "message_delta", delta: { stop_reason: reason } });
const tool = (index: number, json: string) => [
  { type: "content_block_start", index, content_block: { type: "tool_use", id: `t${index}`, name: "f", input: {} } },
  { type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: json } },
  { type: "content_block_stop", index },
];

const REASONS: readonly [reason: string, finishReason: string][] = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["tool_use", "tool_calls"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["refusal", "refusal"],
  ["pause_turn", "pause"],
];

for (const [reason, finishReason] of REASONS) {
  Deno.test(`a reply that stops for ${reason} finishes as ${finishReason}`, () => {
    const done = read(START, end(reason), STOP).at(-1);
    assert.equal(done?.type === "done" && done.finishReason, finishReason);
  });
}

Deno.test("a call that was cut off by the limit is no call; whole ones before it are", () => {
  const events = read(START, ...tool(0, '{"a":1}'), ...tool(1, '{"a'), end("max_tokens"), STOP);
  assert.deepEqual(events.map(({ type }) => type), ["tool_call", "done"]);
});

Deno.test("a call that was cut off before its input is no call; one without input before it is", () => {
  const events = read(START, ...tool(0, ""), ...tool(1, ""), end("max_tokens"), STOP);
  assert.deepEqual(events.map((event) => event.type === "tool_call" ? event.providerCallId : event.type), [
    "t0",
    "done",
  ]);
});

Deno.test("a call without input that was followed by text is one, whatever ended the reply", () => {
  const text = { type: "content_block_start", index: 1, content_block: { type: "text", text: "And" } };
  const events = read(START, ...tool(0, ""), text, end("max_tokens"), STOP);
  assert.deepEqual(events.map(({ type }) => type), ["text", "tool_call", "done"]);
});

Deno.test("a call that a refusal cut off is no call", () => {
  const events = read(START, ...tool(0, '{"a'), end("refusal"), STOP);
  assert.deepEqual(events.map(({ type }) => type), ["done"]);
});

Deno.test("a call with torn arguments that ends otherwise is passed on for an error result", () => {
  const [call] = read(START, ...tool(0, '{"a'), end("tool_use"), STOP);
  assert.equal(call?.type === "tool_call" && call.arguments, '{"a');
});

Deno.test("the whole input at the start of a call is its arguments", () => {
  const block = { type: "tool_use", id: "t", name: "f", input: { a: 1 } };
  const [call] = read(START, { type: "content_block_start", index: 0, content_block: block }, {
    type: "content_block_stop",
    index: 0,
  }, STOP);
  assert.equal(call?.type === "tool_call" && call.arguments, '{"a":1}');
});

Deno.test("thinking of another vendor's model is kept without a proof", () => {
  const reply = new MessagesReply("deepseek-v4-pro", failures);
  const events = [
    START,
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm" } },
    { type: "content_block_stop", index: 0 },
    STOP,
  ].flatMap((event) => reply.read(event));
  const items = events.flatMap((event) => event.type === "reasoning_item" ? [event.item] : []);
  assert.deepEqual(items, [{
    type: "reasoning",
    provider: "anthropic",
    itemId: "thinking:0:0:2:deepseek-v4-pro",
    encryptedContent: "",
  }]);
});

Deno.test("thinking of Claude without a proof is shown and not kept", () => {
  const events = read(
    START,
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "Hm" } },
    { type: "content_block_stop", index: 0 },
    STOP,
  );
  assert.deepEqual(events.map(({ type }) => type), ["thinking", "done"]);
});

Deno.test("usage is the last of each count, and a long prompt of Haiku 5.5 costs more", () => {
  const usage = (input: number) =>
    read(
      { type: "message_start", message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      {
        type: "message_delta",
        delta: {},
        usage: { input_tokens: input, output_tokens: 10, cache_read_input_tokens: 0 },
      },
      STOP,
    ).at(-1);
  const cost = (event: ModelEvent | undefined) => event?.type === "done" ? event.usage : undefined;
  assert.deepEqual(cost(usage(1000)), {
    inputTokens: 1000,
    outputTokens: 10,
    cacheReadTokens: 0,
    estimatedCostUsd: (1000 * 0.1 + 10 * 0.5) / 1_000_000,
  });
  assert.equal(cost(usage(200_000))?.estimatedCostUsd, (200_000 * 0.5 + 10 * 2.5) / 1_000_000);
});

Deno.test("events of any shape are signs of life", () => {
  const reply = new MessagesReply("m", failures);
  for (const event of [null, 7, "x", [], {}, { type: 1 }, { type: "content_block_delta", index: 9, delta: null }]) {
    assert.deepEqual(reply.read(event), [{ type: "activity" }]);
  }
  for (const type of ["content_block_start", "content_block_stop", "message_delta", "vendor_event"]) {
    assert.deepEqual(reply.read({ type }), [{ type: "activity" }]);
  }
  assert.deepEqual(reply.end(), []);
});

function read(...events: readonly object[]): readonly ModelEvent[] {
  const reply = new MessagesReply("claude-haiku-5-5", failures);
  return events.flatMap((event) => reply.read(event)).filter(({ type }) => type !== "activity");
}
