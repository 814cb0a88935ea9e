/** The journal port: the one write path of a conversation. */

import type { Event, EventDraft } from "../records/event.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { TurnCheckpoint } from "../records/checkpoint.ts";
import type { MessageQuery } from "./stores.ts";

/** Names one runtime, minted at `build()` and never used again. */
export type OwnerId = string;

/** What a process learns when it asks for a session's lease. */
export interface AcquiredSession {
  /** The number its commits must carry: the stored one + 1. */
  readonly fence: number;
  /** Sequence of the newest event; 0 when there is none. */
  readonly lastSequence: number;
  /** The turn that has not ended, if any. */
  readonly openTurn?: TurnCheckpoint;
}

/** One atomic step of a turn. */
export interface SessionStep {
  /** The session. */
  readonly sessionId: SessionId;
  /** Who commits. */
  readonly owner: OwnerId;
  /** The fence `acquire` gave. */
  readonly fence: number;
  /** Sequence the step follows. */
  readonly expectedSequence: number;
  /** What happened, in order; at least one event. */
  readonly events: readonly EventDraft[];
  /** The open turn after the step; null when it has ended, absent when it is as before. */
  readonly checkpoint?: TurnCheckpoint | null;
  /** Whether the lease is free after the step. @default {false} */
  readonly release?: boolean;
  /**
   * Whether the turn goes on while the step is being stored: the journal may wait with it until the current burst of work
   * is over, for a step that follows at once.
   *
   * @default {false}
   */
  readonly join?: boolean;
  /** The idempotency key of an accepted input and the turn that took it. */
  readonly key?: {
    /** The key. */
    readonly key: string;
    /** The turn. */
    readonly turnId: TurnId;
  };
}

/** A step as it was stored. */
export interface CommittedStep {
  /** The events with their ids, times and sequences. */
  readonly events: readonly Event[];
  /** The messages they carry. */
  readonly messages: readonly Message[];
  /** Sequence of the last one. */
  readonly lastSequence: number;
}

/** The turn that took an input with an idempotency key. */
export interface KeyedTurn {
  /** The turn. */
  readonly turnId: TurnId;
  /** Sequence of the input's event. */
  readonly sequence: number;
}

/** Which events to read. */
export interface EventQuery {
  /** Only events with a greater sequence. @default {0} */
  readonly after?: number;
  /** At most so many. @default all */
  readonly limit?: number;
}

/**
 * Writes and reads conversations.
 *
 * A step is stored whole or rejected; once a step is rejected, later steps of the same session and fence are too.
 * The journal assigns event ids, times and sequences.
 */
export interface SessionJournal {
  /** Whether a step is all or nothing across a crash. */
  readonly atomic: boolean;
  /**
   * Whether `acquire`, `events` and `messages` wait for a step with `join` that was given before, so that the turn need
   * not: it goes on while its first step is being stored.
   *
   * @default {false}
   */
  readonly readsOwnSteps?: boolean;
  /**
   * Asks for the lease; writes nothing.
   *
   * @throws {SessionBusyError} when another living owner holds it
   */
  acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession>;
  /**
   * Stores a step; the first one under a fence takes the lease.
   *
   * @throws {LeaseLostError} when the fence is no longer the newest
   * @throws {SequenceConflictError} when the step does not follow the last one
   * @throws {DuplicateInputError} when the key was used before
   */
  commit(step: SessionStep): Promise<CommittedStep>;
  /** Gives the lease back without a step; harmless when it is not held. */
  release(sessionId: SessionId, owner: OwnerId, fence: number): Promise<void>;
  /** Durable events, oldest first. */
  events(sessionId: SessionId, query?: EventQuery): Promise<readonly Event[]>;
  /** The conversation, oldest first: a projection of the events. */
  messages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]>;
  /** Sessions whose turn is open, not waiting, and whose owner is dead. */
  interrupted(limit: number): Promise<readonly SessionId[]>;
  /** The turn that took an input with this key, or undefined. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined>;
  /** Declares an owner dead: its leases may be taken over. */
  disconnect(owner: OwnerId): Promise<void>;
}

/** What a turn store keeps for a session. */
export interface SessionHead {
  /** Sequence of the newest event. */
  readonly lastSequence: number;
  /** The newest fence. */
  readonly fence: number;
  /** Who holds the lease. */
  readonly owner?: OwnerId;
  /** The open turn. */
  readonly checkpoint?: TurnCheckpoint;
}

/** A step for a turn store: events are numbered, the new head is computed. */
export interface TurnStoreStep {
  /** The session. */
  readonly sessionId: SessionId;
  /** The head the step was computed from; undefined for a session's first. */
  readonly expected: SessionHead | undefined;
  /** The head afterwards. */
  readonly head: SessionHead;
  /** The numbered events. */
  readonly events: readonly Event[];
  /** See {@linkcode SessionStep.key}. */
  readonly key?: SessionStep["key"];
}

/** Keeps turn heads and durable events for the composed journal. */
export interface RuntimeTurnStore {
  /** Whether a step is all or nothing across a crash. */
  readonly atomic: boolean;
  /** The head, or undefined for a session without a turn so far. */
  getHead(sessionId: SessionId): Promise<SessionHead | undefined>;
  /** Stores a step if the head still has the expected fence, owner and sequence; tells whether it did. */
  compareAndAppend(step: TurnStoreStep): Promise<boolean>;
  /** Durable events, oldest first. */
  loadEvents(sessionId: SessionId, query?: EventQuery): Promise<readonly Event[]>;
  /** The turn that took an input with this key, or undefined. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined>;
  /** Sessions with an open turn. */
  openSessions(limit: number): Promise<readonly SessionId[]>;
  /** Whether an owner lives: it connected and did not disconnect. */
  isAlive(owner: OwnerId): Promise<boolean>;
  /** Declares an owner alive. */
  connect(owner: OwnerId): Promise<void>;
  /** Declares an owner dead. */
  disconnect(owner: OwnerId): Promise<void>;
}
