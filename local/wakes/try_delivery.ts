/** One try to deliver a text to a session. */

import { RuntimeError } from "../../src/errors.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { WakeDelivery } from "./delivery.ts";

/** Errors that say "not now": nothing is wrong with the text or the session. */
const NOT_NOW: ReadonlySet<string> = new Set([
  "session_busy",
  "turn_waiting",
  "host_not_bound",
  "queue_full",
  "runtime_closed",
  "route_closed",
  "store_busy",
  "storage_full",
  "storage_read_only",
  "lease_lost",
  "sequence_conflict",
]);

/** What a try came to. */
export type DeliveryOutcome =
  | { readonly type: "delivered" }
  /** The session cannot take it just now, or will take it later. */
  | { readonly type: "not_now" }
  | { readonly type: "failed"; readonly error: unknown }
  /** Whoever tried was aborted; whether the text is stored is unknown. */
  | { readonly type: "aborted" };

/** What {@linkcode tryDelivery} delivers, and how long it waits. */
export interface DeliveryAttempt {
  /** The session. */
  readonly sessionId: SessionId;
  /** The text. */
  readonly text: string;
  /** Equal for every try. */
  readonly key: string;
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
}

/** Tries to deliver; never rejects, and never waits longer than the deadline, whatever the delivery does. */
export async function tryDelivery(
  delivery: WakeDelivery,
  attempt: DeliveryAttempt,
  clock: Clock,
): Promise<DeliveryOutcome> {
  const { sessionId, text, key, timeoutMs, signal } = attempt;
  if (signal.aborted) return { type: "aborted" };
  const controller = new AbortController();
  const ended = Promise.withResolvers<DeliveryOutcome>();
  const timer = clock.setTimer(() => {
    // A turn of the session may be in the middle of a long step, and takes the text after it.
    if (delivery.isUnderway?.(sessionId, key) === true) ended.resolve({ type: "not_now" });
    const error = new RuntimeError(
      "delivery_timeout",
      `Cannot deliver to session "${sessionId}": it took longer than ${timeoutMs} ms; it is tried again`,
    );
    ended.resolve({ type: "failed", error });
    controller.abort(error);
  }, timeoutMs);
  function onAbort(): void {
    ended.resolve({ type: "aborted" });
    controller.abort(signal.reason);
  }
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const delivered = Promise.try(() => delivery.deliver(sessionId, text, key, controller.signal));
    return await Promise.race([ended.promise, delivered.then<DeliveryOutcome>(() => ({ type: "delivered" }))]);
  } catch (error) {
    return outcomeOf(error);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function outcomeOf(error: unknown): DeliveryOutcome {
  if (!(error instanceof RuntimeError)) return { type: "failed", error };
  // The key was accepted before: that was this text.
  if (error.code === "duplicate_input") return { type: "delivered" };
  return NOT_NOW.has(error.code) ? { type: "not_now" } : { type: "failed", error };
}
