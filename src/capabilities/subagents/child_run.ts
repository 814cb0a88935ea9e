/** Running a child session's turn to its end. */

import { RuntimeError, TurnWaitingError } from "../../errors.ts";
import { textOf } from "../../records/content.ts";
import type { SessionId } from "../../records/ids.ts";
import type { TaskInputRequest } from "../../records/task.ts";
import type { TurnResult } from "../../records/turn.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PlatformStore, SessionOutcome } from "../../ports/platform_store.ts";
import { sleep } from "../../kit/clock.ts";
import { toldToModel } from "../../kit/told_to_model.ts";

/** How a child's work ended. */
export type ChildEnding =
  | {
    /** It did what it was told. */
    readonly state: "succeeded";
    /** Its last words. */
    readonly reply: string;
  }
  | {
    /** Somebody cancelled it. */
    readonly state: "canceled";
    /** Its last words. */
    readonly reply: string;
  }
  | {
    /** It did not come to a good end. */
    readonly state: "failed";
    /** Its last words. */
    readonly reply: string;
    /** Why. */
    readonly error: {
      /** A stable word. */
      readonly kind: string;
      /** For the model. */
      readonly message: string;
    };
  };

/** What {@linkcode runChild} runs, and whom it tells. */
export interface ChildRun {
  /** Runs sessions. */
  readonly platform: PlatformStore;
  /** Measures waits. */
  readonly clock: Clock;
  /** The child. */
  readonly sessionId: SessionId;
  /** What it is told. */
  readonly instructions: string;
  /** Equal for every run of the same work: a repeat joins the first turn, or gets what it came to. */
  readonly idempotencyKey: string;
  /** Longest run, in milliseconds; then the child's turn is aborted. */
  readonly limitMs: number;
  /** Aborts the child's turn. */
  readonly signal?: AbortSignal;
  /** Told, again and again, that the child's turn waits for its client. */
  waiting?(question: TaskInputRequest): Promise<void>;
  /** Told that the child's turn runs again. */
  resumed?(): Promise<void>;
  /** Resolves when messages on their way to the child are stored. */
  delivered?(): Promise<unknown>;
}

/** How often a child that waits for its client, or that another process runs, is looked at. */
const POLL_MS = 2_000;
/** Conditions that pass: another process runs the child, or its store is busy. */
const PASSING: ReadonlySet<string> = new Set(["session_busy", "lease_lost", "sequence_conflict", "store_busy"]);
const RECENT_MESSAGES = 20;

/**
 * Sends the instructions and waits for the end of the child's work.
 *
 * The work is the turn on the instructions, and those that messages sent meanwhile started. Aborting is real: the turn
 * is cancelled, whether it runs or waits.
 *
 * @throws {RuntimeClosedError} when the runtime is closed: the child's work may go on in another one
 */
export async function runChild(run: ChildRun): Promise<ChildEnding> {
  const { platform, clock, sessionId, limitMs, signal } = run;
  if (signal?.aborted) return CANCELED;
  const stop = new AbortController();
  let isTooLate = false;
  const halt = (): void => {
    if (stop.signal.aborted) return;
    stop.abort();
    const reason = isTooLate ? `It ran for more than ${limitMs / 1_000} s` : "Its task was cancelled";
    // The end of the turn is what is waited for; a turn that cannot be cancelled ends by itself.
    platform.cancelTurn(sessionId, reason).catch(() => {});
  };
  const timer = clock.setTimer(() => {
    isTooLate = true;
    halt();
  }, limitMs);
  signal?.addEventListener("abort", halt, { once: true });
  try {
    const ending = await untilEnd(run, stop.signal);
    return isTooLate && ending.state === "canceled" ? timedOut(ending.reply, limitMs) : ending;
  } catch (error) {
    if (!stop.signal.aborted || isRuntimeClosed(error)) throw error;
    return isTooLate ? timedOut("", limitMs) : CANCELED;
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", halt);
  }
}

/** How the work ended, by what its session came to; undefined when it has not ended. */
export async function endingOf(
  platform: PlatformStore,
  sessionId: SessionId,
  outcome: SessionOutcome,
): Promise<ChildEnding | undefined> {
  switch (outcome) {
    case "started":
    case "active":
    case "waiting_for_tool_results":
      return undefined;
    case "completed":
      return { state: "succeeded", reply: await lastReply(platform, sessionId) };
    case "cancelled":
      return { state: "canceled", reply: await lastReply(platform, sessionId) };
    case "failed":
    case "max_iterations_reached":
    case "sealed":
      return failed(outcome, await lastReply(platform, sessionId));
  }
}

