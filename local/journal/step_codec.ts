/** Steps as rows: the events that carry messages apart from the others, so that history is read without them. */

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
 * The context is left out where it is that of the event before it in the same column.
 */
type StoredEvent = readonly [offset: number, id: Event["id"], type: string, data: unknown, context?: EventContext];

/** The columns of a step's content. */
export interface EncodedStep {
  /** Events that carry messages; null when there is none. */
  readonly talk: string | null;
  /** Its hash. */
  readonly talkHash: string | null;
  /** The other events; null when there is none. */
  readonly body: string | null;
  /** Its hash. */
  readonly bodyHash: string | null;
}

/** The columns {@linkcode messagesOfStep} reads, in their order; {@linkcode eventsOfStep} reads the body's too. */
export const TALK_COLUMNS: string = "first_sequence, count, ts, talk, talk_sha256";
/** The columns {@linkcode eventsOfStep} reads, in their order. */
export const STEP_COLUMNS: string = `${TALK_COLUMNS}, body, body_sha256`;

/** Encodes the numbered events of one step; each is written once. */
export function encodeStep(sessionId: SessionId, events: readonly Event[]): EncodedStep {
  const talk: Event[] = [];
  const body: Event[] = [];
  for (const event of events) (TALK.has(event.type) ? talk : body).push(event);
  const first = events[0]?.sequence ?? 0;
  const place = placeOf(sessionId, first, events[0]?.ts ?? 0);
  const talkText = encodeEvents(talk, first);
  const bodyText = encodeEvents(body, first);
  return {
    talk: talkText,
    talkHash: talkText === null ? null : rowHash(place, "talk", talkText),
    body: bodyText,
    bodyHash: bodyText === null ? null : rowHash(place, "body", bodyText),
  };
}

function encodeEvents(events: readonly Event[], first: number): string | null {
  if (events.length === 0) return null;
  const stored: StoredEvent[] = [];
  let before: EventContext | undefined;
  for (const { id, type, data, context, sequence = 0 } of events) {
    const offset = sequence - first;
    const same = before !== undefined && sameContext(before, context);
    stored.push(same ? [offset, id, type, data] : [offset, id, type, data, context]);
    before = context;
  }
  return JSON.stringify(stored);
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
  const events: Event[] = [];
  for (const column of ["talk", "body"] as const) {
    let context: EventContext = {};
    for (const stored of storedEvents(sessionId, row, column)) {
      context = stored[4] ?? context;
      events.push(eventOf(sessionId, row, stored, context));
    }
  }
  return events.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
}

/** The messages of a step in order; the same that its events carry. */
export function messagesOfStep(sessionId: SessionId, row: SqlList): Message[] {
  const first = firstSequenceOf(row);
  const messages: Message[] = [];
  for (const stored of storedEvents(sessionId, row, "talk")) {
    const [offset, , type, data] = stored;
    if (type === "tool.completed") messages.push(...messagesOfEvents([eventOf(sessionId, row, stored, {})]));
    else {
      // Just parsed, so nobody else has it: a history of 100,000 messages is not copied once more.
      const { message } = data as { readonly message: Mutable<Message> };
      message.sequence = first + offset;
      messages.push(Object.freeze(message));
    }
  }
  return messages;
}

function eventOf(sessionId: SessionId, row: SqlList, stored: StoredEvent, context: EventContext): Event {
  const [offset, id, type, data] = stored;
  const ts = numberAt(row, 2, "ts");
  return Object.freeze({ id, type, ts, sessionId, context, data, sequence: firstSequenceOf(row) + offset }) as Event;
}

/** Ties a row's content to its place and time: a row moved to another one does not match its hash. */
function placeOf(sessionId: SessionId, first: number, ts: number): string {
  return `${sessionId}/${first}/${ts}`;
}

/** The checked content of a column. */
function storedEvents(sessionId: SessionId, row: SqlList, column: "talk" | "body"): readonly StoredEvent[] {
  const at = column === "talk" ? 3 : 5;
  const text = row[at];
  if (text === null) return [];
  const first = firstSequenceOf(row);
  const what = `events from ${first} of session "${sessionId}"`;
  if (typeof text !== "string") throw new CorruptRecordError(what, `column "${column}" does not hold text`);
  checkRow(row[at + 1], what, placeOf(sessionId, first, numberAt(row, 2, "ts")), column, text);
  const parsed: unknown = parseJson(text, what);
  if (Array.isArray(parsed)) return parsed as StoredEvent[];
  throw new CorruptRecordError(what, "it is no list");
}

function numberAt(row: SqlList, at: number, column: string): number {
  const value = row[at];
  if (typeof value === "number") return value;
  throw new CorruptRecordError(`column "${column}"`, "it does not hold a number");
}
