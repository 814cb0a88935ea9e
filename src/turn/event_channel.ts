/** One session's live events: a shared list that every subscriber reads at its own pace. */

import type { Event, EventContext } from "../records/event.ts";
import type { MessageId, SessionId, TurnId } from "../records/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { IdSource } from "../kit/ids.ts";
import { lazy } from "../kit/lazy.ts";
import { memorySize } from "../kit/projection.ts";
import type { ChannelSources, Cursor, EventReader, ReadableChannel, ReadableRun } from "./event_reader.ts";

/** Most items kept; past that what all have read goes, and of the rest the oldest half: its readers see a gap. */
const MAX_ITEMS = 4096;
/** Most pieces in one run of deltas. */
const MAX_PIECES = 16384;
/** Most memory the items may take by estimate, likewise; in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

type Readers = typeof import("./event_reader.ts");
/** How subscribers read. */
export const readers: () => Readers | Promise<Readers> = lazy(() => import("./event_reader.ts"));

/** Neighbouring deltas of one message, kept as pieces and joined when read. */
export class DeltaRun implements ReadableRun {
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
  #characters = 0;
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

  /** Estimated size in memory, in bytes. */
  get bytes(): number {
    return 2 * this.#characters;
  }

  /** Adds a piece. */
  append(piece: string): void {
    this.#pieces.push(piece);
    this.#characters += piece.length;
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
export class Channel implements ReadableChannel {
  /** The session. */
  readonly sessionId: SessionId;
  /** What its subscribers use. */
  readonly sources: ChannelSources;
  readonly #onEmpty: () => void;
  readonly #subscribers = new Set<Subscriber>();
  #items: (Event | DeltaRun)[] = [];
  #base = 0;
  #bytes = 0;

  /** Makes a channel that says when its last subscriber has left. */
  constructor(sessionId: SessionId, sources: ChannelSources, onEmpty: () => void) {
    this.sessionId = sessionId;
    this.sources = sources;
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

  /** Sequence of the oldest durable event kept; `Infinity` when there is none. */
  get firstSequence(): number {
    return firstSequence(this.#items);
  }

  /** An item by number. */
  at(index: number): Event | DeltaRun | undefined {
    return this.#items[index - this.#base];
  }

  /** Adds an item. */
  push(item: Event | DeltaRun): void {
    this.#items.push(item);
    this.#bytes += bytesOf(item);
    if (this.#items.length >= MAX_ITEMS || this.#bytes > MAX_BYTES) this.#trim();
  }

  /** Counts the characters of a delta that was added to the last item. */
  grow(characters: number): void {
    this.#bytes += 2 * characters;
    if (this.#bytes > MAX_BYTES) this.#trim();
  }

  /** Tells waiting subscribers that there is something to read. */
  wake(): void {
    for (const subscriber of this.#subscribers) subscriber.wake();
  }

  /** Adds a subscriber. */
  subscribe(after: number | undefined, signal: AbortSignal | undefined): Subscriber {
    const subscriber = new Subscriber(this, after, signal);
    this.#subscribers.add(subscriber);
    if (signal?.aborted) subscriber.return();
    return subscriber;
  }

  /** Removes a subscriber. */
  leave(subscriber: Subscriber): void {
    if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#onEmpty();
  }

  /** What is there from an item on, for a subscriber that has left. */
  rest(from: number): Channel {
    const rest = new Channel(this.sessionId, this.sources, () => {});
    rest.#base = Math.max(from, this.#base);
    rest.#items = this.#items.slice(rest.#base - this.#base);
    return rest;
  }

  /** Ends all subscribers. */
  end(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.end();
  }

  #trim(): void {
    let oldest = this.endIndex;
    for (const subscriber of this.#subscribers) oldest = Math.min(oldest, subscriber.position);
    oldest = Math.max(oldest, this.endIndex - MAX_ITEMS / 2);
    // The last item stays: it may be a run that still grows.
    let from = this.endIndex - 1;
    let bytes = bytesOf(this.at(from)!);
    for (; from > oldest; from--) {
      const more = bytesOf(this.at(from - 1)!);
      if (bytes + more > MAX_BYTES / 2) break;
      bytes += more;
    }
    this.#bytes = bytes;
    if (from === this.#base) return;
    const dropped = this.#items.slice(0, from - this.#base);
    for (const subscriber of this.#subscribers) subscriber.dropped(dropped, this.#base);
    this.#items = this.#items.slice(from - this.#base);
    this.#base = from;
  }
}

function firstSequence(items: readonly (Event | DeltaRun)[]): number {
  for (const item of items) if (!(item instanceof DeltaRun) && item.sequence !== undefined) return item.sequence;
  return Infinity;
}

function bytesOf(item: Event | DeltaRun): number {
  return item instanceof DeltaRun ? item.bytes : memorySize(item);
}

/**
 * One reader of a session's events; an async iterable that may be read once.
 *
 * It never slows a turn: what it has not read is kept up to a cap; past that it sees a `subscription.gap` event, the
 * durable events it missed are read again from the journal, and the ephemeral ones are lost.
 */
export class Subscriber implements AsyncIterableIterator<Event>, Cursor {
  /** What it reads. */
  channel: Channel;
  /** Number of the next item to read. */
  position: number;
  /** See {@linkcode Cursor.sequence}. */
  sequence: number;
  /** Whether it has stopped reading. */
  left = false;
  /** Whether nothing comes any more. */
  ended = false;
  readonly #replays: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#leave();
  #reader: EventReader | undefined;
  #asked: Promise<unknown> | undefined;
  #waiting: (() => void) | undefined;

  /** Made by its channel. */
  constructor(channel: Channel, after: number | undefined, signal: AbortSignal | undefined) {
    this.channel = channel;
    this.position = channel.endIndex;
    // A subscriber that replays nothing learns its place from the first durable event it sees or misses.
    this.sequence = after ?? -1;
    this.#replays = after !== undefined;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Notes where to read on when items it has not read are dropped. */
  dropped(items: readonly (Event | DeltaRun)[], base: number): void {
    const first = firstSequence(items.slice(Math.max(0, this.position - base)));
    if (this.sequence < 0 && first !== Infinity) this.sequence = first - 1;
  }

  /** Wakes the reader if it waits. */
  wake(): void {
    this.#waiting?.();
  }

  /** Resolves when it is woken. */
  more(): Promise<void> {
    return new Promise((resolve) => this.#waiting = resolve);
  }

  /** Leaves, but lets the reader finish what is there. */
  end(): void {
    if (this.ended || this.left) return;
    this.ended = true;
    const { channel } = this;
    this.channel = channel.rest(this.position);
    channel.leave(this);
    this.wake();
  }

  /** The next event; who asks before the last one came gets the one after it. */
  next(): Promise<IteratorResult<Event, undefined>> {
    const next = (): Promise<IteratorResult<Event, undefined>> => this.#next();
    const result = this.#asked === undefined ? next() : this.#asked.then(next, next);
    const answered = (): void => {
      if (this.#asked === result) this.#asked = undefined;
    };
    this.#asked = result;
    result.then(answered, answered);
    return result;
  }

  async #next(): Promise<IteratorResult<Event, undefined>> {
    try {
      this.#reader ??= new (await readers()).EventReader(this, this.#replays);
      const value = await this.#reader.next();
      return value === undefined ? this.#leave() : { done: false, value };
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** Stops reading. */
  return(): Promise<IteratorResult<Event, undefined>> {
    return Promise.resolve(this.#leave());
  }

  /** Itself. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Event> {
    return this;
  }

  #leave(): IteratorReturnResult<undefined> {
    if (!this.left) {
      this.left = true;
      this.#signal?.removeEventListener("abort", this.#onAbort);
      this.channel.leave(this);
      this.wake();
    }
    return { done: true, value: undefined };
  }
}
