/** Steps as rows: the events that carry messages apart from the others, so that history is read without them. */

import type { Event, EventType } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import { CorruptRecordError } from "../errors.ts";
import { numberOf, optionalTextOf, parseJson, type SqlRow } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

/** The events whose messages are the conversation. */
const TALK: ReadonlySet<EventType> = new Set<EventType>([
  "input.message",
  "output.message.completed",
  "tool.completed",
]);

/** An event without what its row says already: offset in the step, id, type, details, context. */
type StoredEvent = readonly [offset: number, id: Event["id"], type: string, data: unknown, context: Event["context"]];

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

/** Encodes the numbered events of one step; each is written once. */
export function encodeStep(sessionId: SessionId, events: readonly Event[]): EncodedStep {
  const talk: StoredEvent[] = [];
  const body: StoredEvent[] = [];
  let offset = 0;
  for (const { id, type, data, context } of events) {
    (TALK.has(type) ? talk : body).push([offset++, id, type, data, context]);
  }
  const place = placeOf(sessionId, events[0]?.sequence ?? 0, events[0]?.ts ?? 0);
  const talkText = talk.length === 0 ? null : JSON.stringify(talk);
  const bodyText = body.length === 0 ? null : JSON.stringify(body);
  return {
    talk: talkText,
    talkHash: talkText === null ? null : rowHash(place, "talk", talkText),
    body: bodyText,
    bodyHash: bodyText === null ? null : rowHash(place, "body", bodyText),
  };
}

/** The events of a step in order; only those that carry messages when the row has no `body` column. */
export function decodeStep(sessionId: SessionId, row: SqlRow): Event[] {
  const first = numberOf(row, "first_sequence");
  const ts = numberOf(row, "ts");
  const events: Event[] = [];
  for (const part of ["talk", "body"] as const) {
    if (row[part] === undefined) continue;
    const text = optionalTextOf(row, part);
    if (text === undefined) continue;
    const what = `events from ${first} of session "${sessionId}"`;
    checkRow(row[`${part}_sha256`], what, placeOf(sessionId, first, ts), part, text);
    for (const stored of storedEvents(text, what)) {
      const [offset, id, type, data, context] = stored;
      events.push(Object.freeze({ id, type, ts, sessionId, context, data, sequence: first + offset }) as Event);
    }
  }
  if (row["body"] !== undefined && row["talk"] !== null) events.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
  return events;
}

/** Ties a row's content to its place and time: a row moved to another one does not match its hash. */
function placeOf(sessionId: SessionId, first: number, ts: number): string {
  return `${sessionId}/${first}/${ts}`;
}

function storedEvents(text: string, what: string): readonly StoredEvent[] {
  const parsed: unknown = parseJson(text, what);
  if (Array.isArray(parsed)) return parsed as StoredEvent[];
  throw new CorruptRecordError(what, "it is no list");
}
