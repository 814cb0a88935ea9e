/** Harness definitions in memory. */

import { ConfigurationError, NotFoundError } from "../errors.ts";
import type { Harness } from "../records/harness.ts";
import type { HarnessId } from "../records/ids.ts";
import type { RuntimeHarnessStore } from "../ports/stores.ts";

/**
 * Keeps harness definitions in a map; gone with the process.
 *
 * Each record is frozen (a copy of it, unless it is frozen already), and every read returns that same object: what is
 * folded from it may be cached by identity.
 *
 * @example
 * ```ts
 * import { createHarness, InMemoryHarnessStore } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const store = new InMemoryHarnessStore();
 * const base = createHarness({ name: "base" });
 * const special = createHarness({ name: "special", parentHarnessId: base.id });
 * for (const harness of [base, special]) await store.addHarness(harness);
 * assert.deepEqual(await store.getHarnessChain(special.id), [base, special]);
 * ```
 */
export class InMemoryHarnessStore implements RuntimeHarnessStore {
  readonly #harnesses = new Map<HarnessId, Harness>();

  /**
   * The harness and its parents, root first; empty when it is not there.
   *
   * @throws {NotFoundError} `harness_not_found` when a parent is not there
   * @throws {ConfigurationError} when a harness extends itself, directly or through others
   */
  getHarnessChain(id: HarnessId): Promise<readonly Harness[]> {
    return Promise.try(() => this.#chain(id));
  }

  /** Inserts or replaces a harness. */
  addHarness(harness: Harness): Promise<void> {
    this.#harnesses.set(harness.id, Object.isFrozen(harness) ? harness : Object.freeze({ ...harness }));
    return Promise.resolve();
  }

  #chain(id: HarnessId): Harness[] {
    const chain: Harness[] = [];
    let harness = this.#harnesses.get(id);
    while (harness !== undefined) {
      if (chain.includes(harness)) {
        throw new ConfigurationError(
          `Cannot read harness "${id}": "${harness.id}" is among its own parents; change a parentHarnessId of the circle`,
        );
      }
      chain.push(harness);
      const parentId: HarnessId | undefined = harness.parentHarnessId;
      if (parentId === undefined) break;
      const parent = this.#harnesses.get(parentId);
      if (parent === undefined) {
        throw new NotFoundError("harness", parentId, `harness "${harness.id}" names it as its parent; add it first`);
      }
      harness = parent;
    }
    return chain.reverse();
  }
}
