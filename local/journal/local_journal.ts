/** The journal in SQLite: one transaction a step. */

import { DuplicateInputError, LeaseLostError, SequenceConflictError, SessionBusyError } from "../../src/errors.ts";
import type { Event } from "../../src/records/event.ts";
import { parseId, type SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { TurnCheckpoint } from "../../src/records/checkpoint.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type {
  AcquiredSession,
  CommittedStep,
  EventQuery,
  KeyedTurn,
  OwnerId,
  SessionJournal,
  SessionStep,
} from "../../src/ports/journal.ts";
import type { MessageQuery } from "../../src/ports/stores.ts";
import type { IdSource } from "../../src/kit/ids.ts";
import { messagesOfEvents } from "../../src/kit/projection.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import { numberOf, optionalTextOf, parseJson, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";
import { type EncodedStep, encodeStep } from "./step_codec.ts";
import { readEvents, readMessages } from "./step_reader.ts";

/** What a {@linkcode LocalJournal} is made of. */
export interface LocalJournalOptions {
  /** The store. */
  readonly connection: Connection;
  /** Who is alive. */
  readonly owners: Owners;
  /** Mints event ids. */
  readonly ids: IdSource;
  /** Stamps events. */
  readonly clock: Clock;
}

const HEAD =
  "SELECT last_sequence, fence, owner, turn_status, checkpoint, checkpoint_hash FROM session_head WHERE session_id = ?";
const LEASE = "SELECT last_sequence, fence, owner FROM session_head WHERE session_id = ?";
const KEEP_LEASE = `UPDATE session_head SET last_sequence = ?, owner = ?
  WHERE session_id = ? AND fence = ? AND owner = ? AND last_sequence = ?`;
const KEEP_LEASE_AND_CHECKPOINT = `UPDATE session_head SET last_sequence = ?, owner = ?,
  turn_status = ?, checkpoint = ?, checkpoint_hash = ?
  WHERE session_id = ? AND fence = ? AND owner = ? AND last_sequence = ?`;
const TAKE_FREE_LEASE = `UPDATE session_head SET last_sequence = ?, owner = ?,
  turn_status = ?, checkpoint = ?, checkpoint_hash = ?, fence = ?
  WHERE session_id = ? AND fence = ? AND owner IS NULL AND last_sequence = ?`;
const TAKE_LEASE = `INSERT INTO session_head (session_id, last_sequence, fence, owner) VALUES (?, ?, ?, ?)
  ON CONFLICT (session_id) DO UPDATE SET last_sequence = excluded.last_sequence, fence = excluded.fence, owner = excluded.owner`;
const TAKE_LEASE_AND_CHECKPOINT = `INSERT INTO session_head
  (session_id, last_sequence, fence, owner, turn_status, checkpoint, checkpoint_hash) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session_id) DO UPDATE SET last_sequence = excluded.last_sequence, fence = excluded.fence,
  owner = excluded.owner, turn_status = excluded.turn_status, checkpoint = excluded.checkpoint,
  checkpoint_hash = excluded.checkpoint_hash`;
