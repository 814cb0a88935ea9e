/** Sessions in memory. */

import { NotFoundError } from "../errors.ts";
import type { CapabilityRef } from "../records/capability_ref.ts";
import type { SessionId } from "../records/ids.ts";
import type { Session } from "../records/session.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";

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
