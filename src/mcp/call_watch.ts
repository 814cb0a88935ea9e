/** How long a call may be silent. */

import type { Clock, Timer } from "../ports/clock.ts";

/** Ends a call that shows no sign of life for too long; a call that waits for a person is not silent. */
export class CallWatch {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #controller = new AbortController();
  #timer: Timer | undefined;
  #paused = 0;

  /** Starts to wait. */
  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.alive();
  }

  /** Aborted when the call was silent for too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The call showed a sign of life. */
  alive(): void {
    this.#timer?.cancel();
    if (this.#paused > 0) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#controller.abort(new DOMException(`no sign of life for ${this.#milliseconds} ms`, "TimeoutError"));
    }, this.#milliseconds);
  }

  /** Somebody is being asked, or no longer is. */
  waiting(delta: 1 | -1): void {
    // What began before this call does not count, so neither does its end.
    this.#paused = Math.max(0, this.#paused + delta);
    this.alive();
  }

  /** The call is over. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }
}
