/** Signs of life that are not events: comment lines some servers send while they think. */

/** What {@linkcode Heartbeat.either} gives when there was a beat first. */
export const BEAT: unique symbol = Symbol("beat");

/** Tells a reader that bytes arrived although there is no event yet. */
export class Heartbeat {
  #beaten = false;
  #wake: (() => void) | undefined;

  /** Something arrived. */
  beat(): void {
    this.#beaten = true;
    this.#wake?.();
  }

  /**
   * The value of a promise, or {@linkcode BEAT} when something arrives before it; ask again with the same promise then.
   *
   * Not `Promise.race`: a promise that waits for a beat through a whole stream would keep every lost race alive.
   */
  either<T>(promise: Promise<T>): Promise<T | typeof BEAT> {
    if (this.#beaten) {
      this.#beaten = false;
      return Promise.resolve(BEAT);
    }
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#beaten = false;
        resolve(BEAT);
      };
      promise.then((value) => {
        this.#wake = undefined;
        resolve(value);
      }, reject);
    });
  }
}
