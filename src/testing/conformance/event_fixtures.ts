/** Events, steps and checkpoints the conformance suite stores. */

import type { Event, EventDraft } from "../../records/event.ts";
import { idFromSeed, type SessionId } from "../../records/ids.ts";
import type { TurnCheckpoint } from "../../records/checkpoint.ts";
import type { TurnPhase } from "../../records/turn.ts";
import { messageFixture } from "./record_fixtures.ts";

const TIME = 1_750_000_000_000;
const FACTS = { acceptedAt: TIME, date: "2025-06-15", timeZone: "Europe/Zurich", locale: "de-CH" };

/** A durable event with a sequence, as a journal numbers it. */
export function idledEvent(seed: number, sequence: number, session: number = 1): Event {
  return {
    id: idFromSeed("event", seed),
    type: "session.idled",
    ts: TIME + seed,
    sessionId: idFromSeed("session", session),
    context: { turnId: idFromSeed("turn", seed) },
    data: { turnId: idFromSeed("turn", seed), iterations: seed, usage: { inputTokens: seed, outputTokens: 0 } },
    sequence,
  };
}

/** An ephemeral event. */
export function deltaEvent(seed: number, session: number = 1): Event {
  return {
    id: idFromSeed("event", seed),
    type: "output.message.delta",
    ts: TIME + seed,
    sessionId: idFromSeed("session", session),
    context: { turnId: idFromSeed("turn", 1) },
    data: { turnId: idFromSeed("turn", 1), messageId: idFromSeed("message", 1), delta: `piece ${seed}`, offset: seed },
  };
}

/** The events of an *accept* step: three, the first with a message. */
export function acceptDrafts(turn: number): EventDraft[] {
  const turnId = idFromSeed("turn", turn);
  const message = messageFixture(turn * 10 + 1, { role: "user" });
  const context = { turnId, inputMessageId: message.id };
  return [
    { type: "input.message", data: { message }, context },
    { type: "session.activated", data: { turnId, inputMessageId: message.id }, context },
    { type: "turn.started", data: { turnId, inputMessageId: message.id, facts: FACTS }, context },
  ];
}

/** The events of a *reason* step that calls one tool: one, with a message. */
export function reasonDrafts(turn: number): EventDraft[] {
  const turnId = idFromSeed("turn", turn);
  const message = messageFixture(turn * 10 + 2, {
    role: "agent",
    phase: "commentary",
    content: [
      { type: "text", text: "Adding." },
      { type: "tool_call", id: idFromSeed("call", turn), name: "add", arguments: { a: 1, b: 2 }, providerCallId: "p1" },
    ],
  });
  return [{ type: "output.message.completed", data: { turnId, message }, context: { turnId } }];
}

/** The events of a *result* step: one, whose message is made from the result. */
export function resultDrafts(turn: number): EventDraft[] {
  const turnId = idFromSeed("turn", turn);
  return [{
    type: "tool.completed",
    data: {
      turnId,
      messageId: idFromSeed("message", turn * 10 + 3),
      toolCallId: idFromSeed("call", turn),
      toolName: "add",
      success: true,
      status: "success",
      result: { result: 3 },
    },
    context: { turnId },
  }];
}

/** The events of an *end* step: two, the first with a message. */
export function endDrafts(turn: number): EventDraft[] {
  const turnId = idFromSeed("turn", turn);
  const message = messageFixture(turn * 10 + 4, { role: "agent", phase: "final_answer" });
  return [
    { type: "output.message.completed", data: { turnId, message }, context: { turnId } },
    { type: "session.idled", data: { turnId, iterations: 2 }, context: { turnId } },
  ];
}

/** A checkpoint of an open turn. */
export function checkpointFixture(sessionId: SessionId, turn: number, phase: TurnPhase = "reason"): TurnCheckpoint {
  return {
    version: 1,
    state: {
      version: 1,
      turnId: idFromSeed("turn", turn),
      sessionId,
      harnessId: idFromSeed("harness", 1),
      inputMessageId: idFromSeed("message", turn * 10 + 1),
      facts: FACTS,
      baseSequence: 0,
      phase,
      iteration: 1,
      maxIterations: 500,
      usage: { inputTokens: 5, outputTokens: 1 },
      toolCallCount: 0,
      toolCallsActed: 0,
      llmCallCount: 1,
    },
  };
}
