/** Commits the steps of a turn the way the kernel does, for the checks of a journal. */

import type { EventDraft } from "../../records/event.ts";
import type { SessionId } from "../../records/ids.ts";
import type { CommittedStep, OwnerId, SessionJournal, SessionStep } from "../../ports/journal.ts";
import { acceptDrafts, checkpointFixture, endDrafts } from "./event_fixtures.ts";

let owners = 0;

/** An owner id that no check used before: an owner that died never comes back. */
export function newOwner(): OwnerId {
  return `conformance-owner-${++owners}-${crypto.randomUUID()}`;
}

/** One acquired session: remembers fence and sequence, so that a check says only what happens. */
export class JournalDriver {
  /** The journal. */
  readonly journal: SessionJournal;
  /** The session. */
  readonly sessionId: SessionId;
  /** Who commits. */
  readonly owner: OwnerId;
  /** The acquired fence. */
  readonly fence: number;
  /** Sequence of the last committed event. */
  sequence: number;

  private constructor(journal: SessionJournal, sessionId: SessionId, owner: OwnerId, fence: number, sequence: number) {
    this.journal = journal;
    this.sessionId = sessionId;
    this.owner = owner;
    this.fence = fence;
    this.sequence = sequence;
  }

  /** Acquires a session. */
  static async acquire(
    journal: SessionJournal,
    sessionId: SessionId,
    owner: OwnerId = newOwner(),
  ): Promise<JournalDriver> {
    const { fence, lastSequence } = await journal.acquire(sessionId, owner);
    return new JournalDriver(journal, sessionId, owner, fence, lastSequence);
  }

  /** A step that follows the last one. */
  step(events: readonly EventDraft[], change: Partial<SessionStep> = {}): SessionStep {
    const { sessionId, owner, fence } = this;
    return { sessionId, owner, fence, expectedSequence: this.sequence, events, ...change };
  }

  /** Commits a step that follows the last one. */
  async commit(events: readonly EventDraft[], change: Partial<SessionStep> = {}): Promise<CommittedStep> {
    const committed = await this.journal.commit(this.step(events, change));
    this.sequence = committed.lastSequence;
    return committed;
  }

  /** Commits *accept*: three events; the turn is open. */
  accept(turn: number, change: Partial<SessionStep> = {}): Promise<CommittedStep> {
    return this.commit(acceptDrafts(turn), { checkpoint: checkpointFixture(this.sessionId, turn), ...change });
  }

  /** Commits *end*: two events; the turn is over and the lease free. */
  end(turn: number): Promise<CommittedStep> {
    return this.commit(endDrafts(turn), { checkpoint: null, release: true });
  }
}
