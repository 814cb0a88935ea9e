/** Tasks as rows. */

import { isId, type SessionId, type TaskId } from "../../src/records/ids.ts";
import type { JsonObject } from "../../src/records/json.ts";
import type { SessionTask } from "../../src/records/task.ts";
import type { TaskFilter } from "../../src/ports/task_registry.ts";
import { isFinalState, isTaskState } from "../../src/kit/task_state.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, numberOf, parseJson, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

/** A stored task. */
export interface StoredTask {
  /** The record. */
  readonly task: SessionTask;
  /** How many questions it has asked; tells the wakes for them apart. */
  readonly questions: number;
}

const SELECT = "SELECT id, session_id, questions, body, hash FROM task WHERE id = ? AND session_id = ?";
const SELECT_OWNER = "SELECT session_id FROM task WHERE id = ?";
const LIST = `SELECT id, session_id, questions, body, hash FROM task
  WHERE session_id = ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR state = ?3) ORDER BY position`;
const INSERT = `INSERT INTO task
  (id, session_id, kind, state, worker_id, heartbeat_at, finished_at, updated_at, questions, body, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`;
const UPDATE = `UPDATE task SET state = ?, worker_id = ?, heartbeat_at = ?, finished_at = ?, updated_at = ?,
  questions = ?, body = ?, hash = ? WHERE id = ?`;
const SELECT_BODY = "SELECT body FROM task WHERE id = ?";

/**
 * The stored task of a session, or undefined.
 *
 * @throws {CorruptRecordError} when its row is damaged
 */
export function readTask(connection: Connection, sessionId: SessionId, id: TaskId): StoredTask | undefined {
  // A model may name anything; what has not the form of an id names nothing.
  if (!isId("task", id) || !isId("session", sessionId)) return undefined;
  const row = connection.get(SELECT, id, sessionId);
  return row === undefined ? undefined : decodeTask(row);
}

/** The session a task belongs to, or undefined when there is no such task. */
export function sessionOfTask(connection: Connection, id: TaskId): string | undefined {
  const row = isId("task", id) ? connection.get(SELECT_OWNER, id) : undefined;
  return row === undefined ? undefined : textOf(row, "session_id");
}

/** The tasks of a session in the order they were created; damaged ones are left out, reading one of them throws. */
export function readTasks(connection: Connection, sessionId: SessionId, filter: TaskFilter): SessionTask[] {
  if (!isId("session", sessionId)) return [];
  const { kind, state = null } = filter;
  if (state !== null && !isTaskState(state)) return [];
  return connection.all(LIST, sessionId, kind === undefined ? null : encodeJson(kind), state).flatMap((row) => {
    try {
      return [decodeTask(row).task];
    } catch (error) {
      if (error instanceof CorruptRecordError) return [];
      throw error;
    }
  });
}

/** Stores a new task; inside a write. */
export function insertTask(connection: Connection, task: SessionTask): void {
  const body = encodeJson(task);
  connection.run(
    INSERT,
    task.id,
    task.sessionId,
    encodeJson(task.kind),
    ...columnsOf(task),
    body,
    hashOf(task, body, 0),
  );
}

/** Replaces a stored task; inside a write. */
export function updateTask(connection: Connection, { task, questions }: StoredTask): void {
  const body = encodeJson(task);
  connection.run(UPDATE, ...columnsOf(task), questions, body, hashOf(task, body, questions), task.id);
}

/** Tells whether exactly this record is stored, after a commit that may have failed. */
export function isTaskStored(connection: Connection, task: SessionTask): boolean {
  return connection.get(SELECT_BODY, task.id)?.["body"] === encodeJson(task);
}

function columnsOf(task: SessionTask): [string, string | null, number | null, number | null, number] {
  const { state, workerId, heartbeatAt = null, finishedAt, updatedAt } = task;
  const ended = isFinalState(state) ? finishedAt ?? updatedAt : null;
  return [state, workerId === undefined ? null : encodeJson(workerId), heartbeatAt, ended, updatedAt];
}

function decodeTask(row: SqlRow): StoredTask {
  const id = textOf(row, "id");
  const sessionId = textOf(row, "session_id");
  const questions = numberOf(row, "questions");
  const body = textOf(row, "body");
  const what = `task "${id}"`;
  checkRow(row["hash"], what, id, sessionId, String(questions), body);
  return { task: parseJson(body, what) as JsonObject & SessionTask, questions };
}

function hashOf(task: SessionTask, body: string, questions: number): string {
  return rowHash(task.id, task.sessionId, String(questions), body);
}