/** The ending of work that could not be done at all. */
export function endingOfError(error: unknown): ChildEnding {
  const message = `The agent could not run: ${toldToModel(error)}`;
  return { state: "failed", reply: "", error: { kind: "error", message } };
}

/** Whether a runtime was closed while it was asked. */
export function isRuntimeClosed(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === "runtime_closed";
}

const CANCELED: ChildEnding = Object.freeze({ state: "canceled", reply: "" });

async function untilEnd(run: ChildRun, signal: AbortSignal): Promise<ChildEnding> {
  for (;;) {
    const turn = await send(run);
    if (turn !== undefined && turn.status !== "waiting") return await endingOfTurn(run, turn, signal);
    await sleep(run.clock, POLL_MS, signal);
    if (await run.platform.getStatus(run.sessionId) === "active") await run.resumed?.();
  }
}

/** Sends the instructions, or asks again what they came to; undefined when that cannot be told now. */
async function send(run: ChildRun): Promise<TurnResult | undefined> {
  const { platform, sessionId, instructions, idempotencyKey } = run;
  try {
    const turn = await platform.sendMessage(sessionId, instructions, { idempotencyKey });
    if (turn.status === "waiting") await run.waiting?.(questionOf(turn.waitingFor));
    return turn;
  } catch (error) {
    if (error instanceof TurnWaitingError) await run.waiting?.(questionOf(error.calls));
    else if (!(error instanceof RuntimeError && PASSING.has(error.code))) throw error;
    return undefined;
  }
}

/** The end of the work: that of the turn, unless a message that came too late for it has started another one. */
async function endingOfTurn(run: ChildRun, turn: TurnResult, signal: AbortSignal): Promise<ChildEnding> {
  if (turn.status === "cancelled") return { state: "canceled", reply: turn.response };
  const { platform, clock, sessionId } = run;
  await run.delivered?.();
  let outcome = await platform.getStatus(sessionId);
  if (outcome === "active" || outcome === "waiting_for_tool_results") {
    for (;;) {
      outcome = await platform.waitForIdle(sessionId, { signal });
      const ending = await endingOf(platform, sessionId, outcome);
      if (ending !== undefined) return ending;
      if (outcome === "waiting_for_tool_results") await run.waiting?.(questionOf([]));
      await sleep(clock, POLL_MS, signal);
      if (await platform.getStatus(sessionId) === "active") await run.resumed?.();
    }
  }
  if (turn.status === "sealed") return failed("sealed", turn.response);
  if (turn.status === "failed") return failed("failed", turn.response, turn.error?.code);
  if (turn.stopReason === "max_turn_requests") return failed("max_iterations_reached", turn.response);
  return { state: "succeeded", reply: turn.response };
}

/** Why each way of failing is one. */
const FAILURES = {
  failed: "Its turn failed",
  max_iterations_reached: "It reached its limit of steps",
  sealed: "A guard ended its turn",
} as const;

function failed(kind: keyof typeof FAILURES, reply: string, code?: string): ChildEnding {
  // The provider's own words are for the host, whose session may disclose less.
  const message = code === undefined ? FAILURES[kind] : `${FAILURES[kind]}: ${code}`;
  return { state: "failed", reply, error: { kind, message } };
}

function timedOut(reply: string, limitMs: number): ChildEnding {
  const message = `It did not end within ${limitMs / 1_000} s and was stopped`;
  return { state: "failed", reply, error: { kind: "timeout", message } };
}

function questionOf(calls: readonly { readonly id: string; readonly name: string }[]): TaskInputRequest {
  const names = calls.map(({ id, name }) => `${name} (${id})`).join(", ");
  return {
    id: `waiting_${calls[0]?.id ?? "turn"}`,
    prompt: names === ""
      ? "Its turn waits for its client to answer or decide"
      : `Its turn waits for its client to answer or decide: ${names}`,
  };
}

async function lastReply(platform: PlatformStore, sessionId: SessionId): Promise<string> {
  const messages = await platform.getMessages(sessionId, { limit: RECENT_MESSAGES });
  for (const { role, content } of messages.toReversed()) {
    if (role !== "agent") continue;
    const text = textOf(content);
    if (text.trim() !== "") return text;
  }
  return "";
}
