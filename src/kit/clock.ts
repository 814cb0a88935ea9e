/** The host's clock as a port, and waiting on any clock. */

import type { Clock, Timer } from "../ports/clock.ts";

/** Longest wait one `setTimeout` can hold; a longer one fires at once (HTML, timer initialisation steps). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

let hostTimeZone: string | undefined;

/**
 * The clock of the host.
 *
 * Timers may be of any length; a `setTimeout` alone overflows after 24.8 days.
 *
 * @example
 * ```ts ignore
 * const clock = systemClock();
 * const timer = clock.setTimer(() => {}, 30_000);
 * timer.cancel();
 * ```
 */
export function systemClock(): Clock {
  return SYSTEM_CLOCK;
}

const SYSTEM_CLOCK: Clock = Object.freeze({
  now: (): number => Date.now(),
  monotonic: (): number => performance.now(),
  setTimer: startTimer,
  // Temporal reads the zone alone (0.8 ms once in Deno 2.9.6); an `Intl.DateTimeFormat` loads all of ICU (38 ms).
  timeZone: (): string => hostTimeZone ??= Temporal.Now.timeZoneId(),
});

function startTimer(callback: () => void, milliseconds: number): Timer {
  if (milliseconds > LONGEST_TIMEOUT_MS) return startLongTimer(callback, milliseconds);
  const id = setTimeout(callback, milliseconds);
  return { cancel: () => clearTimeout(id), unref: () => Deno.unrefTimer(id) };
}

function startLongTimer(callback: () => void, milliseconds: number): Timer {
  let timer: Timer = startTimer(next, LONGEST_TIMEOUT_MS);
  function next(): void {
    timer = startTimer(callback, milliseconds - LONGEST_TIMEOUT_MS);
  }
  return { cancel: () => timer.cancel() };
}

/**
 * Resolves after so many milliseconds of a clock; leaves no timer and no listener behind.
 *
 * @example
 * ```ts ignore
 * await sleep(clock, 250, signal);
 * ```
 *
 * @throws the signal's reason when it is aborted before or while waiting
 */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    function onAbort(): void {
      timer.cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
