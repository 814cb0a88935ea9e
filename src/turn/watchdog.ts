/** How the waits of a turn end: by interruption, or by a deadline; all deadlines are on one timer. */

import type { Clock, Timer } from "../ports/clock.ts";

/** A limit is this many quiet rounds in a row, so a touch delays it by one round at most. */
const ROUNDS = 4;

/**
 * A wait that ends within so many microtasks gets no timer: setting one costs more than the hops, and the first
 * timer of a program costs 8 ms (Deno 2.9.6), a third of the start of an empty one.
 */
const HOPS = 100;
const SETTLED: Promise<void> = Promise.resolve();

/** One armed deadline. */
export interface Deadline {
  /** There was activity: the limit counts from now again. Costs no clock reading. */
  touch(): void;
  /** Disarms it. */
  cancel(): void;
}

interface Entry extends Deadline {
  at: number;
  touched: boolean;
  quiet: number;
  readonly round: number;
  readonly expire: () => void;
}

/** Keeps deadlines of one turn; at most one timer is set, and none when nothing is armed. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #hopping = false;
  #hopsLeft = 0;

  /** Keeps time with a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once when so many milliseconds, or a quarter more, pass without a touch. */
  arm(milliseconds: number, expire: () => void): Deadline {
    const round = milliseconds / ROUNDS;
    const entry: Entry = {
      at: this.#clock.monotonic() + round,
      touched: false,
      quiet: 0,
      round,
      expire,
      touch: () => {
        entry.touched = true;
      },
      cancel: () => {
        this.#entries.delete(entry);
      },
    };
    this.#entries.add(entry);
    if (this.#timer !== undefined) {
      if (entry.at < this.#timerAt) this.#set(entry.at);
    } else if (!this.#hopping) {
      this.#hopping = true;
      this.#hopsLeft = HOPS;
      this.#hop();
    }
    return entry;
  }

  /** Disarms everything. */
  dispose(): void {
    this.#entries.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  // One function for all hops: a closure each would be most of their cost.
  readonly #hop = (): void => {
    if (this.#entries.size === 0) this.#hopping = false;
    else if (this.#hopsLeft-- > 0) SETTLED.then(this.#hop);
    else {
      this.#hopping = false;
      let next = Infinity;
      for (const entry of this.#entries) next = Math.min(next, entry.at);
      this.#set(next);
    }
  };

  #set(at: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimer(() => this.#check(), Math.max(1, at - this.#clock.monotonic()));
  }

  #check(): void {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    const now = this.#clock.monotonic();
    let next = Infinity;
    for (const entry of this.#entries) {
      if (entry.at <= now) {
        entry.quiet = entry.touched ? 0 : entry.quiet + 1;
        entry.touched = false;
        if (entry.quiet >= ROUNDS) {
          this.#entries.delete(entry);
          entry.expire();
          continue;
        }
        entry.at = now + entry.round;
      }
      if (entry.at < next) next = entry.at;
    }
    if (next < Infinity && this.#entries.size > 0) this.#set(next);
  }
}

/** Runs waits that a cancelled turn leaves behind, whatever they wait for. */
export class Interrupts {
  readonly #rejects = new Set<(reason: unknown) => void>();
  #interrupted = false;
  #reason: unknown;

  /** Whether the turn was interrupted. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Why it was interrupted. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Ends all waits, now and from now on. */
  interrupt(reason: unknown): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#reason = reason;
    const rejects = [...this.#rejects];
    this.#rejects.clear();
    for (const reject of rejects) reject(reason);
  }

  /** Calls back on interruption until the returned function is called. */
  onInterrupt(callback: (reason: unknown) => void): () => void {
    if (this.interrupted) {
      callback(this.#reason);
      return ignore;
    }
    this.#rejects.add(callback);
    return () => void this.#rejects.delete(callback);
  }
}

function ignore(): void {}
