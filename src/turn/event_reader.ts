/** How a subscriber reads: what its channel keeps, and from the journal what it was not told. */

import { RuntimeError, StoreError } from "../errors.ts";
import type { Event } from "../records/event.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { SessionJournal } from "../ports/journal.ts";
import type { IdSource } from "../kit/ids.ts";

/** Durable events read from the journal at a time. */
const PAGE = 500;

/** What a channel's subscribers use. */
export interface ChannelSources {
  /** Where missed durable events are read again. */
  readonly journal: SessionJournal;
  /** Mints ids of ephemeral events. */
  readonly ids: IdSource;
  /** Stamps ephemeral events. */
  readonly clock: Clock;
}

/** Neighbouring deltas. */
export interface ReadableRun {
  /** How many pieces may be read. */
  readonly visible: number;
  /** Characters of the message before the first piece. */
  readonly offset: number;
  /** The pieces from one index up to another, joined. */
  textFrom(from: number, to: number): string;
  /** The event of some pieces. */
  event(text: string, offset: number, sessionId: SessionId, ids: IdSource, clock: Clock): Event;
}

/** What is kept of a session's events. */
export interface ReadableChannel {
  /** The session. */
  readonly sessionId: SessionId;
  /** What its subscribers use. */
  readonly sources: ChannelSources;
  /** Number of the oldest item kept. */
  readonly base: number;
  /** Number of the next item. */
  readonly endIndex: number;
  /** Sequence of the oldest durable event kept; `Infinity` when there is none. */
  readonly firstSequence: number;
  /** An item by number. */
  at(index: number): Event | ReadableRun | undefined;
}

/** Where a subscriber is. */
export interface Cursor {
  /** What it reads. */
  readonly channel: ReadableChannel;
  /** Whether it has stopped reading. */
  readonly left: boolean;
  /** Whether nothing comes any more. */
  readonly ended: boolean;
  /** Number of the next item to read. */
  position: number;
  /** Sequence of the last durable event it saw; -1 when it does not know its place yet. */
  sequence: number;
  /** Resolves when there may be more. */
  more(): Promise<void>;
}

/** Reads for one subscriber. */
export class EventReader {
  readonly #cursor: Cursor;
  #piece = 0;
  #pieceOffset = 0;
  /** The last sequence to read from the journal before it goes on; undefined when nothing is missing. */
  #replayTo: number | undefined;
  #page: readonly Event[] = [];
  #pageAt = 0;

  /** Begins with a replay, or with what is kept. */
  constructor(cursor: Cursor, replays: boolean) {
    this.#cursor = cursor;
    this.#replayTo = replays ? Infinity : undefined;
  }

  /**
   * The next event; undefined at the end.
   *
   * @throws {StoreError} when the journal cannot be read
   */
  async next(): Promise<Event | undefined> {
    const cursor = this.#cursor;
    while (!cursor.left) {
      const isReplay = this.#replayTo !== undefined;
      const event = isReplay ? await this.#replay() : this.#take();
      if (event !== undefined) return event;
      if (isReplay || this.#replayTo !== undefined) continue;
      if (cursor.ended) return undefined;
      await cursor.more();
    }
    return undefined;
  }

  async #replay(): Promise<Event | undefined> {
    const cursor = this.#cursor;
    const to = this.#replayTo ?? Infinity;
    if (this.#pageAt >= this.#page.length) {
      const page = cursor.sequence < Math.min(to, this.#kept() - 1) ? await this.#read(to) : [];
      // What the channel keeps is shown from there: in its order, with what happened in between.
      const kept = this.#kept();
      this.#page = page.filter(({ sequence = 0 }) => sequence < kept);
      this.#pageAt = 0;
    }
    const event = this.#page[this.#pageAt++];
    if (event !== undefined) {
      cursor.sequence = event.sequence ?? cursor.sequence;
      return event;
    }
    // What the journal does not have is not asked for again.
    if (to !== Infinity) cursor.sequence = Math.max(to, cursor.sequence);
    this.#replayTo = undefined;
    return undefined;
  }

  /** Sequence of the next durable event its channel keeps for it; `Infinity` when there is none. */
  #kept(): number {
    const { channel, position } = this.#cursor;
    for (let at = Math.max(position, channel.base); at < channel.endIndex; at++) {
      const item = channel.at(at);
      if (item !== undefined && !("visible" in item) && item.sequence !== undefined) return item.sequence;
    }
    return Infinity;
  }

  async #read(to: number): Promise<readonly Event[]> {
    const { channel: { sessionId, sources }, sequence } = this.#cursor;
    try {
      return await sources.journal.events(sessionId, { after: sequence, limit: Math.min(PAGE, to - sequence) });
    } catch (error) {
      throw error instanceof RuntimeError ? error : new StoreError(`replay session "${sessionId}"`, error);
    }
  }

  #take(): Event | undefined {
    const cursor = this.#cursor;
    const { channel } = cursor;
    if (cursor.position < channel.base) return this.#gap();
    for (;;) {
      const item = channel.at(cursor.position);
      if (item === undefined) return undefined;
      if ("visible" in item) {
        if (this.#piece < item.visible) return this.#takePieces(item);
        if (cursor.position === channel.endIndex - 1) return undefined;
        this.#moveTo(cursor.position + 1);
        continue;
      }
      const { sequence } = item;
      if (sequence !== undefined && cursor.sequence >= 0 && sequence > cursor.sequence + 1) {
        // Another runtime stored what comes before, or its delivery was lost.
        this.#replayTo = sequence - 1;
        return undefined;
      }
      this.#moveTo(cursor.position + 1);
      if (sequence === undefined) return item;
      // Replay may have shown it already.
      if (sequence <= cursor.sequence) continue;
      cursor.sequence = sequence;
      return item;
    }
  }

  #takePieces(run: ReadableRun): Event {
    const { visible } = run;
    const { sessionId, sources } = this.#cursor.channel;
    const text = run.textFrom(this.#piece, visible);
    const event = run.event(text, run.offset + this.#pieceOffset, sessionId, sources.ids, sources.clock);
    this.#piece = visible;
    this.#pieceOffset += text.length;
    return event;
  }

  #gap(): Event {
    const { channel: { base, firstSequence, sessionId, sources }, sequence } = this.#cursor;
    this.#moveTo(base);
    // What is missing is shown before what is kept.
    if (sequence >= 0) this.#replayTo = firstSequence - 1;
    return Object.freeze({
      id: sources.ids.next("event"),
      type: "subscription.gap",
      ts: sources.clock.now(),
      sessionId,
      context: {},
      data: { after: Math.max(0, sequence), reason: "the subscriber fell behind" },
    });
  }

  #moveTo(position: number): void {
    this.#cursor.position = position;
    this.#piece = 0;
    this.#pieceOffset = 0;
  }
}

/** The events of one turn out of a subscription, which ends with it. */
export async function* readTurn(
  events: AsyncIterableIterator<Event>,
  turnId: TurnId,
): AsyncGenerator<Event, undefined> {
  try {
    for await (const event of events) {
      if (event.context.turnId !== turnId && event.type !== "subscription.gap") continue;
      yield event;
      if (event.type === "session.idled" || event.type === "turn.waiting") return;
    }
  } finally {
    await events.return?.();
  }
}
