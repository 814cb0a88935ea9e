/** How fast a simulated model speaks. */

import { checkMilliseconds } from "./check.ts";

/** Waits between the pieces of a streamed reply. */
export interface LlmSimLatency {
  /**
   * Wait before the first token, in milliseconds.
   *
   * @default {300}
   */
  readonly firstTokenMs?: number;
  /**
   * Wait before each further token, in milliseconds; a token is four characters.
   *
   * @default {20}
   */
  readonly tokenMs?: number;
}

const FIRST_TOKEN_MS = 300;
const TOKEN_MS = 20;

/**
 * Checks a latency and fills in what was left out.
 *
 * @throws {TypeError} when it is not an object of numbers
 * @throws {RangeError} when a wait is negative or not finite
 */
export function checkLatency(latency: LlmSimLatency): Required<LlmSimLatency> {
  if (typeof latency !== "object" || latency === null) {
    throw new TypeError(`Cannot use ${String(latency)} as a latency: expected an object`);
  }
  return {
    firstTokenMs: checkMilliseconds(latency.firstTokenMs ?? FIRST_TOKEN_MS, "firstTokenMs"),
    tokenMs: checkMilliseconds(latency.tokenMs ?? TOKEN_MS, "tokenMs"),
  };
}

/**
 * The latency a model's name asks for, if any.
 *
 * A name that ends with `-latency` speaks at a realistic speed, `-ttft-N` sets the wait before the first token to N
 * milliseconds; both may be given, in any order.
 */
export function latencyOfModel(model: string): Required<LlmSimLatency> | undefined {
  const firstTokenMs = /-ttft-(\d{1,9})(?:-latency)?$/.exec(model)?.[1];
  const realistic = /-latency(?:-ttft-\d{1,9})?$/.test(model);
  if (firstTokenMs === undefined && !realistic) return undefined;
  return {
    firstTokenMs: firstTokenMs === undefined ? FIRST_TOKEN_MS : Number(firstTokenMs),
    tokenMs: realistic ? TOKEN_MS : 0,
  };
}
