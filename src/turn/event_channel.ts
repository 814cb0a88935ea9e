/** One session's live events: a shared list that every subscriber reads at its own pace. */

import { RuntimeError, StoreError } from "../errors.ts";
import type { Event, EventContext } from "../records/event.ts";
import type { MessageId, SessionId, TurnId } from "../records/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { SessionJournal } from "../ports/journal.ts";
import type { IdSource } from "../kit/ids.ts";

/** Most items kept for the slowest subscriber; past that the oldest half goes and the subscriber sees a gap. */
const MAX_ITEMS = 4096;
/** Most pieces in one run of deltas. */
const MAX_PIECES = 16384;
/** Most characters of deltas kept for the slowest subscriber. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** Durable events read at a time when replaying. */
const PAGE = 500;

/** Neighbouring deltas of one message, kept as pieces and joined when read. */
export class DeltaRun {
  /** What the pieces are. */
  readonly kind: "output.message.delta" | "reason.thinking.delta";
  /** The message. */
  readonly messageId: MessageId;
  /** The turn. */
  readonly turnId: TurnId;
  /** What the events belong to. */
  readonly context: EventContext;
  /** Characters of the message before the first piece. */
  readonly offset: number;
  readonly #pieces: string[] = [];
  #visible = 0;
  #taken = 0;
  #takenOffset: number;

  /** Starts a run. */
  constructor(kind: DeltaRun["kind"], messageId: MessageId, turnId: TurnId, context: EventContext, offset: number) {
    this.kind = kind;
    this.messageId = messageId;
    this.turnId = turnId;
    this.context = context;
    this.offset = offset;
    this.#takenOffset = offset;
  }

  /** How many pieces a subscriber may read: those of bursts that are over. */
  get visible(): number {
    return this.#visible;
  }

  /** The current burst is over. */
  reveal(): void {
    this.#visible = this.#pieces.length;
  }

  /** Whether a new run must be started. */
  get full(): boolean {
    return this.#pieces.length >= MAX_PIECES;
  }

  /** Adds a piece. */
  append(piece: string): void {
    this.#pieces.push(piece);
  }

  /** The pieces from one index up to another, joined. */
  textFrom(from: number, to: number): string {
    return to - from === 1 ? this.#pieces[from]! : this.#pieces.slice(from, to).join("");
  }

  /** The event of the pieces from an index on. */
  event(text: string, offset: number, sessionId: SessionId, ids: IdSource, clock: Clock): Event {
    const base = { id: ids.next("event"), ts: clock.now(), sessionId, context: this.context };
    const data = { turnId: this.turnId, delta: text, offset };
    return Object.freeze(
      this.kind === "output.message.delta"
        ? { ...base, type: this.kind, data: { ...data, messageId: this.messageId } }
        : { ...base, type: this.kind, data },
    );
  }

