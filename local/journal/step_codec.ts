/** Steps as rows: the messages apart from the events that carry them, so that history is read without the rest. */

import type { Event, EventContext, EventType } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { Mutable } from "../../src/kit/mutable.ts";
import { messagesOfEvents } from "../../src/kit/projection.ts";
import { CorruptRecordError } from "../errors.ts";
import { parseJson, type SqlList } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";
import { RepeatedTexts } from "./repeated_texts.ts";

/** The events whose messages are the conversation. */
const TALK: ReadonlySet<string> = new Set<EventType>([
  "input.message",
  "output.message.completed",
  "tool.completed",
]);

/**
 * An event without what its row says already: offset in the step, id, type, details, context.
 *
 * The id is 0 where it follows that of the event before, as an `IdSource` mints them within a millisecond. The context is
 * left out where it is that of the event before. The details of an event that carries a message are in the other column,
 * or its message is, and `null` holds the place. Texts of the details are references where they repeat others of the
 * row, see {@linkcode RepeatedTexts}.
 */
type StoredEvent = readonly [
  offset: number,
  id: Event["id"] | 0,
  type: string,
  data: object | null,
  context?: EventContext,
];

/** What history is read from: offset in the step, and the message, or the details of a tool's result. */
type StoredTalk = readonly [offset: number, content: unknown, isToolResult?: 1];

/** Where the counter of an event's id is: after its prefix, 12 digits of time and one of the version. */
const COUNTER_AT = "event_".length + 13;

/** The columns of a step's content. */
export interface EncodedStep {
  /** The messages of the events; null when there is none. */
  readonly talk: string | null;
  /** Its hash. */
  readonly talkHash: string | null;
  /** The events, without those messages. */
  readonly body: string;
  /** Its hash. */
  readonly bodyHash: string;
}

/** The columns {@linkcode messagesOfStep} reads, in their order; {@linkcode eventsOfStep} reads the body's too. */
export const TALK_COLUMNS: string = "first_sequence, count, ts, talk, talk_hash";
/** The columns {@linkcode eventsOfStep} reads, in their order. */
export const STEP_COLUMNS: string = `${TALK_COLUMNS}, body, body_hash`;

/** Encodes the numbered events of one step; each is written once. */
export function encodeStep(sessionId: SessionId, events: readonly Event[]): EncodedStep {
  const talk: StoredTalk[] = [];
  for (const [offset, { type, data }] of events.entries()) {
    if (type === "tool.completed") talk.push([offset, data, 1]);
    else if (TALK.has(type) && "message" in data) talk.push([offset, data.message]);
  }
  const texts = new RepeatedTexts(talk.map(([, content]) => content));
  const body = events.map((event, offset) => storedEvent(offset, event, events[offset - 1], texts));
  const place = placeOf(sessionId, events[0]?.sequence ?? 0, events[0]?.ts ?? 0);
  const talkText = talk.length === 0 ? null : JSON.stringify(talk);
  const bodyText = JSON.stringify(body);
  return {
    talk: talkText,
    talkHash: talkText === null ? null : rowHash(place, "talk", talkText),
    body: bodyText,
    bodyHash: rowHash(place, "body", bodyText),
  };
}

function storedEvent(offset: number, event: Event, before: Event | undefined, texts: RepeatedTexts): StoredEvent {
  const { type, data, context } = event;
  const id = before !== undefined && event.id === idAfter(before.id) ? 0 : event.id;
  const isSame = before !== undefined && sameContext(before.context, context);
  if (!isSame) texts.meetAll(context);
  const isMessage = TALK.has(type) && "message" in data;
  const kept = type === "tool.completed" ? null : texts.shorten(isMessage ? { ...data, message: null } : data);
  return isSame ? [offset, id, type, kept] : [offset, id, type, kept, context];
}

/** The id an `IdSource` mints after this one in the same millisecond: its counter is the 12 bits after the version. */
function idAfter(id: Event["id"]): Event["id"] {
  const counter = COUNTER_AT + 3;
  const next = (parseInt(id.slice(COUNTER_AT, counter), 16) + 1).toString(16).padStart(3, "0");
  return `${id.slice(0, COUNTER_AT)}${next}${id.slice(counter)}` as Event["id"];
}

