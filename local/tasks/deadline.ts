/** A call with a deadline. */

import { RuntimeError } from "../../src/errors.ts";
import type { Clock } from "../../src/ports/clock.ts";

/** Options of {@linkcode withDeadline}. */
export interface DeadlineOptions {
  /** Measures the time. */
  readonly clock: Clock;
  /** Longest wait. */
  readonly milliseconds: number;
  /** What is done, for the message: `deliver a wake`. */
  readonly action: string;
  /** Ends the wait early. */
  readonly signal: AbortSignal;
}

/**
 * What a call came to, unless it takes too long; its signal is aborted then.
 *
 * A call that ignores its signal goes on unseen: what it comes to is dropped.
 *
 * @throws {RuntimeError} `deadline_exceeded` after so many milliseconds
 * @throws the signal's reason when it is aborted
 */
export async function withDeadline<T>(
  call: (signal: AbortSignal) => Promise<T>,
  options: DeadlineOptions,
): Promise<T> {
  const { clock, milliseconds, action, signal } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const over = Promise.withResolvers<never>();
  function end(reason: unknown): void {
    controller.abort(reason);
    over.reject(reason);
  }
  function onAbort(): void {
    end(signal.reason);
  }
  const timer = clock.setTimer(
    () => end(new RuntimeError("deadline_exceeded", `Cannot ${action}: it took more than ${milliseconds} ms`)),
    milliseconds,
  );
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([Promise.try(() => call(controller.signal)), over.promise]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
