/** Minting of typed ids: UUIDv7 without dashes (RFC 9562, 5.7), monotonic within a source. */

import type { IdKind, IdKinds } from "../records/ids.ts";
import type { Clock, RandomSource } from "../ports/clock.ts";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const POOL_BYTES = 4096;
const BYTES_PER_ID = 9;

/** The random source of the platform. */
export function systemRandom(): RandomSource {
  return { fill: (bytes) => void crypto.getRandomValues(bytes) };
}

/**
 * Mints ids that sort by time.
 *
 * The 12 bits after the version count within a millisecond (RFC 9562, 6.2, method 1), starting at a random value below 2048;
 * when they run out the time part runs ahead of the clock. With a fixed clock and a seeded random source the ids repeat.
 */
export class IdSource {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;
  #time = -1;
  #prefix = "";
  #counter = 0;

  /** Mints from a clock and a random source. */
  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new id of one kind. */
  next<K extends IdKind>(kind: K): IdKinds[K] {
    return `${kind}_${this.#uuid()}` as IdKinds[K];
  }

  #uuid(): string {
    if (this.#used + BYTES_PER_ID > POOL_BYTES) {
      this.#random.fill(this.#pool);
      this.#used = 0;
    }
    const pool = this.#pool;
    const at = this.#used;
    this.#used = at + BYTES_PER_ID;
    const now = this.#clock.now();
    if (now > this.#time) this.#startAt(now, pool[at]! << 3);
    else if (++this.#counter > 0xfff) this.#startAt(this.#time + 1, 0);
    const counter = 0x7000 | this.#counter;
    return this.#prefix + HEX[counter >> 8] + HEX[counter & 0xff] + HEX[0x80 | (pool[at + 1]! & 0x3f)] +
      HEX[pool[at + 2]!] + HEX[pool[at + 3]!] + HEX[pool[at + 4]!] + HEX[pool[at + 5]!] + HEX[pool[at + 6]!] +
      HEX[pool[at + 7]!] + HEX[pool[at + 8]!];
  }

  #startAt(time: number, counter: number): void {
    this.#time = time;
    this.#prefix = Math.trunc(time).toString(16).padStart(12, "0");
    this.#counter = counter;
  }
}
