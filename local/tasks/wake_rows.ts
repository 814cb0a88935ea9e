/** Wakes as rows: written with what causes them, deleted when they are delivered. */

import type { SessionId } from "../../src/records/ids.ts";
import type { SessionTask } from "../../src/records/task.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, jsonOf, numberOf, optionalNumberOf, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

/** A wake that is still to be delivered. */
export interface PendingWake {
  /** Names what happened: equal wherever and however often it is noticed. */
  readonly id: string;
  /** The session. */
  readonly sessionId: SessionId;
  /** Tries that failed. */
  readonly tries: number;
  /** When it is tried next; milliseconds since the epoch. Undefined when it was given up. */
  readonly retryAt?: number;
  /** Why the last try failed. */
  readonly error?: string;
}

/** Most wakes of a session that are read at once. */
const BATCH = 100;
/** Longest recorded reason, in UTF-16 units. */
const MAX_ERROR = 500;

const INSERT = `INSERT INTO task_wake (id, task_id, session_id, created_at, tries, retry_at, body, hash)
  VALUES (?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (id) DO NOTHING`;
// A time further away than any wait means that the host's clock was set back.
const DUE = "(retry_at <= ?1 OR retry_at > ?1 + ?2)";
const SELECT_SESSIONS = `SELECT session_id FROM task_wake WHERE ${DUE} GROUP BY session_id ORDER BY min(seq)`;
const SELECT_DUE = `SELECT id, session_id, tries, retry_at, error FROM task_wake
  WHERE session_id = ?3 AND ${DUE} ORDER BY seq LIMIT ${BATCH}`;
const SELECT_ALL = `SELECT id, session_id, tries, retry_at, error FROM task_wake ORDER BY seq`;
const SELECT_TEXT = "SELECT id, session_id, body, hash FROM task_wake WHERE id = ?";
const DELETE = "DELETE FROM task_wake WHERE id = ?";
const RECORD_FAILURE = "UPDATE task_wake SET tries = tries + 1, retry_at = ?, error = ? WHERE id = ?";

/** Stores a wake, once per id; inside a write. */
export function insertWake(connection: Connection, id: string, task: SessionTask, text: string, now: number): void {
  const body = encodeJson(text);
  connection.run(INSERT, id, task.id, task.sessionId, now, body, rowHash(id, task.sessionId, body));
}

/** The sessions with a wake that is due, the one that waits longest first. */
export function dueSessions(connection: Connection, now: number, longestWait: number): SessionId[] {
  return connection.all(SELECT_SESSIONS, now, longestWait).map((row) => textOf(row, "session_id") as SessionId);
}

/** Wakes of a session that are due, oldest first. */
export function dueWakes(
  connection: Connection,
  sessionId: SessionId,
  now: number,
  longestWait: number,
): PendingWake[] {
  return connection.all(SELECT_DUE, now, longestWait, sessionId).map(decodeWake);
}

/** All wakes that are not delivered, oldest first. */
export function pendingWakes(connection: Connection): PendingWake[] {
  return connection.all(SELECT_ALL).map(decodeWake);
}

/**
 * The text of a wake, or undefined when another process has delivered it.
 *
 * @throws {CorruptRecordError} when its row is damaged
 */
export function readWakeText(connection: Connection, id: string): string | undefined {
  const row = connection.get(SELECT_TEXT, id);
  if (row === undefined) return undefined;
  const body = textOf(row, "body");
  checkRow(row["hash"], `wake "${id}"`, id, textOf(row, "session_id"), body);
  return String(jsonOf(row, "body"));
}

/** Removes a delivered wake; inside a write. */
export function deleteWake(connection: Connection, id: string): void {
  connection.run(DELETE, id);
}

/** Notes a failed try and when the next one is; without a time it is given up. Inside a write. */
export function recordWakeFailure(connection: Connection, id: string, error: string, retryAt: number | null): void {
  connection.run(RECORD_FAILURE, retryAt, encodeJson(error.slice(0, MAX_ERROR)), id);
}

/** Why the last try failed; it only informs, so a damaged one counts as none. */
function errorOf(row: SqlRow): string | undefined {
  try {
    return row["error"] === null ? undefined : String(jsonOf(row, "error"));
  } catch {
    return undefined;
  }
}

function decodeWake(row: SqlRow): PendingWake {
  const retryAt = optionalNumberOf(row, "retry_at");
  const error = errorOf(row);
  return {
    id: textOf(row, "id"),
    sessionId: textOf(row, "session_id") as SessionId,
    tries: numberOf(row, "tries"),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(error === undefined ? {} : { error }),
  };
}
