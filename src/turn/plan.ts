/** The planner: a pure, total function from a turn's state and its last outcome to what comes next. */

import type { EventDraft } from "../records/event.ts";
import type { EventDataMap } from "../records/event_data.ts";
import type { ErrorDisclosure } from "../records/message.ts";
import type { StopReason, TurnFailure, TurnState } from "../records/turn.ts";
import { addUsage, NO_USAGE, type Usage } from "../records/usage.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { InvalidAnswer, NextStep, Plan, TurnEffect, TurnOutcome } from "./plan_types.ts";

const NO_EFFECTS: readonly TurnEffect[] = Object.freeze([]);
const REASON: NextStep = Object.freeze({ type: "reason" });
const ACT: NextStep = Object.freeze({ type: "act" });
const WAIT: NextStep = Object.freeze({ type: "wait" });
const PREVIEW_LENGTH = 2000;

/** Decides what comes next. */
export function plan(state: TurnState, outcome: TurnOutcome): Plan {
  switch (outcome.type) {
    case "accepted":
      return { state: { ...state, phase: "reason", iteration: 1 }, next: REASON, effects: NO_EFFECTS };
    case "reasoned":
      return planReasoned(state, outcome);
    case "reason_failed": {
      const spent = { ...state, llmCallCount: state.llmCallCount + 1, usage: sum(state.usage, outcome.usage) };
      return fail(spent, outcome.failure, outcome.disclosed, outcome.disclosure, "error");
    }
    case "nothing_left": {
      // The step that was to answer them is given up; what is wrong with the answer before may still be repaired.
      const before = { ...state, iteration: state.iteration - 1 };
      return outcome.invalid === undefined
        ? complete(before, "end_turn", outcome.at, 0)
        : repairOrFail(before, outcome.invalid);
    }
    case "acted":
    case "resumed": {
      const acted = { ...state, toolCallsActed: state.toolCallsActed + outcome.acted };
      if (outcome.type === "resumed") return { state: { ...acted, phase: "act" }, next: ACT, effects: NO_EFFECTS };
      if (outcome.waiting) return { state: { ...acted, phase: "wait" }, next: WAIT, effects: NO_EFFECTS };
      return { state: nextReason(acted), next: REASON, effects: NO_EFFECTS };
    }
    case "blocked": {
      const failure: TurnFailure = { code: "blocked_by_hook", message: outcome.reason };
      return fail(state, failure, outcome.reason, "standard", "blocked");
    }
    case "cancelled":
      return cancel(state, outcome.reason);
    case "sealed":
      return seal(state, outcome);
  }
}

function planReasoned(before: TurnState, outcome: Extract<TurnOutcome, { type: "reasoned" }>): Plan {
  const state = countReason(before, outcome);
  const belowCeiling = state.iteration < state.maxIterations;
  if (outcome.callCount > 0 && belowCeiling) {
    return {
      state: { ...state, phase: "act", callMessageId: outcome.messageId },
      next: ACT,
      effects: NO_EFFECTS,
    };
  }
  const paused = outcome.finishReason === "pause";
  const goesOn = outcome.pendingInputs > 0 || paused;
  if (outcome.callCount === 0 && goesOn && belowCeiling) {
    const next = nextReason(state);
    return { state: paused ? { ...next, paused } : next, next: REASON, effects: NO_EFFECTS };
  }
  if (outcome.callCount === 0 && !goesOn && outcome.invalid !== undefined) {
    return repairOrFail(state, outcome.invalid);
  }
  const cut = outcome.callCount > 0 || goesOn;
  return complete(state, cut ? "max_turn_requests" : stopReasonOf(outcome.finishReason), outcome.at, outcome.callCount);
}

/** One more reason step for an answer of the wrong form; the second wrong one fails the turn. */
function repairOrFail(state: TurnState, invalid: InvalidAnswer): Plan {
  const { form } = state;
  if (form === undefined || form.repair !== undefined || invalid.final || state.iteration >= state.maxIterations) {
    return fail(state, invalid.failure, invalid.disclosed, invalid.disclosure, "error");
  }
  const repairing = { ...nextReason(state), form: { ...form, repair: "now" as const } };
  return { state: repairing, next: REASON, effects: NO_EFFECTS };
}

function complete(state: TurnState, stopReason: StopReason, at: number, openCalls: number): Plan {
  const done: TurnState = { ...state, phase: "done" };
  const effects: TurnEffect[] = [];
  if (openCalls > 0) effects.push({ type: "close_calls", reason: "not executed: iteration limit" });
  effects.push({ type: "event", event: turnCompleted(done, stopReason, at) }, idled(done));
  effects.push({ type: "turn_end_hooks", success: true });
  return { state: done, next: { type: "complete", status: "completed", stopReason }, effects };
}

