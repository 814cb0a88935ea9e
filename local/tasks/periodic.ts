/** Work that is done again and again until it is stopped. */

import type { Clock } from "../../src/ports/clock.ts";
import { sleep } from "../../src/kit/clock.ts";

/** Options of {@linkcode startPeriodic}. */
export interface PeriodicOptions {
  /** Measures the time between passes. */
  readonly clock: Clock;
  /** Milliseconds from the end of a pass to the next one. */
  readonly intervalMs: number;
}

/** Work that was started. */
export interface PeriodicHandle extends AsyncDisposable {
  /** Stops it: aborts the pass that runs and waits for its end. */
  shutdown(): Promise<void>;
}

/**
 * Does something now and then in regular intervals, never twice at once; a pass that fails does not end it.
 *
 * @throws {RangeError} when the interval is not positive
 */
export function startPeriodic(pass: (signal: AbortSignal) => Promise<void>, options: PeriodicOptions): PeriodicHandle {
  const { clock, intervalMs } = options;
  if (!(intervalMs > 0)) throw new RangeError(`Cannot use ${intervalMs} as intervalMs: expected more than 0`);
  const stop = new AbortController();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await pass(stop.signal);
        await sleep(clock, intervalMs, stop.signal);
      } catch {
        // Whoever makes the pass reports its errors. A pass that fails at once must not spin.
        await sleep(clock, intervalMs, stop.signal).catch(() => {});
      }
    }
  }
  const running = run();
  async function shutdown(): Promise<void> {
    stop.abort();
    await running;
  }
  return { shutdown, [Symbol.asyncDispose]: shutdown };
}