  /** The event of the pieces the bus has not had yet. */
  take(sessionId: SessionId, ids: IdSource, clock: Clock): Event | undefined {
    this.reveal();
    if (this.#taken === this.#pieces.length) return undefined;
    const text = this.textFrom(this.#taken, this.#pieces.length);
    const event = this.event(text, this.#takenOffset, sessionId, ids, clock);
    this.#taken = this.#pieces.length;
    this.#takenOffset += text.length;
    return event;
  }
}

/** The items of one session, numbered from the channel's start. */
export class Channel {
  readonly #sessionId: SessionId;
  readonly #journal: SessionJournal;
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  readonly #subscribers = new Set<Subscriber>();
  #items: (Event | DeltaRun)[] = [];
  #base = 0;
  #characters = 0;

  /** Makes a channel that says when its last subscriber has left. */
  constructor(sessionId: SessionId, journal: SessionJournal, ids: IdSource, clock: Clock, onEmpty: () => void) {
    this.#sessionId = sessionId;
    this.#journal = journal;
    this.#ids = ids;
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  /** Number of the next item. */
  get endIndex(): number {
    return this.#base + this.#items.length;
  }

  /** Number of the oldest item kept. */
  get base(): number {
    return this.#base;
  }

  /** An item by number. */
  at(index: number): Event | DeltaRun | undefined {
    return this.#items[index - this.#base];
  }

  /** Adds an item. */
  push(item: Event | DeltaRun): void {
    this.#items.push(item);
    if (this.#items.length >= MAX_ITEMS) this.#trim();
  }

  /** Counts the characters of a delta that was added to the last item. */
  grow(characters: number): void {
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) this.#keepFrom(this.endIndex - 1);
  }

  /** Tells waiting subscribers that there is something to read. */
  wake(): void {
    for (const subscriber of this.#subscribers) subscriber.wake();
  }

  /** Adds a subscriber. */
  subscribe(after: number | undefined, signal: AbortSignal | undefined): Subscriber {
    const subscriber = new Subscriber(this, this.#journal, this.#sessionId, this.#ids, this.#clock, after, signal);
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  /** Removes a subscriber. */
  leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size === 0) this.#onEmpty();
  }

  /** Ends all subscribers. */
  end(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.end();
  }

  #trim(): void {
    let oldest = this.endIndex;
    for (const subscriber of this.#subscribers) oldest = Math.min(oldest, subscriber.position);
    this.#keepFrom(Math.max(oldest, this.endIndex - MAX_ITEMS / 2));
  }

  #keepFrom(index: number): void {
    const dropped = this.#items.slice(0, index - this.#base);
    for (const subscriber of this.#subscribers) subscriber.dropped(dropped, this.#base);
    this.#items = this.#items.slice(index - this.#base);
    this.#base = index;
    this.#characters = 0;
  }
}

/**
 * One reader of a session's events; an async iterable that may be read once.
 *
 * It never slows a turn: what it has not read is kept up to a cap; past that it sees a `subscription.gap` event, the
 * durable events it missed are read again from the journal, and the ephemeral ones are lost.
 */
export class Subscriber implements AsyncIterableIterator<Event> {
  readonly #channel: Channel;
  readonly #journal: SessionJournal;
  readonly #sessionId: SessionId;
  readonly #ids: IdSource;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #position: number;
  #piece = 0;
  #pieceOffset = 0;
  #sequence: number;
  #replaying: boolean;
  #page: readonly Event[] = [];
  #pageAt = 0;
  #ended = false;
  #left = false;
  #waiting: (() => void) | undefined;

  /** Made by its channel. */
  constructor(
    channel: Channel,
    journal: SessionJournal,
    sessionId: SessionId,
    ids: IdSource,
    clock: Clock,
    after: number | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#channel = channel;
    this.#journal = journal;
    this.#sessionId = sessionId;
    this.#ids = ids;
    this.#clock = clock;
    this.#position = channel.endIndex;
    // A subscriber that replays nothing learns its place from the first durable event it sees or misses.
    this.#sequence = after ?? -1;
    this.#replaying = after !== undefined;
    this.#signal = signal;
    this.#onAbort = () => this.#leave();
    if (signal?.aborted) this.#leave();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Number of the next item to read. */
  get position(): number {
    return this.#position;
  }

  /** Notes where to read on when items it has not read are dropped. */
  dropped(items: readonly (Event | DeltaRun)[], base: number): void {
    if (this.#sequence >= 0) return;
    for (let i = Math.max(0, this.#position - base); i < items.length; i++) {
      const item = items[i]!;
      if (item instanceof DeltaRun || item.sequence === undefined) continue;
      this.#sequence = item.sequence - 1;
      return;
    }
  }

  /** Wakes the reader if it waits. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** Lets the reader finish what is there, then ends. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** The next event. */
  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      if (this.#left) return { done: true, value: undefined };
      const event = this.#replaying ? await this.#replay() : this.#take();
      if (event !== undefined) return { done: false, value: event };
      if (this.#replaying) continue;
      if (this.#ended) {
        this.#leave();
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
  }

  /** Stops reading. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Event> {
    return this;
  }

  async #replay(): Promise<Event | undefined> {
    if (this.#pageAt >= this.#page.length) {
      this.#page = await this.#read();
      this.#pageAt = 0;
      if (this.#page.length === 0) {
        this.#replaying = false;
        return undefined;
      }
    }
    const event = this.#page[this.#pageAt++]!;
    this.#sequence = event.sequence ?? this.#sequence;
    return event;
  }

  async #read(): Promise<readonly Event[]> {
    try {
      return await this.#journal.events(this.#sessionId, { after: this.#sequence, limit: PAGE });
    } catch (error) {
      throw error instanceof RuntimeError ? error : new StoreError(`replay session "${this.#sessionId}"`, error);
    }
  }

  #take(): Event | undefined {
    const channel = this.#channel;
    if (this.#position < channel.base) return this.#gap();
    for (;;) {
      const item = channel.at(this.#position);
      if (item === undefined) return undefined;
      if (item instanceof DeltaRun) {
        if (this.#piece < item.visible) return this.#takePieces(item);
        if (this.#position === channel.endIndex - 1) return undefined;
        this.#advance();
        continue;
      }
      this.#advance();
      if (item.sequence === undefined) return item;
      // Replay may have shown it already.
      if (item.sequence <= this.#sequence) continue;
      this.#sequence = item.sequence;
      return item;
    }
  }

  #takePieces(run: DeltaRun): Event {
    const { visible } = run;
    const text = run.textFrom(this.#piece, visible);
    const event = run.event(text, run.offset + this.#pieceOffset, this.#sessionId, this.#ids, this.#clock);
    this.#piece = visible;
    this.#pieceOffset += text.length;
    return event;
  }

  #advance(): void {
    this.#position++;
    this.#piece = 0;
    this.#pieceOffset = 0;
  }

  #gap(): Event {
    this.#position = this.#channel.endIndex;
    this.#piece = 0;
    this.#pieceOffset = 0;
    this.#replaying = this.#sequence >= 0;
    return Object.freeze({
      id: this.#ids.next("event"),
      type: "subscription.gap",
      ts: this.#clock.now(),
      sessionId: this.#sessionId,
      context: {},
      data: { after: Math.max(0, this.#sequence), reason: "the subscriber fell behind" },
    });
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#channel.leave(this);
    this.wake();
  }
}

/** The events of one turn out of a subscription, until the turn is over. */
export async function* eventsOfTurn(
  subscriber: Subscriber,
  turnId: TurnId,
  over: Promise<unknown>,
): AsyncGenerator<Event, undefined> {
  over.then(() => subscriber.end(), () => subscriber.end());
  try {
    for await (const event of subscriber) {
      if (event.context.turnId !== turnId && event.type !== "subscription.gap") continue;
      yield event;
      if (event.type === "session.idled" || event.type === "turn.waiting") return;
    }
  } finally {
    await subscriber.return();
  }
}
