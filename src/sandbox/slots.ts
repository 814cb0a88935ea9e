/** How many children run at once. */

/** Slots that are taken in the order they were asked for. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** Begins with all of them free. */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a slot, as soon as one is free; dispose it to give it back.
   *
   * @throws the signal's reason when it is aborted before or while waiting
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(next), 1);
          reject(signal.reason);
        };
        const next = (): void => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        };
        signal.addEventListener("abort", onAbort, { once: true });
        this.#waiting.push(next);
      });
    }
    return { [Symbol.dispose]: () => this.#giveBack() };
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
