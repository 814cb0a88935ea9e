/** A fake clock that tells a test when somebody waits, so that no test polls. */

import type { Timer } from "../../../mod.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

/** A fake clock whose timers can be waited for. */
export class WatchedClock extends FakeClock {
  /** The delays of all timers so far, in order. */
  readonly delays: number[] = [];
  readonly #waiters = new Map<number, (() => void)[]>();
  readonly #unclaimed = new Map<number, number>();
  #armed: (() => void)[] = [];

  /** See {@linkcode FakeClock.setTimer}. */
  override setTimer(callback: () => void, milliseconds: number): Timer {
    const timer = super.setTimer(callback, milliseconds);
    this.delays.push(milliseconds);
    for (const resolve of this.#armed.splice(0)) resolve();
    const waiter = this.#waiters.get(milliseconds)?.shift();
    if (waiter === undefined) this.#unclaimed.set(milliseconds, (this.#unclaimed.get(milliseconds) ?? 0) + 1);
    else waiter();
    return timer;
  }

  /** Resolves when a timer of exactly so many milliseconds is set; each timer counts for one call. */
  timerSet(milliseconds: number): Promise<void> {
    const unclaimed = this.#unclaimed.get(milliseconds) ?? 0;
    if (unclaimed > 0) {
      this.#unclaimed.set(milliseconds, unclaimed - 1);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(milliseconds);
      if (waiters === undefined) this.#waiters.set(milliseconds, [resolve]);
      else waiters.push(resolve);
    });
  }

  /** Resolves when a timer of any length is set and has not fired. */
  async armed(): Promise<void> {
    if (this.pending === 0) await new Promise<void>((resolve) => this.#armed.push(resolve));
  }

  /** Waits until somebody sets a timer of so many milliseconds, then moves the clock past it. */
  async pass(milliseconds: number): Promise<void> {
    await this.timerSet(milliseconds);
    this.advance(milliseconds);
  }
}
