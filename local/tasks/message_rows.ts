/** The threads of tasks as rows. */

import { isId, type TaskId } from "../../src/records/ids.ts";
import type { JsonObject } from "../../src/records/json.ts";
import type { TaskMessage } from "../../src/records/task.ts";
import type { TaskMessageQuery } from "../../src/ports/task_registry.ts";
import { cursorUnknown } from "../../src/kit/task_message.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, numberOf, parseJson, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

const INSERT = "INSERT INTO task_message (id, task_id, body, hash) VALUES (?, ?, ?, ?)";
const SELECT = "SELECT id, task_id, body, hash FROM task_message WHERE id = ?";
const SELECT_SEQ = "SELECT seq FROM task_message WHERE id = ? AND task_id = ?";
// A negative limit is none (sqlite.org/lang_select.html).
const NEWEST = "SELECT id, task_id, body, hash FROM task_message WHERE task_id = ? ORDER BY seq DESC LIMIT ?";
const AFTER = `SELECT id, task_id, body, hash FROM task_message
  WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ?`;

/** Appends a message to its thread; inside a write. */
export function insertMessage(connection: Connection, message: TaskMessage): void {
  const body = encodeJson(message);
  connection.run(INSERT, message.id, message.taskId, body, rowHash(message.id, message.taskId, body));
}

/**
 * A stored message, or undefined.
 *
 * @throws {CorruptRecordError} when its row is damaged
 */
export function readMessage(connection: Connection, id: TaskMessage["id"]): TaskMessage | undefined {
  const row = connection.get(SELECT, id);
  return row === undefined ? undefined : decodeMessage(row);
}

/**
 * Messages of a thread, oldest first.
 *
 * @throws {RuntimeError} `cursor_unknown` when `after` names no message of the thread
 * @throws {CorruptRecordError} when a row is damaged
 */
export function readThread(connection: Connection, taskId: TaskId, query: TaskMessageQuery): TaskMessage[] {
  const { after, limit = -1 } = query;
  if (after === undefined) return connection.all(NEWEST, taskId, limit).reverse().map(decodeMessage);
  // A client may name anything; what has not the form of an id names nothing.
  const cursor = isId("tmsg", after) ? connection.get(SELECT_SEQ, after, taskId) : undefined;
  if (cursor === undefined) throw cursorUnknown(taskId, after);
  return connection.all(AFTER, taskId, numberOf(cursor, "seq"), limit).map(decodeMessage);
}

function decodeMessage(row: SqlRow): TaskMessage {
  const id = textOf(row, "id");
  const taskId = textOf(row, "task_id");
  const body = textOf(row, "body");
  const what = `message "${id}" of task "${taskId}"`;
  checkRow(row["hash"], what, id, taskId, body);
  return parseJson(body, what) as JsonObject & TaskMessage;
}
