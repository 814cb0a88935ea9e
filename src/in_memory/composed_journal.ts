/** The default journal: a turn store for steps and a message store for history. */

import { DuplicateInputError, LeaseLostError, SequenceConflictError, SessionBusyError } from "../errors.ts";
import type { Event, EventDraft } from "../records/event.ts";
import type { TurnCheckpoint } from "../records/checkpoint.ts";
import type { SessionId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { Clock } from "../ports/clock.ts";
import type {
  AcquiredSession,
  CommittedStep,
  EventQuery,
  KeyedTurn,
  OwnerId,
  RuntimeTurnStore,
  SessionHead,
  SessionJournal,
  SessionStep,
} from "../ports/journal.ts";
import type { MessageQuery, RuntimeMessageStore } from "../ports/stores.ts";
import type { IdSource } from "../kit/ids.ts";
import { messagesOfEvents } from "../kit/projection.ts";

/** Sessions that are remembered; past that, idle ones are looked at again. */
const MAX_LANES = 10_000;

/** What is remembered of one session. */
interface Lane {
  /** Whether a step is being stored. */
  busy: boolean;
  /** Steps that wait for it. */
  readonly queue: {
    readonly step: SessionStep;
    resolve(step: CommittedStep): void;
    reject(error: unknown): void;
  }[];
  /** The head while the lease is held. */
  head: SessionHead | undefined;
  /** The fence whose steps are refused, and why. */
  rejected: { readonly owner: OwnerId; readonly fence: number; readonly error: unknown } | undefined;
  /** Sequence up to which the message store is known to be complete. */
  projected: number;
}

/** What a {@linkcode ComposedJournal} is made of. */
export interface ComposedJournalOptions {
  /** Keeps heads and events. */
  readonly turnStore: RuntimeTurnStore;
  /** Keeps the history that is read back. */
  readonly messageStore: RuntimeMessageStore;
  /** Mints event ids. */
  readonly ids: IdSource;
  /** Stamps events. */
  readonly clock: Clock;
  /**
   * Whether a step over both stores is all or nothing across a crash.
   *
   * @default {false}
   */
  readonly atomic?: boolean;
}

/**
 * Composes a journal from two stores.
 *
 * A step is numbered, its events and the head are stored by compare-and-set, then its messages. The history is a
 * projection: when a crash came between the two, or the message store failed, `acquire` fills in what is missing. The
 * other order would let a step that is refused, or repeated with new ids, leave messages no event stands for.
 */
export class ComposedJournal implements SessionJournal {
  /** Whether a step is all or nothing across a crash. */
  readonly atomic: boolean;
  readonly #turns: RuntimeTurnStore;
  readonly #messages: RuntimeMessageStore;
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #connected = new Map<OwnerId, Promise<void>>();
  readonly #dead = new Set<OwnerId>();
  readonly #lanes = new Map<SessionId, Lane>();

  /** Composes a journal. */
  constructor(options: ComposedJournalOptions) {
    this.atomic = options.atomic ?? false;
    this.#turns = options.turnStore;
    this.#messages = options.messageStore;
    this.#ids = options.ids;
    this.#clock = options.clock;
  }

  /** See {@linkcode SessionJournal.acquire}. */
  async acquire(sessionId: SessionId, owner: OwnerId): Promise<AcquiredSession> {
    const head = await this.#turns.getHead(sessionId);
    if (head?.owner !== undefined && head.owner !== owner && await this.#turns.isAlive(head.owner)) {
      throw new SessionBusyError(sessionId, head.owner);
    }
    const lane = this.#lane(sessionId);
    if (lane.rejected?.owner === owner) lane.rejected = undefined;
    const acquired = { fence: (head?.fence ?? 0) + 1, lastSequence: head?.lastSequence ?? 0 };
    if (lane.projected !== acquired.lastSequence) await this.#catchUp(lane, sessionId, acquired.lastSequence);
    return head?.checkpoint === undefined ? acquired : { ...acquired, openTurn: head.checkpoint };
  }

  /** See {@linkcode SessionJournal.commit}. */
  commit(step: SessionStep): Promise<CommittedStep> {
    const lane = this.#lane(step.sessionId);
    if (!lane.busy) {
      lane.busy = true;
      return this.#next(lane, step);
    }
    return new Promise((resolve, reject) => void lane.queue.push({ step, resolve, reject }));
  }

  /** Stores one step, then the next one in the queue; once a step is rejected, later ones of its fence are too. */
  async #next(lane: Lane, step: SessionStep): Promise<CommittedStep> {
    const { owner, fence } = step;
    try {
      const earlier = lane.rejected;
      if (earlier !== undefined && earlier.owner === owner && earlier.fence === fence) throw earlier.error;
      return await this.#commit(lane, step);
    } catch (error) {
      // A repeated key is an answer to this step alone: nothing was written and the lease was not taken.
      if (!(error instanceof DuplicateInputError)) lane.rejected = { owner, fence, error };
      throw error;
    } finally {
      const queued = lane.queue.shift();
      if (queued === undefined) lane.busy = false;
      else this.#next(lane, queued.step).then(queued.resolve, queued.reject);
    }
  }

  async #commit(lane: Lane, step: SessionStep): Promise<CommittedStep> {
    const { sessionId, owner, fence } = step;
    if (step.events.length === 0) throw new RangeError("Cannot commit a step without events");
    let head = lane.head;
    if (head?.owner !== owner || head.fence !== fence) head = await this.#firstHead(step);
    if (
      head !== undefined && head.lastSequence !== step.expectedSequence ||
      head === undefined && step.expectedSequence !== 0
    ) {
      throw new SequenceConflictError(sessionId, step.expectedSequence, head?.lastSequence ?? 0);
    }
    if (step.key !== undefined) {
      const earlier = await this.#turns.turnForKey(sessionId, step.key.key);
      if (earlier !== undefined) throw new DuplicateInputError(sessionId, step.key.key, earlier.turnId);
    }
    const events = this.#number(step.events, sessionId, step.expectedSequence);
    const lastSequence = step.expectedSequence + events.length;
    const checkpoint = step.checkpoint === undefined ? head?.checkpoint : step.checkpoint ?? undefined;
    const next: SessionHead = {
      lastSequence,
      fence,
      ...(step.release === true ? {} : { owner }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
    const stored = await this.#turns.compareAndAppend({
      sessionId,
      expected: head,
      head: next,
      events,
      ...(step.key === undefined ? {} : { key: step.key }),
    });
    if (!stored) {
      lane.head = undefined;
      throw new LeaseLostError(sessionId, fence);
    }
    lane.head = step.release === true ? undefined : next;
    const messages = messagesOfEvents(events);
    await this.#project(lane, sessionId, messages, lastSequence);
    return { events, messages, lastSequence };
  }

  #lane(sessionId: SessionId): Lane {
    let lane = this.#lanes.get(sessionId);
    if (lane === undefined) {
      if (this.#lanes.size >= MAX_LANES) {
        for (const [id, { busy, head }] of this.#lanes) if (!busy && head === undefined) this.#lanes.delete(id);
      }
      lane = { busy: false, queue: [], head: undefined, rejected: undefined, projected: 0 };
      this.#lanes.set(sessionId, lane);
    }
    return lane;
  }

  /** Stores the messages of committed events. */
  async #project(lane: Lane, sessionId: SessionId, messages: readonly Message[], lastSequence: number): Promise<void> {
    if (messages.length > 0) {
      lane.projected = -1;
      await this.#messages.storeMessages(sessionId, messages);
    }
    lane.projected = lastSequence;
  }

  /** Stores what a crash, or a failing message store, left out. */
  async #catchUp(lane: Lane, sessionId: SessionId, lastSequence: number): Promise<void> {
    const [newest] = await this.#messages.loadMessages(sessionId, { limit: 1 });
    const after = newest?.sequence ?? 0;
    const events = after < lastSequence ? await this.#turns.loadEvents(sessionId, { after }) : [];
    await this.#project(lane, sessionId, messagesOfEvents(events), lastSequence);
  }

  /** The head the first step under a fence builds on, once the lease may be taken. */
  async #firstHead(step: SessionStep): Promise<SessionHead | undefined> {
    const { sessionId, owner, fence } = step;
    if (this.#dead.has(owner)) throw new LeaseLostError(sessionId, fence);
    // The owner is declared alive before its id can stand in a lease.
    let connected = this.#connected.get(owner);
    if (connected === undefined) {
      connected = this.#turns.connect(owner);
      this.#connected.set(owner, connected);
      // One that failed is tried again by the next step.
      connected.catch(() => this.#connected.delete(owner));
    }
    await connected;
    const head = await this.#turns.getHead(sessionId);
    if ((head?.fence ?? 0) + 1 !== fence) throw new LeaseLostError(sessionId, fence);
    if (head?.owner !== undefined && head.owner !== owner && await this.#turns.isAlive(head.owner)) {
      throw new LeaseLostError(sessionId, fence);
    }
    return head;
  }

  #number(drafts: readonly EventDraft[], sessionId: SessionId, after: number): Event[] {
    const ts = this.#clock.now();
    let sequence = after;
    const events: Event[] = [];
    for (const { type, data, context } of drafts) {
      const id = this.#ids.next("event");
      const event = { id, type, ts, sessionId, context, data: Object.freeze(data), sequence: ++sequence } as Event;
      events.push(Object.freeze(event));
    }
    return events;
  }

  /** See {@linkcode SessionJournal.release}. */
  async release(sessionId: SessionId, owner: OwnerId, fence: number): Promise<void> {
    const head = await this.#turns.getHead(sessionId);
    if (head?.owner !== owner || head.fence !== fence) return;
    this.#lane(sessionId).head = undefined;
    const { owner: _, ...free } = head;
    await this.#turns.compareAndAppend({ sessionId, expected: head, head: free, events: [] });
  }

  /** See {@linkcode SessionJournal.events}. */
  events(sessionId: SessionId, query?: EventQuery): Promise<readonly Event[]> {
    return this.#turns.loadEvents(sessionId, query);
  }

  /** See {@linkcode SessionJournal.messages}. */
  async messages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]> {
    const head = await this.#turns.getHead(sessionId);
    const lastSequence = head?.lastSequence ?? 0;
    const lane = this.#lane(sessionId);
    if (lane.projected !== lastSequence) await this.#catchUp(lane, sessionId, lastSequence);
    return await this.#messages.loadMessages(sessionId, query);
  }

  /** See {@linkcode SessionJournal.interrupted}. */
  async interrupted(limit: number): Promise<readonly SessionId[]> {
    const found: SessionId[] = [];
    for (const sessionId of await this.#turns.openSessions(Number.MAX_SAFE_INTEGER)) {
      if (found.length >= limit) break;
      const head = await this.#turns.getHead(sessionId);
      if (head?.checkpoint === undefined || isWaiting(head.checkpoint)) continue;
      if (head.owner === undefined || !(await this.#turns.isAlive(head.owner))) found.push(sessionId);
    }
    return found;
  }

  /** See {@linkcode SessionJournal.turnForKey}. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined> {
    return this.#turns.turnForKey(sessionId, key);
  }

  /** See {@linkcode SessionJournal.disconnect}. */
  disconnect(owner: OwnerId): Promise<void> {
    this.#connected.delete(owner);
    this.#dead.add(owner);
    return this.#turns.disconnect(owner);
  }
}

/** A checkpoint of another version says nothing that could be relied on: its turn is to be ended. */
function isWaiting(checkpoint: TurnCheckpoint): boolean {
  return Number(checkpoint.version) === 1 && checkpoint.state.phase === "wait";
}
