/** Randomness that repeats. */

import type { RandomSource } from "../ports/clock.ts";

/**
 * A source that gives the same bytes for the same seed on every machine; for tests, never for secrets.
 *
 * @example
 * ```ts
 * import { seededRandom } from "@everruns/runtime/testing";
 * import assert from "node:assert/strict";
 *
 * const first = new Uint8Array(16);
 * const second = new Uint8Array(16);
 * seededRandom(7).fill(first);
 * seededRandom(7).fill(second);
 * assert.deepEqual(first, second);
 * ```
 *
 * @throws {RangeError} when the seed is not a whole number from 0 to 2^32 - 1
 */
export function seededRandom(seed: number): RandomSource {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`Cannot use ${seed} as a seed: expected a whole number from 0 to ${0xffff_ffff}`);
  }
  let state = seed | 0;

  /** Mulberry32 (Tommy Ettinger, public domain): 32 bits from one addition and two multiplications. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  return {
    fill(bytes: Uint8Array<ArrayBuffer>): void {
      for (let i = 0; i < bytes.length;) {
        let word = next();
        for (let n = 0; n < 4 && i < bytes.length; n++, word >>>= 8) bytes[i++] = word & 0xff;
      }
    },
  };
}
