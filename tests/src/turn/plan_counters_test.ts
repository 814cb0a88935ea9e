/** The planner: what it counts, keeps and writes into closing events. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../../mod.ts";
import { contextOf, plan } from "../../../src/turn/plan.ts";
import type { TurnOutcome } from "../../../src/turn/plan_types.ts";
import { CALLS, eventOf, FAILED, MESSAGE, reasoned, state } from "./plan_fixtures.ts";

Deno.test("plan() sums the usage and counts model calls and requested calls", () => {
  const usage = { inputTokens: 10, outputTokens: 2, cacheReadTokens: 4 };
  const first = plan(state(), reasoned({ ...CALLS, usage })).state;
  const acted = plan(first, { type: "acted", acted: 2, waiting: false }).state;
  const second = plan(acted, reasoned({ callCount: 1, usage: { inputTokens: 5, outputTokens: 1 } })).state;
  assert.deepEqual(second.usage, { inputTokens: 15, outputTokens: 3, cacheReadTokens: 4 });
  assert.deepEqual([second.llmCallCount, second.toolCallCount, second.toolCallsActed], [2, 3, 2]);
});

Deno.test("plan() counts a failed model call and its usage", () => {
  const { state: after } = plan(state(), { ...FAILED, usage: { inputTokens: 3, outputTokens: 0 } });
  assert.deepEqual([after.llmCallCount, after.usage.inputTokens], [1, 3]);
});

Deno.test("plan() keeps the first time to first token", () => {
  const first = plan(state(), reasoned({ pendingInputs: 1, timeToFirstTokenMs: 80 })).state;
  const second = plan(first, reasoned({ timeToFirstTokenMs: 20 })).state;
  assert.equal(second.timeToFirstTokenMs, 80);
});

Deno.test("plan() keeps the last message with text as the final one", () => {
  const first = plan(state(), reasoned({ ...CALLS, text: "let me look" })).state;
  const other = idFromSeed("message", 8);
  assert.equal(plan(first, reasoned({ messageId: other, text: "" })).state.finalMessageId, MESSAGE);
  const done = plan(first, reasoned({ messageId: other, text: "found it" })).state;
  assert.deepEqual([done.finalMessageId, done.finalAnswerPreview], [other, "found it"]);
});

Deno.test("plan() cuts the preview of the answer to 2,000 characters", () => {
  const preview = plan(state(), reasoned({ text: "x".repeat(5000) })).state.finalAnswerPreview;
  assert.equal(preview, "x".repeat(2000));
});

Deno.test("plan() remembers the newest response id only", () => {
  const first = plan(state(), reasoned({ ...CALLS, responseId: "resp_1" })).state;
  assert.equal(first.previousResponseId, "resp_1");
  assert.equal(plan(first, reasoned({ pendingInputs: 1 })).state.previousResponseId, undefined);
});

Deno.test("plan() remembers the message whose calls are open until they were acted on", () => {
  const acting = plan(state(), reasoned(CALLS)).state;
  assert.equal(acting.callMessageId, MESSAGE);
  const waiting = plan(acting, { type: "acted", acted: 0, waiting: true }).state;
  assert.equal(waiting.callMessageId, MESSAGE);
  const resumed = plan(waiting, { type: "resumed", acted: 2 }).state;
  const reasoning = plan(resumed, { type: "acted", acted: 1, waiting: false }).state;
  assert.equal(reasoning.callMessageId, undefined);
  assert.deepEqual([resumed.toolCallsActed, reasoning.toolCallsActed], [2, 3]);
});

Deno.test("plan() writes the summary of the turn into turn.completed", () => {
  const before = {
    iteration: 2,
    usage: { inputTokens: 10, outputTokens: 5 },
    toolCallCount: 1,
    toolCallsActed: 1,
    llmCallCount: 1,
  };
  const outcome = reasoned({ usage: { inputTokens: 20, outputTokens: 7 }, timeToFirstTokenMs: 40 });
  assert.deepEqual(eventOf(plan(state(before), outcome), "turn.completed"), {
    turnId: idFromSeed("turn", 1),
    iterations: 2,
    durationMs: 500,
    usage: { inputTokens: 30, outputTokens: 12 },
    stopReason: "end_turn",
    finalMessageId: MESSAGE,
    finalAnswerPreview: "hello",
    timeToFirstTokenMs: 40,
    toolCallCount: 1,
    toolCallsActed: 1,
    llmCallCount: 2,
  });
});

Deno.test("plan() never reports a negative duration when the clock went back", () => {
  assert.equal(eventOf(plan(state(), reasoned({ at: 10 })), "turn.completed").durationMs, 0);
});

Deno.test("plan() preserves code, fields and disclosed words of a failure", () => {
  const { next } = plan(state(), FAILED);
  assert.equal(next.type === "complete" && next.failure?.message, "raw words");
  const data = eventOf(plan(state(), FAILED), "turn.failed");
  assert.deepEqual(
    [data.error, data.errorCode, data.errorFields, data.errorDisclosure],
    ["told words", "budget_exhausted", { limit: 5 }, "standard"],
  );
});

Deno.test("plan() says in turn.cancelled and turn.sealed why", () => {
  const cancelled = plan(state(), { type: "cancelled", reason: "enough" });
  assert.equal(eventOf(cancelled, "turn.cancelled").reason, "enough");
  assert.equal("reason" in eventOf(plan(state(), { type: "cancelled" }), "turn.cancelled"), false);
  const sealed = eventOf(plan(state(), { type: "sealed", reason: "budget", detail: "5 of 5 USD" }), "turn.sealed");
  assert.deepEqual([sealed.reason, sealed.detail], ["budget", "5 of 5 USD"]);
});

Deno.test("plan() ties every event to the turn and its input", () => {
  const ends: TurnOutcome[] = [reasoned(), FAILED, { type: "cancelled" }, { type: "sealed", reason: "budget" }];
  for (const outcome of ends) {
    const events = plan(state(), outcome).effects.filter((effect) => effect.type === "event");
    assert.equal(events.length, 2);
    for (const { event } of events) assert.deepEqual(event.context, contextOf(state()));
  }
});
