/** Agent definitions in memory. */

import type { Agent } from "../records/harness.ts";
import type { AgentId } from "../records/ids.ts";
import type { RuntimeAgentStore } from "../ports/stores.ts";

/**
 * Keeps agent definitions in a map; gone with the process.
 *
 * Each record is frozen (a copy of it, unless it is frozen already), and every read returns that same object: what is
 * folded from it may be cached by identity.
 */
export class InMemoryAgentStore implements RuntimeAgentStore {
  readonly #agents = new Map<AgentId, Agent>();

  /** The agent, or undefined. */
  getAgent(id: AgentId): Promise<Agent | undefined> {
    return Promise.resolve(this.#agents.get(id));
  }

  /** Inserts or replaces an agent. */
  addAgent(agent: Agent): Promise<void> {
    this.#agents.set(agent.id, Object.isFrozen(agent) ? agent : Object.freeze({ ...agent }));
    return Promise.resolve();
  }
}
