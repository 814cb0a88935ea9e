/** A reason step that failed for good: what is recorded and what the user is told. */

import type { EventDraft } from "../records/event.ts";
import type { Message } from "../records/message.ts";
import { disclose, narrowDisclosure, toFailure } from "./failure.ts";
import { contextFor, generationEvent, generationMetadata, type Reasoned, type Reasoning } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

/** The outcome and events of a failed step; `llmError` hooks may change the words for the user. */
export async function failedReason(run: TurnRun, reasoning: Reasoning, error: unknown): Promise<Reasoned> {
  const { ports, state } = run;
  const { context, messageId, called } = reasoning;
  const failure = toFailure(error, ports.secrets);
  const disclosure = narrowDisclosure(context?.config.errorDisclosure ?? "standard", run.controls?.errorDisclosure);
  let disclosed = disclose(failure, disclosure);
  if (context !== undefined && context.config.hasHook.llmError) {
    for (const { owner, hooks } of context.config.hooks) {
      if (hooks.llmError === undefined) continue;
      try {
        const amended = hooks.llmError(failure, contextFor(run, context)(owner.config));
        const words = await run.timed(Promise.resolve(amended), ports.limits.hookMs, "run an llmError hook");
        if (typeof words === "string") disclosed = words;
      } catch (thrown) {
        if (run.interrupts.interrupted) throw run.interrupts.reason;
        run.hookFailed("llmError", owner, thrown);
      }
    }
  }
  const message: Message = Object.freeze({
    id: messageId,
    role: "agent",
    content: Object.freeze([Object.freeze({ type: "text" as const, text: disclosed })]),
    metadata: Object.freeze({
      errorCode: failure.code,
      errorDisclosure: disclosure,
      ...(failure.fields === undefined ? {} : { errorFields: failure.fields }),
    }),
    createdAt: ports.clock.now(),
  });
  const events: EventDraft[] = [
    generationEvent(run, reasoning, message, { ...generationMetadata(reasoning, false), error: failure.message }),
    {
      type: "output.message.completed",
      context: run.eventContext,
      data: { turnId: state.turnId, message, errorCode: failure.code },
    },
    {
      type: "reason.completed",
      context: run.eventContext,
      data: {
        turnId: state.turnId,
        success: false,
        hasToolCalls: false,
        toolCallCount: 0,
        error: failure.message,
        durationMs: called.durationMs,
      },
    },
  ];
  return {
    outcome: { type: "reason_failed", failure, disclosed, disclosure },
    events,
    message,
  };
}

/** The outcome of a step that could not be performed at all. */
export function failedStep(run: TurnRun, error: unknown): Reasoned["outcome"] {
  const failure = toFailure(error, run.ports.secrets);
  const disclosure = narrowDisclosure("standard", run.controls?.errorDisclosure);
  return { type: "reason_failed", failure, disclosed: disclose(failure, disclosure), disclosure };
}
