/** Agents in a store. */

import type { Agent } from "../../src/records/harness.ts";
import type { AgentId } from "../../src/records/ids.ts";
import type { RuntimeAgentStore } from "../../src/ports/stores.ts";
import type { Connection } from "../sqlite/connection.ts";
import { RecordTable } from "./record_table.ts";

/**
 * Keeps agent definitions in `local.db`.
 *
 * Records are deeply frozen, and every read returns the same object until the record changes. No secret is ever
 * stored: a record with one in it is refused.
 */
export class LocalAgentStore implements RuntimeAgentStore {
  readonly #table: RecordTable<"agent">;

  /** Keeps agents in an open store. */
  constructor(connection: Connection) {
    this.#table = new RecordTable(connection, "agent");
  }

  /**
   * The agent, or undefined.
   *
   * @throws {CorruptRecordError} when it is damaged
   */
  getAgent(id: AgentId): Promise<Agent | undefined> {
    return Promise.try(() => this.#table.get(id));
  }

  /**
   * Inserts or replaces an agent.
   *
   * @throws {RuntimeError} `secret_in_record` when a `Secret` is in it
   * @throws {TypeError} when it has no agent id, or is not JSON otherwise
   */
  addAgent(agent: Agent): Promise<void> {
    return this.#table.put(agent);
  }
}