const ADD_STEP = `INSERT INTO step
  (session_id, first_sequence, count, ts, talk, talk_hash, body, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const FIND_STEP = "SELECT talk_hash, body_hash FROM step WHERE session_id = ? AND first_sequence = ? AND count = ?";
const ADD_KEY = "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES (?, ?, ?, ?)";
const FIND_KEY = "SELECT turn_id, sequence FROM input_key WHERE session_id = ? AND key = ?";
const RELEASE = "UPDATE session_head SET owner = NULL WHERE session_id = ? AND owner = ? AND fence = ?";
const OPEN_TURNS = "SELECT session_id, owner FROM session_head WHERE turn_status = 'open'";

/** Why later steps under a fence are refused. */
interface Rejection {
  readonly owner: OwnerId;
  readonly fence: number;
  readonly error: unknown;
}

/** A checkpoint as columns; undefined when it stays as it is. */
interface EncodedCheckpoint {
  readonly status: "open" | "waiting" | null;
  readonly text: string | null;
  readonly hash: string | null;
}

/**
 * Writes and reads conversations in a `local.db`.
 *
 * A step is one row of events and one update of the session's head, in one transaction; steps of different sessions
 * that are ready together share a commit. The lease is a compare-and-set on fence and sequence; whether its holder
 * lives is told by the holder's lock file, so nothing is ever written to keep a lease.
 */
export class LocalJournal implements SessionJournal {
  /** A step is all or nothing across a crash. */
  readonly atomic = true;
  /** A read waits for the steps of its session. */
  readonly readsOwnSteps = true;
  readonly #connection: Connection;
  readonly #owners: Owners;
  readonly #ids: IdSource;
  readonly #clock: Clock;
  /** Sessions with a step on its way or a lease of ours: while there are several, steps wait for each other. */
  readonly #active = new Map<SessionId, { owner: OwnerId; fence: number }>();
  /** Steps that wait for the next one of their turn. */
  readonly #waiting = new Map<SessionId, Promise<unknown>>();
  readonly #rejected = new Map<SessionId, Rejection>();
  readonly #dead = new Set<OwnerId>();

  /** Keeps conversations in a store. */
  constructor(options: LocalJournalOptions) {
    this.#connection = options.connection;
    this.#owners = options.owners;
    this.#ids = options.ids;
    this.#clock = options.clock;
  }

  /** See {@linkcode SessionJournal.acquire}. */
  acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession> {
    return this.#after(sessionId, () => this.#acquire(sessionId, owner));
  }

  #acquire(sessionId: SessionId, owner: OwnerId): AcquiredSession {
    const head = this.#connection.get(HEAD, sessionId);
    if (head === undefined) {
      this.#forgive(sessionId, owner);
      return { fence: 1, lastSequence: 0 };
    }
    const holder = optionalTextOf(head, "owner");
    if (holder !== undefined && holder !== owner && this.#owners.isAlive(holder)) {
      throw new SessionBusyError(sessionId, holder, this.#owners.pidOf(holder));
    }
    this.#forgive(sessionId, owner);
    const acquired = { fence: numberOf(head, "fence") + 1, lastSequence: numberOf(head, "last_sequence") };
    const openTurn = checkpointOf(sessionId, head);
    return openTurn === undefined ? acquired : { ...acquired, openTurn };
  }

  /** See {@linkcode SessionJournal.commit}. */
  async commit(step: SessionStep): Promise<CommittedStep> {
    const { sessionId, owner, fence } = step;
    if (step.events.length === 0) throw new RangeError("Cannot commit a step without events");
    this.#assertNotRejected(step);
    const events = this.#number(step);
    const encoded = encodeStep(sessionId, events);
    const checkpoint = encodeCheckpoint(sessionId, step.checkpoint);
    const committed = {
      events,
      messages: messagesOfEvents(events),
      lastSequence: step.expectedSequence + events.length,
    };
    if (this.#dead.has(owner)) throw new LeaseLostError(sessionId, fence);
    // Before the owner's id can stand in a lease, its lock says that it lives.
    this.#owners.connect(owner);
    const known = this.#active.get(sessionId);
    const isFirst = known === undefined || known.fence !== fence;
    this.#active.set(sessionId, { owner, fence });
    try {
      const stored = this.#connection.write(() => {
        this.#assertNotRejected(step);
        try {
          this.#store(step, isFirst, events, encoded, checkpoint);
        } catch (error) {
          // At once: a step behind this one may be stored before anybody was told.
          if (error instanceof LeaseLostError || error instanceof SequenceConflictError) this.#reject(step, error);
          throw error;
        }
        return committed;
      }, {
        join: step.join === true || this.#active.size > 1,
        bytes: (encoded.talk?.length ?? 0) + encoded.body.length + (checkpoint?.text?.length ?? 0),
        verify: () => this.#isStored(sessionId, events, encoded) ? committed : undefined,
      });
      if (step.join === true) this.#waiting.set(sessionId, stored);
      await stored;
    } catch (error) {
      // A repeated key is an answer to this step alone: nothing was written and the lease was not taken.
      if (!(error instanceof DuplicateInputError)) this.#reject(step, error);
      if (known === undefined || known.fence === fence) this.#active.delete(sessionId);
      throw error;
    } finally {
      if (step.join === true) this.#waiting.delete(sessionId);
    }
    if (step.release === true) this.#active.delete(sessionId);
    return committed;
  }

  #store(
    step: SessionStep,
    isFirst: boolean,
    events: readonly Event[],
    encoded: EncodedStep,
    checkpoint: EncodedCheckpoint | undefined,
  ): void {
    const { sessionId, expectedSequence, key } = step;
    const connection = this.#connection;
    const next = expectedSequence + events.length;
    if (!isFirst || !this.#takeFreeLease(step, next, checkpoint)) this.#changeLease(step, next, checkpoint);
    if (key !== undefined) {
      const text = JSON.stringify(key.key);
      const earlier = connection.get(FIND_KEY, sessionId, text);
      if (earlier !== undefined) throw new DuplicateInputError(sessionId, key.key, textOf(earlier, "turn_id"));
      connection.run(ADD_KEY, sessionId, text, key.turnId, expectedSequence + 1);
    }
    const { talk, talkHash, body, bodyHash } = encoded;
    const ts = events[0]?.ts ?? 0;
    connection.run(ADD_STEP, sessionId, expectedSequence + 1, events.length, ts, talk, talkHash, body, bodyHash);
  }

  /** The common first step in one statement: nobody holds the lease, and nobody has since it was asked for. */
  #takeFreeLease(step: SessionStep, next: number, checkpoint: EncodedCheckpoint | undefined): boolean {
    if (checkpoint === undefined) return false;
    const { sessionId, owner, fence, expectedSequence } = step;
    const holder = step.release === true ? null : owner;
    const { status, text, hash } = checkpoint;
    const place = [fence, sessionId, fence - 1, expectedSequence];
    return this.#connection.run(TAKE_FREE_LEASE, next, holder, status, text, hash, ...place) > 0;
  }

  /** Keeps the lease the step needs, or takes it when that is the step's to do. */
  #changeLease(step: SessionStep, next: number, checkpoint: EncodedCheckpoint | undefined): void {
    const { sessionId, owner, fence, expectedSequence } = step;
    const connection = this.#connection;
    const holder = step.release === true ? null : owner;
    const change: [string | null, string | null, string | null] | undefined = checkpoint === undefined
      ? undefined
      : [checkpoint.status, checkpoint.text, checkpoint.hash];
    const kept = change === undefined
      ? connection.run(KEEP_LEASE, next, holder, sessionId, fence, owner, expectedSequence)
      : connection.run(KEEP_LEASE_AND_CHECKPOINT, next, holder, ...change, sessionId, fence, owner, expectedSequence);
    if (kept > 0) return;
    this.#assertFree(step);
    if (change === undefined) connection.run(TAKE_LEASE, sessionId, next, fence, holder);
    else connection.run(TAKE_LEASE_AND_CHECKPOINT, sessionId, next, fence, holder, ...change);
  }

  /** Checks that the first step under a fence may take the lease. */
  #assertFree({ sessionId, owner, fence, expectedSequence }: SessionStep): void {
    const head = this.#connection.get(LEASE, sessionId);
    const holder = head === undefined ? undefined : optionalTextOf(head, "owner");
    const stored = head === undefined ? 0 : numberOf(head, "fence");
    const isKept = stored === fence && holder === owner;
    if (!isKept && stored + 1 !== fence) throw new LeaseLostError(sessionId, fence);
    if (holder !== undefined && holder !== owner && this.#owners.isAlive(holder)) {
      throw new LeaseLostError(sessionId, fence);
    }
    const found = head === undefined ? 0 : numberOf(head, "last_sequence");
    if (found !== expectedSequence) throw new SequenceConflictError(sessionId, expectedSequence, found);
  }

  #reject({ sessionId, owner, fence }: SessionStep, error: unknown): void {
    this.#rejected.set(sessionId, { owner, fence, error });
  }

  /** Asking again makes up for a rejected step. */
  #forgive(sessionId: SessionId, owner: OwnerId): void {
    if (this.#rejected.get(sessionId)?.owner === owner) this.#rejected.delete(sessionId);
  }

  #assertNotRejected({ sessionId, owner, fence }: SessionStep): void {
    const earlier = this.#rejected.get(sessionId);
    if (earlier !== undefined && earlier.owner === owner && earlier.fence === fence) throw earlier.error;
  }

  #isStored(sessionId: SessionId, events: readonly Event[], { talkHash, bodyHash }: EncodedStep): boolean {
    const row = this.#connection.get(FIND_STEP, sessionId, events[0]?.sequence ?? 0, events.length);
    return row !== undefined && row["talk_hash"] === talkHash && row["body_hash"] === bodyHash;
  }

  #number({ sessionId, events: drafts, expectedSequence }: SessionStep): Event[] {
    const ts = this.#clock.now();
    let sequence = expectedSequence;
    const events: Event[] = [];
    for (const { type, data, context } of drafts) {
      const event = { id: this.#ids.next("event"), type, ts, sessionId, context, data, sequence: ++sequence } as Event;
      events.push(Object.freeze(event));
    }
    return events;
  }

  /** See {@linkcode SessionJournal.release}. */
  async release(sessionId: SessionId, owner: OwnerId, fence: number): Promise<void> {
    await this.#connection.write(() => this.#connection.run(RELEASE, sessionId, owner, fence));
    const active = this.#active.get(sessionId);
    if (active?.owner === owner && active.fence === fence) this.#active.delete(sessionId);
  }

  /** See {@linkcode SessionJournal.events}. */
  events(sessionId: SessionId, query: EventQuery = {}): Promise<readonly Event[]> {
    return this.#after(sessionId, () => readEvents(this.#connection, sessionId, query));
  }

  /** See {@linkcode SessionJournal.messages}. */
  messages(sessionId: SessionId, query: MessageQuery = {}): Promise<readonly Message[]> {
    return this.#after(sessionId, () => readMessages(this.#connection, sessionId, query));
  }

  /** Reads of a session once its steps are stored, or refused. */
  async #after<T>(sessionId: SessionId, read: () => T | Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(sessionId);
    if (waiting !== undefined) await waiting.catch(() => {});
    return await read();
  }

  /** See {@linkcode SessionJournal.interrupted}. */
  interrupted(limit: number): Promise<readonly SessionId[]> {
    return Promise.try(() => this.#interrupted(limit));
  }

  #interrupted(limit: number): SessionId[] {
    const found: SessionId[] = [];
    const alive = new Map<string, boolean>();
    for (const row of this.#connection.all(OPEN_TURNS)) {
      if (found.length >= limit) break;
      const owner = optionalTextOf(row, "owner");
      if (owner !== undefined && !alive.has(owner)) alive.set(owner, this.#owners.isAlive(owner));
      if (owner === undefined || alive.get(owner) === false) found.push(parseId("session", textOf(row, "session_id")));
    }
    return found;
  }

  /** See {@linkcode SessionJournal.turnForKey}. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined> {
    return Promise.try(() => {
      const row = this.#connection.get(FIND_KEY, sessionId, JSON.stringify(key));
      if (row === undefined) return undefined;
      return { turnId: parseId("turn", textOf(row, "turn_id")), sequence: numberOf(row, "sequence") };
    });
  }

  /** See {@linkcode SessionJournal.disconnect}. */
  disconnect(owner: OwnerId): Promise<void> {
    this.#dead.add(owner);
    for (const [sessionId, active] of this.#active) if (active.owner === owner) this.#active.delete(sessionId);
    return Promise.try(() => this.#owners.disconnect(owner));
  }

  /** Sequence of a session's newest event; 0 when there is none. */
  lastSequence(sessionId: SessionId): number {
    const head = this.#connection.get(LEASE, sessionId);
    return head === undefined ? 0 : numberOf(head, "last_sequence");
  }

  /** Whether this process could store an input now: nobody else runs the session, and its turn waits for no client. */
  canTake(sessionId: SessionId): boolean {
    const head = this.#connection.get(HEAD, sessionId);
    if (head === undefined) return true;
    if (head["turn_status"] === "waiting") return false;
    const holder = optionalTextOf(head, "owner");
    return holder === undefined || this.#owners.isOurs(holder) || !this.#owners.isAlive(holder);
  }
}

function encodeCheckpoint(
  sessionId: SessionId,
  checkpoint: TurnCheckpoint | null | undefined,
): EncodedCheckpoint | undefined {
  if (checkpoint === undefined) return undefined;
  if (checkpoint === null) return { status: null, text: null, hash: null };
  const text = JSON.stringify(checkpoint);
  const waits = Number(checkpoint.version) === 1 && checkpoint.state.phase === "wait";
  return { status: waits ? "waiting" : "open", text, hash: rowHash(sessionId, text) };
}

function checkpointOf(sessionId: SessionId, head: SqlRow): TurnCheckpoint | undefined {
  const text = optionalTextOf(head, "checkpoint");
  if (text === undefined) return undefined;
  const what = `the open turn of session "${sessionId}"`;
  checkRow(head["checkpoint_hash"], what, sessionId, text);
  const parsed: unknown = parseJson(text, what);
  return parsed as TurnCheckpoint;
}
