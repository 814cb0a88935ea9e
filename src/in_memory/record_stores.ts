/** Harnesses, agents, sessions and models in memory. */

import { ConfigurationError, NotFoundError } from "../errors.ts";
import type { CapabilityRef } from "../records/capability_ref.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { AgentId, HarnessId, ModelId, SessionId } from "../records/ids.ts";
import type { ResolvedModel } from "../records/model.ts";
import { Secret } from "../records/secret.ts";
import type { Session } from "../records/session.ts";
import type {
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "../ports/stores.ts";

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

/** Options of {@linkcode InMemorySessionStore}. */
export interface InMemorySessionStoreOptions {
  /**
   * Stamps changed sessions, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

/**
 * Keeps sessions in a map; gone with the process.
 *
 * Each record is frozen, and every read returns the same object until a change replaces it by one with a later
 * `updatedAt`.
 *
 * @example
 * ```ts
 * import { createHarness, createSession, InMemorySessionStore } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const store = new InMemorySessionStore();
 * const session = createSession({ harnessId: createHarness({ name: "assistant" }).id });
 * await store.addSession(session);
 * await store.upsertSessionCapability(session.id, { ref: "current_time" });
 * assert.deepEqual((await store.getSession(session.id))?.capabilities, [{ ref: "current_time" }]);
 * ```
 */
export class InMemorySessionStore implements RuntimeSessionStore {
  readonly #sessions = new Map<SessionId, Session>();
  readonly #now: () => number;

  /** Makes an empty store. */
  constructor(options: InMemorySessionStoreOptions = {}) {
    this.#now = options.now ?? Date.now;
  }

  /** The session, or undefined. */
  getSession(id: SessionId): Promise<Session | undefined> {
    return Promise.resolve(this.#sessions.get(id));
  }

  /** Inserts or replaces a session. */
  addSession(session: Session): Promise<void> {
    this.#sessions.set(session.id, Object.isFrozen(session) ? session : Object.freeze({ ...session }));
    return Promise.resolve();
  }

  /** All sessions, newest first; of two made in the same millisecond the one added later. */
  listSessions(): Promise<readonly Session[]> {
    return Promise.resolve([...this.#sessions.values()].reverse().sort((a, b) => b.createdAt - a.createdAt));
  }

  /**
   * Changes the title.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  updateSessionTitle(id: SessionId, title: string): Promise<void> {
    return Promise.try(() => this.#change(this.#need(id), { title }));
  }

  /**
   * Adds a capability to the session's own layer, or replaces it in its place.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  upsertSessionCapability(id: SessionId, capability: CapabilityRef): Promise<void> {
    return Promise.try(() => {
      const session = this.#need(id);
      const capabilities = [...session.capabilities];
      const at = capabilities.findIndex(({ ref }) => ref === capability.ref);
      if (at < 0) capabilities.push(capability);
      else capabilities[at] = capability;
      this.#change(session, { capabilities });
    });
  }

  /**
   * Removes a capability of the session's own layer; tells whether it was there.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  removeSessionCapability(id: SessionId, ref: string): Promise<boolean> {
    return Promise.try(() => {
      const session = this.#need(id);
      const capabilities = session.capabilities.filter((capability) => capability.ref !== ref);
      if (capabilities.length === session.capabilities.length) return false;
      this.#change(session, { capabilities });
      return true;
    });
  }

  #need(id: SessionId): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new NotFoundError("session", id, "add it to the session store first");
    return session;
  }

  #change(session: Session, change: Partial<Session>): void {
    // A clock that stands still or goes back must not hide the change from whoever compares `updatedAt`.
    const updatedAt = Math.max(this.#now(), session.updatedAt + 1);
    this.#sessions.set(session.id, Object.freeze({ ...session, ...change, updatedAt }));
  }
}

/**
 * Keeps models in a map; gone with the process.
 *
 * A key given as a string is wrapped in a {@linkcode Secret} on its way in, so that printing the store or a model
 * never shows it.
 */
export class InMemoryProviderStore implements RuntimeProviderStore {
  readonly #models = new Map<ModelId, ResolvedModel>();
  #default: ResolvedModel | undefined;

  /** A model by id, or undefined. */
  getResolvedModel(id: ModelId): Promise<ResolvedModel | undefined> {
    return Promise.resolve(this.#models.get(id));
  }

  /** The platform's fallback model, or undefined. */
  getDefaultModel(): Promise<ResolvedModel | undefined> {
    return Promise.resolve(this.#default);
  }

  /** Sets the fallback model. */
  setDefaultModel(model: ResolvedModel): Promise<void> {
    this.#default = sealed(model);
    return Promise.resolve();
  }

  /** Inserts or replaces a model. */
  addModel(id: ModelId, model: ResolvedModel): Promise<void> {
    this.#models.set(id, sealed(model));
    return Promise.resolve();
  }
}

function sealed(model: ResolvedModel): ResolvedModel {
  const { apiKey } = model;
  return Object.freeze(apiKey === undefined ? { ...model } : { ...model, apiKey: Secret.from(apiKey) });
}
