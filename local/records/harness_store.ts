/** Harnesses in a store. */

import { ConfigurationError, NotFoundError } from "../../src/errors.ts";
import type { Harness } from "../../src/records/harness.ts";
import type { HarnessId } from "../../src/records/ids.ts";
import type { RuntimeHarnessStore } from "../../src/ports/stores.ts";
import type { Connection } from "../sqlite/connection.ts";
import { RecordTable } from "./record_table.ts";

/**
 * Keeps harness definitions in `local.db`.
 *
 * Records are deeply frozen, and every read returns the same object until the record changes. No secret is ever
 * stored: a record with one in it is refused.
 */
export class LocalHarnessStore implements RuntimeHarnessStore {
  readonly #table: RecordTable<"harness">;

  /** Keeps harnesses in an open store. */
  constructor(connection: Connection) {
    this.#table = new RecordTable(connection, "harness");
  }

  /**
   * The harness and its parents, root first; empty when it is not there.
   *
   * @throws {NotFoundError} `harness_not_found` when a parent is not there
   * @throws {ConfigurationError} when a harness extends itself, directly or through others
   * @throws {CorruptRecordError} when one of them is damaged
   */
  getHarnessChain(id: HarnessId): Promise<readonly Harness[]> {
    return Promise.try(() => this.#chain(id));
  }

  /**
   * Inserts or replaces a harness.
   *
   * @throws {RuntimeError} `secret_in_record` when a `Secret` is in it
   * @throws {TypeError} when it has no harness id, or is not JSON otherwise
   */
  addHarness(harness: Harness): Promise<void> {
    return this.#table.put(harness);
  }

  #chain(id: HarnessId): Harness[] {
    const chain = new Map<HarnessId, Harness>();
    let harness = this.#table.get(id);
    while (harness !== undefined) {
      if (chain.has(harness.id)) {
        throw new ConfigurationError(
          `Cannot read harness "${id}": "${harness.id}" is among its own parents; change a parentHarnessId of the circle`,
        );
      }
      chain.set(harness.id, harness);
      const parentId: HarnessId | undefined = harness.parentHarnessId;
      if (parentId === undefined) break;
      const parent = this.#table.get(parentId);
      if (parent === undefined) {
        throw new NotFoundError("harness", parentId, `harness "${harness.id}" names it as its parent; add it first`);
      }
      harness = parent;
    }
    return [...chain.values()].reverse();
  }
}
