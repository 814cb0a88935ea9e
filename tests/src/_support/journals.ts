/** Journals that watch, or write down as JSON, everything that passes through them. */

import {
  type AcquiredSession,
  type CommittedStep,
  ComposedJournal,
  type EventQuery,
  IdSource,
  type KeyedTurn,
  type MessageQuery,
  type OwnerId,
  RuntimeBackends,
  type SessionId,
  type SessionJournal,
  type SessionStep,
  systemClock,
  systemRandom,
} from "../../../mod.ts";

/** Passes everything on to another journal and keeps the committed steps. */
export class RecordingJournal implements SessionJournal {
  /** See {@linkcode SessionJournal.atomic}. */
  readonly atomic: boolean;
  /** The committed steps, in order. */
  readonly steps: SessionStep[] = [];
  /** The journal behind it. */
  protected readonly inner: SessionJournal;

  /** Watches a journal. @default one composed of new in-memory stores */
  constructor(inner: SessionJournal = composedJournal(RuntimeBackends.inMemory())) {
    this.inner = inner;
    this.atomic = inner.atomic;
  }

  acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession> {
    return this.inner.acquire(sessionId, owner);
  }

  async commit(step: SessionStep): Promise<CommittedStep> {
    const committed = await this.inner.commit(step);
    this.steps.push(step);
    return committed;
  }

  release(sessionId: SessionId, owner: OwnerId, fence: number): Promise<void> {
    return this.inner.release(sessionId, owner, fence);
  }

  events(sessionId: SessionId, query?: EventQuery): ReturnType<SessionJournal["events"]> {
    return this.inner.events(sessionId, query);
  }

  messages(sessionId: SessionId, query?: MessageQuery): ReturnType<SessionJournal["messages"]> {
    return this.inner.messages(sessionId, query);
  }

  interrupted(limit: number): Promise<readonly SessionId[]> {
    return this.inner.interrupted(limit);
  }

  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined> {
    return this.inner.turnForKey(sessionId, key);
  }

  disconnect(owner: OwnerId): Promise<void> {
    return this.inner.disconnect(owner);
  }
}

/** Writes everything that goes in and comes out down as JSON text, as a journal on disk does. */
export class JsonJournal extends RecordingJournal {
  override async acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession> {
    return roundTrip(await super.acquire(sessionId, owner));
  }

  override async commit(step: SessionStep): Promise<CommittedStep> {
    return roundTrip(await super.commit(roundTrip(step)));
  }

  override async events(sessionId: SessionId, query?: EventQuery): ReturnType<SessionJournal["events"]> {
    return roundTrip(await super.events(sessionId, query));
  }

  override async messages(sessionId: SessionId, query?: MessageQuery): ReturnType<SessionJournal["messages"]> {
    return roundTrip(await super.messages(sessionId, query));
  }
}

/** The default journal over the stores of some backends. */
export function composedJournal({ slots }: RuntimeBackends): SessionJournal {
  const clock = systemClock();
  const { turnStore, messageStore } = slots;
  return new ComposedJournal({ turnStore, messageStore, ids: new IdSource(clock, systemRandom()), clock });
}

function roundTrip<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
