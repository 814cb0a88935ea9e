/** One change of a file at a time. */

import { isInside } from "../paths.ts";

/** Somebody who holds, or waits for, a path. */
interface Hold {
  readonly path: string;
  readonly wholeTree: boolean;
  readonly ended: Promise<void>;
}

/**
 * Lets one change of a path run at a time, in the order they were asked for; changes of other paths run beside it.
 *
 * A change of a whole tree keeps everything inside waiting, and waits for it.
 */
export class PathLocks {
  readonly #holds = new Set<Hold>();

  /** How many hold or wait. */
  get size(): number {
    return this.#holds.size;
  }

  /** Runs a change of a path, and of what is in it when it is of a whole tree, when nobody else changes it. */
  async run<T>(path: string, wholeTree: boolean, change: () => T | Promise<T>): Promise<T> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const hold: Hold = { path, wholeTree, ended };
    // Only those before us: waiting for them alone cannot become a circle.
    const before = [...this.#holds].filter((other) => conflict(hold, other)).map((other) => other.ended);
    this.#holds.add(hold);
    try {
      await Promise.all(before);
      return await change();
    } finally {
      this.#holds.delete(hold);
      end();
    }
  }
}

function conflict(one: Hold, other: Hold): boolean {
  return one.path === other.path || (one.wholeTree && isInside(other.path, one.path)) ||
    (other.wholeTree && isInside(one.path, other.path));
}
