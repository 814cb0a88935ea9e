/** When a failed model call is tried again, and after how long. */

import { ProviderError } from "../errors.ts";
import type { RandomSource } from "../ports/clock.ts";
import type { ProviderRetryConfig } from "./limits.ts";

/** What is known when a try has failed. */
export interface FailedTry {
  /** What was thrown. */
  readonly error: unknown;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** Milliseconds since the first try began. */
  readonly elapsedMs: number;
}

/** Whether to try again. */
export type RetryDecision =
  | {
    /** Try again. */
    readonly type: "retry";
    /** After so many milliseconds. */
    readonly waitMs: number;
  }
  | {
    /** Give up with this error. */
    readonly type: "fail";
    /** The error. */
    readonly error: unknown;
  };

/** Decides after a failed try; `random` is in [0, 1). */
export function decideRetry(failed: FailedTry, config: ProviderRetryConfig, random: number): RetryDecision {
  const { error, tries, elapsedMs } = failed;
  if (!(error instanceof ProviderError) || !error.retryable || tries > config.maxRetries) {
    return { type: "fail", error };
  }
  const waitMs = waitOf(error, tries, config, random);
  if (config.maxElapsedMs !== undefined && elapsedMs + waitMs > config.maxElapsedMs) {
    const spent = `the retry time budget of ${config.maxElapsedMs} ms is exhausted`;
    const code = error.code === "provider_rate_limited" ? "provider_rate_limited" : "provider_unavailable";
    return { type: "fail", error: new ProviderError(code, `${error.message}; ${spent}`, { cause: error }) };
  }
  return { type: "retry", waitMs };
}

function waitOf(error: ProviderError, tries: number, config: ProviderRetryConfig, random: number): number {
  const asked = error.retryAfterMs;
  if (asked !== undefined && asked >= 0 && asked <= config.maxBackoffMs) return asked;
  const backoff = Math.min(config.maxBackoffMs, config.initialBackoffMs * config.multiplier ** (tries - 1));
  return Math.max(0, Math.round(backoff * (1 + config.jitter * (2 * random - 1))));
}

/** A number in [0, 1) from a random source. */
export function fraction(random: RandomSource): number {
  const bytes = new Uint8Array(4);
  random.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}
