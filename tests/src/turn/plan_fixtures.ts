/** States and outcomes for tests of the planner. */

import assert from "node:assert/strict";
import { type EventDataMap, type EventType, idFromSeed, type MessageId, type TurnState } from "../../../mod.ts";
import type { Plan, TurnOutcome } from "../../../src/turn/plan_types.ts";

/** The agent message of {@linkcode reasoned}. */
export const MESSAGE: MessageId = idFromSeed("message", 7);

/** The state of a turn that was just accepted, with room for three reason steps. */
export function state(change: Partial<TurnState> = {}): TurnState {
  return {
    version: 1,
    turnId: idFromSeed("turn", 1),
    sessionId: idFromSeed("session", 2),
    harnessId: idFromSeed("harness", 3),
    inputMessageId: idFromSeed("message", 4),
    facts: { acceptedAt: 1000, date: "2026-01-01", timeZone: "UTC" },
    baseSequence: 0,
    phase: "reason",
    iteration: 1,
    maxIterations: 3,
    usage: { inputTokens: 0, outputTokens: 0 },
    toolCallCount: 0,
    toolCallsActed: 0,
    llmCallCount: 0,
    ...change,
  };
}

/** A complete reply. */
export type Reasoned = Extract<TurnOutcome, { type: "reasoned" }>;

/** The outcome of a reply "hello" without calls. */
export function reasoned(change: Partial<Reasoned> = {}): Reasoned {
  return {
    type: "reasoned",
    messageId: MESSAGE,
    text: "hello",
    callCount: 0,
    finishReason: "stop",
    pendingInputs: 0,
    at: 1500,
    ...change,
  };
}

/** The outcome of a model call that failed for good. */
export const FAILED: Extract<TurnOutcome, { type: "reason_failed" }> = {
  type: "reason_failed",
  failure: { code: "budget_exhausted", message: "raw words", fields: { limit: 5 } },
  disclosed: "told words",
  disclosure: "standard",
};

/** Changes that make a reply one with two calls. */
export const CALLS: Pick<Reasoned, "callCount" | "text" | "finishReason"> = {
  callCount: 2,
  text: "",
  finishReason: "tool_calls",
};

/** The data of an event among the effects of a plan. */
export function eventOf<T extends EventType>(planned: Plan, type: T): EventDataMap[T] {
  for (const effect of planned.effects) {
    if (effect.type === "event" && effect.event.type === type) return effect.event.data as EventDataMap[T];
  }
  assert.fail(`no ${type} among the effects`);
}
