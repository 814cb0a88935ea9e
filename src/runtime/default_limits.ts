/** Retries, deadlines and caps of turns: what holds when the host says nothing, and what it may say. */

import type { ProviderRetryConfig, TurnLimits } from "../turn/limits.ts";

/** Retries when the host says nothing. */
export const DEFAULT_RETRY: ProviderRetryConfig = Object.freeze({
  maxRetries: 2,
  initialBackoffMs: 1000,
  maxBackoffMs: 60_000,
  multiplier: 2,
  jitter: 0.25,
});

/** What the numbers of the retries may be, where it is not any from 0. */
const RETRY_NUMBERS: ReadonlyMap<string, readonly [expected: string, fits: (value: number) => boolean]> = new Map([
  ["maxRetries", ["a whole number from 0", (value) => value >= 0 && Number.isInteger(value)]],
  ["multiplier", ["a finite number from 1", (value) => value >= 1]],
  ["jitter", ["a number from 0 to 1", (value) => value >= 0 && value <= 1]],
  ["maxElapsedMs", ["a finite number above 0", (value) => value > 0]],
]);

/** Limits when the host says nothing. */
export const DEFAULT_LIMITS: TurnLimits = Object.freeze({
  providerStallMs: 120_000,
  providerTotalMs: 1_800_000,
  hookMs: 30_000,
  storeMs: 30_000,
  toolMs: 120_000,
  toolConcurrency: 32,
  maxCallsPerReply: 256,
  maxReplyCharacters: 16 * 1024 * 1024,
  maxStreamEvents: 1_000_000,
  maxToolResultBytes: 64 * 1024,
  maxQueue: 64,
  maxIdleCacheBytes: 64 * 1024 * 1024,
});

/**
 * Checks what a host says about retries.
 *
 * @throws {RangeError} that names a number which makes no sense
 */
export function checkRetry(config: Partial<ProviderRetryConfig>): void {
  for (const [name, value] of Object.entries(config)) {
    if (!(name in DEFAULT_RETRY || RETRY_NUMBERS.has(name))) {
      throw new TypeError(`Cannot set retry "${name}": there is no such setting`);
    }
    const [expected, fits] = RETRY_NUMBERS.get(name) ?? ["a finite number from 0", (value: number) => value >= 0];
    if (Number.isFinite(value) && fits(value)) continue;
    throw new RangeError(`Cannot set retry "${name}" to ${String(value)}: expected ${expected}`);
  }
}

/**
 * Checks what a host says about deadlines and caps.
 *
 * @throws {RangeError} that names a number which makes no sense
 * @throws {TypeError} that names a limit there is not
 */
export function checkLimits(limits: Partial<TurnLimits>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`Cannot set limit "${name}": there is no such limit`);
    // Less would not even hold the words for a result that was cut.
    const [fits, expected] = name === "maxToolResultBytes" ? [value >= 256, "from 256"] : [value > 0, "above 0"];
    if (typeof value !== "number" || !fits) {
      throw new RangeError(`Cannot set limit "${name}" to ${String(value)}: expected a number ${expected}`);
    }
  }
}
