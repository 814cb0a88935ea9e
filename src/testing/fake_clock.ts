/** A clock that stands still until a test moves it. */

import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../ports/clock.ts";

/** Options of {@linkcode FakeClock}. */
export interface FakeClockOptions {
  /**
   * Time of day at the start, in milliseconds since the epoch.
   *
   * @default {1767225600000} (2026-01-01T00:00:00Z)
   */
  readonly start?: number;
  /**
   * The host's IANA time zone.
   *
   * @default {"UTC"}
   */
  readonly timeZone?: string;
}

interface FakeTimer {
  readonly due: number;
  readonly callback: () => void;
}

const START = Date.UTC(2026, 0, 1);

/**
 * A clock that stands still until it is moved; timers fire in the order they are due, those due together in the
 * order they were set.
 *
 * @example
 * ```ts
 * import { FakeClock } from "@everruns/runtime/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new FakeClock();
 * let fired = false;
 * clock.setTimer(() => fired = true, 60_000);
 * clock.advance(59_999);
 * assert.equal(fired, false);
 * clock.advance(1);
 * assert.equal(fired, true);
 * ```
 */
export class FakeClock implements Clock {
  readonly #timers: Set<FakeTimer> = new Set();
  #elapsed = 0;
  #offset: number;
  #timeZone: string;

  /**
   * Creates a clock.
   *
   * @throws {RangeError} when `start` is not finite
   */
  constructor(options: FakeClockOptions = {}) {
    this.#offset = checkFinite(options.start ?? START, "start");
    this.#timeZone = options.timeZone ?? "UTC";
  }

  /** How many timers are set and have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#offset + this.#elapsed;
  }

  /** Milliseconds this clock was advanced by. */
  monotonic(): number {
    return this.#elapsed;
  }

  /** Calls back once, when the clock has been advanced by so many milliseconds; never before it is advanced. */
  setTimer(callback: () => void, milliseconds: number): Timer {
    const timer: FakeTimer = { due: this.#elapsed + Math.max(milliseconds, 0), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** The host's IANA time zone. */
  timeZone(): string {
    return this.#timeZone;
  }

  /** Moves the host to another time zone. */
  setTimeZone(timeZone: string): void {
    this.#timeZone = timeZone;
  }

  /**
   * Sets the time of day, also back, as a user or a time server may; no timer fires and `monotonic()` stays.
   *
   * @throws {RangeError} when it is not finite
   */
  setNow(millisecondsSinceEpoch: number): void {
    this.#offset = checkFinite(millisecondsSinceEpoch, "millisecondsSinceEpoch") - this.#elapsed;
  }

  /**
   * Moves the clock and fires every timer that becomes due, also those set on the way, before it returns.
   *
   * What a timer's callback continues asynchronously has not run yet; see {@linkcode FakeClock.advanceAsync}.
   *
   * @throws {RangeError} when the duration is negative or not finite
   * @throws what a callback throws; the clock then stands at that timer
   */
  advance(milliseconds: number): void {
    const target = this.#elapsed + checkDuration(milliseconds);
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) this.#fire(timer);
    this.#elapsed = Math.max(this.#elapsed, target);
  }

  /**
   * Moves the clock like {@linkcode FakeClock.advance}, but lets all pending promise reactions run before, between and
   * after the timers, so that code which sleeps several times in a row gets through.
   *
   * @throws {RangeError} when the duration is negative or not finite
   */
  async advanceAsync(milliseconds: number): Promise<void> {
    const target = this.#elapsed + checkDuration(milliseconds);
    await settle();
    for (let timer = this.#next(target); timer !== undefined; timer = this.#next(target)) {
      this.#fire(timer);
      await settle();
    }
    this.#elapsed = Math.max(this.#elapsed, target);
  }

  /**
   * Moves the clock to the next timer and fires it and all others due at the same time, with promise reactions run
   * before and after each; tells whether there was one.
   */
  async runToNextTimer(): Promise<boolean> {
    await settle();
    const next = this.#next(Infinity);
    if (next === undefined) return false;
    await this.advanceAsync(Math.max(next.due - this.#elapsed, 0));
    return true;
  }

  #next(target: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= target && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }

  #fire(timer: FakeTimer): void {
    this.#timers.delete(timer);
    this.#elapsed = Math.max(this.#elapsed, timer.due);
    timer.callback();
  }
}

/** Resolves when no promise reaction is left to run: `setImmediate` comes after all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function checkDuration(milliseconds: number): number {
  if (checkFinite(milliseconds, "milliseconds") < 0) {
    throw new RangeError(`Cannot move the clock by ${milliseconds} ms`);
  }
  return milliseconds;
}

function checkFinite(value: number, member: string): number {
  if (!Number.isFinite(value)) throw new RangeError(`Cannot use ${value} as \`${member}\`: expected a finite number`);
  return value;
}
