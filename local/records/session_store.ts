/** Sessions in a store. */

import type { CapabilityRef } from "../../src/records/capability_ref.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Session } from "../../src/records/session.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { RuntimeSessionStore } from "../../src/ports/stores.ts";
import { systemClock } from "../../src/kit/clock.ts";
import type { Connection } from "../sqlite/connection.ts";
import { RecordTable } from "./record_table.ts";

/** Options of {@linkcode LocalSessionStore}. */
export interface LocalSessionStoreOptions {
  /** Stamps changed sessions. @default the host's clock */
  readonly clock?: Clock;
}

/**
 * Keeps sessions in `local.db`, whole but for secrets: a session with one in it is refused.
 *
 * Records are deeply frozen, and every read returns the same object until a change replaces it by one with a later
 * `updatedAt`. An edit is one act, also between processes: none is lost.
 */
export class LocalSessionStore implements RuntimeSessionStore {
  readonly #table: RecordTable<"session">;
  readonly #clock: Clock;

  /** Keeps sessions in an open store. */
  constructor(connection: Connection, options: LocalSessionStoreOptions = {}) {
    this.#table = new RecordTable(connection, "session");
    this.#clock = options.clock ?? systemClock();
  }

  /**
   * The session, or undefined.
   *
   * @throws {CorruptRecordError} when it is damaged
   */
  getSession(id: SessionId): Promise<Session | undefined> {
    return Promise.try(() => this.#table.get(id));
  }

  /**
   * Inserts or replaces a session.
   *
   * @throws {RuntimeError} `secret_in_record` when a `Secret` is in it, for example among the headers of an MCP server
   * @throws {TypeError} when it has no session id, or is not JSON otherwise
   */
  addSession(session: Session): Promise<void> {
    return this.#table.put(session);
  }

  /**
   * All sessions, newest first; of two made in the same millisecond the one added later.
   *
   * A damaged one is left out, so that it does not hide the others; {@linkcode LocalSessionStore.getSession} names it.
   */
  listSessions(): Promise<readonly Session[]> {
    return Promise.try(() => this.#table.list().sort((a, b) => b.createdAt - a.createdAt));
  }

  /**
   * Changes the title.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  async updateSessionTitle(id: SessionId, title: string): Promise<void> {
    await this.#change(id, () => ({ title }));
  }

  /**
   * Adds a capability to the session's own layer, or replaces it in its place.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  async upsertSessionCapability(id: SessionId, capability: CapabilityRef): Promise<void> {
    await this.#change(id, (session) => {
      const capabilities = [...session.capabilities];
      const at = capabilities.findIndex(({ ref }) => ref === capability.ref);
      if (at < 0) capabilities.push(capability);
      else capabilities[at] = capability;
      return { capabilities };
    });
  }

  /**
   * Removes a capability of the session's own layer; tells whether it was there.
   *
   * @throws {NotFoundError} `session_not_found`
   */
  removeSessionCapability(id: SessionId, ref: string): Promise<boolean> {
    return this.#change(id, (session) => {
      const capabilities = session.capabilities.filter((capability) => capability.ref !== ref);
      return capabilities.length === session.capabilities.length ? undefined : { capabilities };
    });
  }

  #change(id: SessionId, change: (session: Session) => Partial<Session> | undefined): Promise<boolean> {
    return this.#table.change(id, (session) => {
      const changed = change(session);
      if (changed === undefined) return undefined;
      // A clock that stands still or goes back must not hide the change from whoever compares `updatedAt`.
      return { ...session, ...changed, updatedAt: Math.max(this.#clock.now(), session.updatedAt + 1) };
    });
  }
}
