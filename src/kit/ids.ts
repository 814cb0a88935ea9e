/** Minting of typed ids: UUIDv7 without dashes (RFC 9562, 5.7), monotonic within a source. */

import type { IdKind, IdKinds } from "../records/ids.ts";
import type { Clock, RandomSource } from "../ports/clock.ts";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** The random source of the platform. */
export function systemRandom(): RandomSource {
  return { fill: (bytes) => void crypto.getRandomValues(bytes) };
}

/**
 * Mints ids that sort by time.
 *
 * The 12 bits after the version count within a millisecond (RFC 9562, 6.2, method 1); when they run out the time part
 * runs ahead of the clock. The 62 bits at the end are random and drawn once a millisecond: they tell sources apart, so an
 * id is unique but no secret. With a fixed clock and a seeded random source the ids repeat.
 */
export class IdSource {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #bytes = new Uint8Array(8);
  #time = -1;
  #head = "";
  #tail = "";
  #counter = 0;

  /** Mints from a clock and a random source. */
  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new id of one kind. */
  next<K extends IdKind>(kind: K): IdKinds[K] {
    const now = this.#clock.now();
    if (now > this.#time) this.#startAt(now);
    else if (++this.#counter > 0xfff) this.#startAt(this.#time + 1);
    const counter = this.#counter;
    return `${kind}_${this.#head}${HEX[0x70 | (counter >> 8)]}${HEX[counter & 0xff]}${this.#tail}` as IdKinds[K];
  }

  #startAt(time: number): void {
    this.#time = time;
    this.#counter = 0;
    this.#head = Math.trunc(time).toString(16).padStart(12, "0");
    this.#random.fill(this.#bytes);
    this.#bytes[0] = 0x80 | (this.#bytes[0]! & 0x3f);
    this.#tail = this.#bytes.toHex();
  }
}
