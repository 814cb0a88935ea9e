/** Steps as rows: the messages apart from the events that carry them, so that history is read without the rest. */

import type { Event, EventContext, EventType } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { Mutable } from "../../src/kit/mutable.ts";
import { messagesOfEvents } from "../../src/kit/projection.ts";
import { CorruptRecordError } from "../errors.ts";
import { parseJson, type SqlList } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

/** The events whose messages are the conversation. */
const TALK: ReadonlySet<string> = new Set<EventType>([
  "input.message",
  "output.message.completed",
  "tool.completed",
]);

/**
 * An event without what its row says already: offset in the step, id, type, details, context.
 *
 * The context is left out where it is that of the event before. The details of an event that carries a message are in
 * the other column, or its message is, and `null` holds the place.
 */
type StoredEvent = readonly [offset: number, id: Event["id"], type: string, data: unknown, context?: EventContext];

/** What history is read from: offset in the step, and the message, or the details of a tool's result. */
type StoredTalk = readonly [offset: number, content: unknown, isToolResult?: 1];

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
  const body: StoredEvent[] = [];
  let before: EventContext | undefined;
  for (const [offset, { id, type, data, context }] of events.entries()) {
    let kept: unknown = data;
    if (type === "tool.completed") {
      talk.push([offset, data, 1]);
      kept = null;
    } else if (TALK.has(type) && "message" in data) {
      talk.push([offset, data.message]);
      kept = { ...data, message: null };
    }
    const isSame = before !== undefined && sameContext(before, context);
    body.push(isSame ? [offset, id, type, kept] : [offset, id, type, kept, context]);
    before = context;
  }
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
  const talk = new Map(talkOf(sessionId, row).map((stored) => [stored[0], stored]));
  const events: Event[] = [];
  let context: EventContext = {};
  for (const [offset, id, type, kept, ownContext] of columnOf<StoredEvent>(sessionId, row, "body")) {
    context = ownContext ?? context;
    let data: unknown = kept;
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