/** Whether two contexts have the same JSON. */
function sameContext(a: EventContext, b: EventContext): boolean {
  return a === b || a.turnId === b.turnId && a.inputMessageId === b.inputMessageId && a.execId === b.execId;
}

/** Sequence of a step's first event. */
export function firstSequenceOf(row: SqlList): number {
  return numberAt(row, 0, "first_sequence");
}

/** How many events a step has. */
export function countOf(row: SqlList): number {
  return numberAt(row, 1, "count");
}

/** The events of a step in order. */
export function eventsOfStep(sessionId: SessionId, row: SqlList): Event[] {
  const first = firstSequenceOf(row);
  const ts = timeOf(row);
  const told = talkOf(sessionId, row);
  const talk = new Map(told.map((stored) => [stored[0], stored]));
  const texts = new RepeatedTexts(told.map(([, content]) => content));
  const events: Event[] = [];
  let context: EventContext = {};
  let before: Event["id"] | undefined;
  for (const [offset, ownId, type, kept, ownContext] of columnOf<StoredEvent>(sessionId, row, "body")) {
    const id = ownId === 0 && before !== undefined ? idAfter(before) : ownId;
    before = id === 0 ? undefined : id;
    if (ownContext !== undefined) {
      context = ownContext;
      texts.meetAll(context);
    }
    let data: unknown = kept === null ? null : texts.restore(kept);
    if (TALK.has(type)) {
      const stored = talk.get(offset);
      if (stored === undefined) throw new CorruptRecordError(whatOf(sessionId, row), `event ${offset} has no message`);
      if (stored[2] === 1) data = stored[1];
      else (data as { message: unknown }).message = stored[1];
    }
    events.push(Object.freeze({ id, type, ts, sessionId, context, data, sequence: first + offset }) as Event);
  }
  return events;
}

/** The messages of a step in order; the same that its events carry. */
export function messagesOfStep(sessionId: SessionId, row: SqlList): Message[] {
  const first = firstSequenceOf(row);
  const messages: Message[] = [];
  for (const [offset, content, isToolResult] of talkOf(sessionId, row)) {
    const sequence = first + offset;
    if (isToolResult === 1) {
      const result = { type: "tool.completed", ts: timeOf(row), data: content, sequence } as Event;
      messages.push(...messagesOfEvents([result]));
    } else {
      // Just parsed, so nobody else has it: a history of 100,000 messages is not copied once more.
      const message = content as Mutable<Message>;
      message.sequence = sequence;
      messages.push(Object.freeze(message));
    }
  }
  return messages;
}

function timeOf(row: SqlList): number {
  return numberAt(row, 2, "ts");
}

function talkOf(sessionId: SessionId, row: SqlList): readonly StoredTalk[] {
  return row[3] === null ? [] : columnOf<StoredTalk>(sessionId, row, "talk");
}

/** Ties a row's content to its place and time: a row moved to another one does not match its hash. */
function placeOf(sessionId: SessionId, first: number, ts: number): string {
  return `${sessionId}/${first}/${ts}`;
}

/** The checked content of a column. */
function columnOf<T>(sessionId: SessionId, row: SqlList, column: "talk" | "body"): readonly T[] {
  const at = column === "talk" ? 3 : 5;
  const text = row[at];
  const what = whatOf(sessionId, row);
  if (typeof text !== "string") throw new CorruptRecordError(what, `column "${column}" does not hold text`);
  checkRow(row[at + 1], what, placeOf(sessionId, firstSequenceOf(row), timeOf(row)), column, text);
  const parsed: unknown = parseJson(text, what);
  if (Array.isArray(parsed)) return parsed as T[];
  throw new CorruptRecordError(what, "it is no list");
}

function whatOf(sessionId: SessionId, row: SqlList): string {
  return `events from ${firstSequenceOf(row)} of session "${sessionId}"`;
}

function numberAt(row: SqlList, at: number, column: string): number {
  const value = row[at];
  if (typeof value === "number") return value;
  throw new CorruptRecordError(`column "${column}"`, "it does not hold a number");
}
