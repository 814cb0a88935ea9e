/** Reading steps: pages of rows, so that a long history neither fills the memory twice nor blocks the event loop. */

import { setImmediate } from "node:timers";
import type { Event } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { EventQuery } from "../../src/ports/journal.ts";
import type { MessageQuery } from "../../src/ports/stores.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import type { SqlList } from "../sqlite/row.ts";
import { countOf, eventsOfStep, firstSequenceOf, messagesOfStep, STEP_COLUMNS, TALK_COLUMNS } from "./step_codec.ts";

/** Rows read before other work gets a turn. */
const PAGE = 1000;

const LAST = `SELECT (SELECT last_sequence FROM session_head WHERE session_id = ?1) AS last,
  (SELECT max(first_sequence) FROM step WHERE session_id = ?1) AS newest`;
const START = "SELECT max(first_sequence) AS first FROM step WHERE session_id = ? AND first_sequence <= ?";
const STEPS = `SELECT ${STEP_COLUMNS} FROM step
  WHERE session_id = ? AND first_sequence >= ? ORDER BY first_sequence LIMIT ${PAGE}`;
const TALKS = `SELECT ${TALK_COLUMNS} FROM step
  WHERE session_id = ? AND first_sequence >= ? ORDER BY first_sequence LIMIT ${PAGE}`;
const NEWEST_TALKS = `SELECT ${TALK_COLUMNS} FROM step
  WHERE session_id = ? AND first_sequence < ? ORDER BY first_sequence DESC LIMIT ?`;

/** Durable events of a session, oldest first. */
export async function readEvents(
  connection: Connection,
  sessionId: SessionId,
  { after = 0, limit = Number.MAX_SAFE_INTEGER }: EventQuery,
): Promise<readonly Event[]> {
  const events: Event[] = [];
  for await (const rows of pages(connection, STEPS, sessionId, after)) {
    for (const row of rows) {
      for (const event of eventsOfStep(sessionId, row)) {
        if (events.length >= limit) return events;
        if ((event.sequence ?? 0) > after) events.push(event);
      }
    }
  }
  return events;
}

/** The conversation, oldest first. */
export async function readMessages(
  connection: Connection,
  sessionId: SessionId,
  { after = 0, limit, keepHead = 0 }: MessageQuery,
): Promise<readonly Message[]> {
  if (limit === undefined) return await firstMessages(connection, sessionId, after, Number.MAX_SAFE_INTEGER);
  const newest = newestMessages(connection, sessionId, after, limit);
  if (keepHead <= 0) return newest;
  const head = await firstMessages(connection, sessionId, after, keepHead);
  const from = newest[0]?.sequence ?? Infinity;
  return [...head.filter(({ sequence = 0 }) => sequence < from), ...newest];
}

async function firstMessages(
  connection: Connection,
  sessionId: SessionId,
  after: number,
  limit: number,
): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const rows of pages(connection, TALKS, sessionId, after)) {
    for (const row of rows) {
      for (const message of messagesOfStep(sessionId, row)) {
        if (messages.length >= limit) return messages;
        if ((message.sequence ?? 0) > after) messages.push(message);
      }
    }
  }
  return messages;
}

function newestMessages(connection: Connection, sessionId: SessionId, after: number, limit: number): Message[] {
  const found: Message[][] = [];
  let count = 0;
  let before = lastSequence(connection, sessionId) + 1;
  while (count < limit) {
    // A text turn has two messages in two rows.
    const page = Math.min(PAGE, Math.max(8, limit - count));
    const rows = connection.lists(NEWEST_TALKS, sessionId, before, page);
    for (const row of rows) {
      const first = firstSequenceOf(row);
      assertNext(sessionId, first + countOf(row), before);
      before = first;
      const messages = messagesOfStep(sessionId, row).filter(({ sequence = 0 }) => sequence > after);
      found.push(messages);
      count += messages.length;
      if (count >= limit || first <= after) return newest(found, limit);
    }
    if (rows.length < page) {
      assertNext(sessionId, before, 1);
      break;
    }
  }
  return newest(found, limit);
}

function newest(found: readonly Message[][], limit: number): Message[] {
  const messages = found.toReversed().flat();
  return messages.slice(Math.max(0, messages.length - limit));
}

/** Pages of the rows from the one that holds the event after a sequence on. */
async function* pages(
  connection: Connection,
  sql: string,
  sessionId: SessionId,
  after: number,
): AsyncGenerator<readonly SqlList[]> {
  const last = lastSequence(connection, sessionId);
  const start = connection.get(START, sessionId, after + 1)?.["first"];
  let next = typeof start === "number" ? start : 1;
  for (;;) {
    const rows = connection.lists(sql, sessionId, next);
    for (const row of rows) {
      assertNext(sessionId, firstSequenceOf(row), next);
      next += countOf(row);
    }
    yield rows;
    if (rows.length < PAGE) {
      if (next <= last) assertNext(sessionId, last + 1, next);
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Sequence of the newest event; a head that is lost or behind must not look like a shorter conversation. */
function lastSequence(connection: Connection, sessionId: SessionId): number {
  const row = connection.get(LAST, sessionId);
  const last = row?.["last"] ?? 0;
  const newest = row?.["newest"] ?? 0;
  if (typeof last === "number" && typeof newest === "number" && newest <= last) return last;
  throw new CorruptRecordError(`session "${sessionId}"`, "its newest events are not those it names");
}

/** Steps follow each other without a gap: a missing row must not look like a conversation without it. */
function assertNext(sessionId: SessionId, found: number, expected: number): void {
  if (found === expected) return;
  throw new CorruptRecordError(`session "${sessionId}"`, `events next to ${Math.min(found, expected)} are missing`);
}
