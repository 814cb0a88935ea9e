/** The journal beside a host's own message store. */

import type { Event } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type {
  AcquiredSession,
  CommittedStep,
  EventQuery,
  KeyedTurn,
  OwnerId,
  SessionJournal,
  SessionStep,
} from "../../src/ports/journal.ts";
import type { MessageQuery, RuntimeMessageStore } from "../../src/ports/stores.ts";
import type { LocalJournal } from "./local_journal.ts";

/** Sessions whose place in the message store is remembered. */
const MAX_PLACES = 10_000;

/**
 * Writes steps to the local journal and their messages to a host's message store, which history is read from.
 *
 * The store is a projection: it is filled after the commit, and what a crash or a failure left out is filled in at
 * `acquire` and before reads. A message store that fails never undoes a step.
 */
export class ProjectedJournal implements SessionJournal {
  /** A step is all or nothing; the projection follows it. */
  readonly atomic = true;
  readonly #journal: LocalJournal;
  readonly #messages: RuntimeMessageStore;
  /** Sequence up to which the message store is known to be complete. */
  readonly #places = new Map<SessionId, number>();

  /** Projects a journal into a message store. */
  constructor(journal: LocalJournal, messages: RuntimeMessageStore) {
    this.#journal = journal;
    this.#messages = messages;
  }

  /** See {@linkcode SessionJournal.acquire}. */
  async acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession> {
    const acquired = await this.#journal.acquire(sessionId, owner);
    await this.#catchUp(sessionId, acquired.lastSequence);
    return acquired;
  }

  /** See {@linkcode SessionJournal.commit}. */
  async commit(step: SessionStep): Promise<CommittedStep> {
    const committed = await this.#journal.commit(step);
    if (this.#places.get(step.sessionId) === step.expectedSequence) {
      await this.#store(step.sessionId, committed.messages, committed.lastSequence).catch(ignore);
    }
    return committed;
  }

  /** See {@linkcode SessionJournal.release}. */
  release(sessionId: SessionId, owner: OwnerId, fence: number): Promise<void> {
    return this.#journal.release(sessionId, owner, fence);
  }

  /** See {@linkcode SessionJournal.events}. */
  events(sessionId: SessionId, query?: EventQuery): Promise<readonly Event[]> {
    return this.#journal.events(sessionId, query);
  }

  /** See {@linkcode SessionJournal.messages}. */
  async messages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]> {
    await this.#catchUp(sessionId, this.#journal.lastSequence(sessionId));
    return await this.#messages.loadMessages(sessionId, query);
  }

  /** See {@linkcode SessionJournal.interrupted}. */
  interrupted(limit: number): Promise<readonly SessionId[]> {
    return this.#journal.interrupted(limit);
  }

  /** See {@linkcode SessionJournal.turnForKey}. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined> {
    return this.#journal.turnForKey(sessionId, key);
  }

  /** See {@linkcode SessionJournal.disconnect}. */
  disconnect(owner: OwnerId): Promise<void> {
    return this.#journal.disconnect(owner);
  }

  async #catchUp(sessionId: SessionId, lastSequence: number): Promise<void> {
    if (this.#places.get(sessionId) === lastSequence) return;
    const [newest] = await this.#messages.loadMessages(sessionId, { limit: 1 });
    const after = Math.min(newest?.sequence ?? 0, lastSequence);
    const missing = after < lastSequence ? await this.#journal.messages(sessionId, { after }) : [];
    await this.#store(sessionId, missing, lastSequence);
  }

  async #store(sessionId: SessionId, messages: readonly Message[], lastSequence: number): Promise<void> {
    if (messages.length > 0) {
      // Unknown until it is stored: a failure is made up for by the next catch-up.
      this.#places.delete(sessionId);
      await this.#messages.storeMessages(sessionId, messages);
    }
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(sessionId, lastSequence);
  }
}

/** The step is stored: that its projection is late is no reason to reject it. */
function ignore(): void {}
