/** Ending every wait of a turn at once. */

/** Runs waits that a cancelled turn leaves behind, whatever they wait for. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #rejects = new Set<(reason: unknown) => void>();

  /** Aborted when the turn is interrupted; handed to drivers and hooks. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the turn was interrupted. */
  get interrupted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Ends all waits, now and from now on. */
  interrupt(reason: unknown): void {
    if (this.interrupted) return;
    this.#controller.abort(reason);
    const rejects = [...this.#rejects];
    this.#rejects.clear();
    for (const reject of rejects) reject(reason);
  }

  /** Waits for a promise, but no longer than the turn lives. */
  wait<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.interrupted) {
        promise.then(undefined, ignore);
        return reject(this.signal.reason);
      }
      this.#rejects.add(reject);
      promise.then((value) => {
        this.#rejects.delete(reject);
        resolve(value);
      }, (error) => {
        this.#rejects.delete(reject);
        reject(error);
      });
    });
  }

  /** Calls back on interruption until the returned function is called. */
  onInterrupt(callback: (reason: unknown) => void): () => void {
    if (this.interrupted) {
      callback(this.signal.reason);
      return ignore;
    }
    this.#rejects.add(callback);
    return () => void this.#rejects.delete(callback);
  }
}

function ignore(): void {}