function countReason(before: TurnState, outcome: Extract<TurnOutcome, { type: "reasoned" }>): TurnState {
  const state: Mutable<TurnState> = { ...before };
  state.usage = sum(before.usage, outcome.usage);
  state.llmCallCount = before.llmCallCount + 1;
  state.toolCallCount = before.toolCallCount + outcome.callCount;
  if (outcome.text !== "") {
    state.finalMessageId = outcome.messageId;
    state.finalAnswerPreview = outcome.text.slice(0, PREVIEW_LENGTH);
  }
  if (outcome.form !== undefined) state.form = outcome.form;
  if (state.timeToFirstTokenMs === undefined && outcome.timeToFirstTokenMs !== undefined) {
    state.timeToFirstTokenMs = outcome.timeToFirstTokenMs;
  }
  if (outcome.responseId !== undefined) state.previousResponseId = outcome.responseId;
  else if (state.previousResponseId !== undefined) delete state.previousResponseId;
  return state;
}

function nextReason(state: TurnState): TurnState {
  const { callMessageId: _, paused: __, ...rest } = state;
  return { ...rest, phase: "reason", iteration: state.iteration + 1 };
}

function stopReasonOf(finishReason: string): StopReason {
  switch (finishReason) {
    case "length":
      return "max_tokens";
    case "refusal":
    case "content_filter":
      return "refusal";
    default:
      return "end_turn";
  }
}

function fail(
  state: TurnState,
  failure: TurnFailure,
  disclosed: string,
  disclosure: ErrorDisclosure,
  stopReason: StopReason,
): Plan {
  const done: TurnState = { ...state, phase: "done" };
  const event: EventDraft = {
    type: "turn.failed",
    context: contextOf(state),
    data: {
      turnId: state.turnId,
      error: disclosed,
      errorCode: failure.code,
      ...(failure.fields === undefined ? {} : { errorFields: failure.fields }),
      errorDisclosure: disclosure,
      iterations: state.iteration,
      usage: state.usage,
    },
  };
  return {
    state: done,
    next: { type: "complete", status: "failed", stopReason, failure },
    effects: [
      { type: "close_calls", reason: "not executed: the turn failed" },
      { type: "event", event },
      idled(done),
      { type: "turn_end_hooks", success: false },
    ],
  };
}

function cancel(state: TurnState, reason: string | undefined): Plan {
  const done: TurnState = { ...state, phase: "done" };
  const event: EventDraft = {
    type: "turn.cancelled",
    context: contextOf(state),
    data: {
      turnId: state.turnId,
      ...(reason === undefined ? {} : { reason }),
      iterations: state.iteration,
      usage: state.usage,
    },
  };
  return {
    state: done,
    next: { type: "complete", status: "cancelled", stopReason: "cancelled" },
    effects: [
      { type: "close_calls", reason: "not executed: the turn was cancelled" },
      { type: "event", event },
      idled(done),
    ],
  };
}

function seal(before: TurnState, outcome: Extract<TurnOutcome, { type: "sealed" }>): Plan {
  // A reason step that a guard did not let begin does not count.
  const state = before.phase === "reason" ? { ...before, iteration: before.iteration - 1 } : before;
  const done: TurnState = { ...state, phase: "done" };
  const { reason, detail } = outcome;
  const sealed = detail === undefined ? { reason } : { reason, detail };
  const event: EventDraft = {
    type: "turn.sealed",
    context: contextOf(state),
    data: {
      turnId: state.turnId,
      ...sealed,
      iterations: state.iteration,
      usage: state.usage,
    },
  };
  return {
    state: done,
    next: { type: "complete", status: "sealed", stopReason: "sealed", sealed },
    effects: [
      { type: "close_calls", reason: `not executed: ${reason}` },
      { type: "event", event },
      idled(done),
    ],
  };
}

function turnCompleted(state: TurnState, stopReason: StopReason, at: number): EventDraft {
  const data: Mutable<EventDataMap["turn.completed"]> = {
    turnId: state.turnId,
    iterations: state.iteration,
    durationMs: Math.max(0, at - state.facts.acceptedAt),
    usage: state.usage,
    stopReason,
    toolCallCount: state.toolCallCount,
    toolCallsActed: state.toolCallsActed,
    llmCallCount: state.llmCallCount,
  };
  if (state.finalMessageId !== undefined) data.finalMessageId = state.finalMessageId;
  if (state.finalAnswerPreview !== undefined) data.finalAnswerPreview = state.finalAnswerPreview;
  if (state.form !== undefined && stopReason !== "max_turn_requests") data.outputFormat = state.form.format.name;
  if (state.timeToFirstTokenMs !== undefined) data.timeToFirstTokenMs = state.timeToFirstTokenMs;
  return { type: "turn.completed", context: contextOf(state), data };
}

function idled(state: TurnState): TurnEffect {
  return {
    type: "event",
    event: {
      type: "session.idled",
      context: contextOf(state),
      data: { turnId: state.turnId, iterations: state.iteration, usage: state.usage },
    },
  };
}

/** What the events of a turn belong to. */
export function contextOf(state: TurnState): EventDraft["context"] {
  return { turnId: state.turnId, inputMessageId: state.inputMessageId };
}

function sum(total: Usage, more: Usage | undefined): Usage {
  if (more === undefined) return total;
  return total === NO_USAGE ? more : addUsage(total, more);
}
