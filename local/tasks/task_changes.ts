/**
 * Every change of a task as a synchronous function, to be called inside `Connection.write`.
 *
 * What a change causes, such as a wake of the session, is stored by the same transaction.
 */

import type { SessionId, TaskId } from "../../src/records/ids.ts";
import type { SessionTask, TaskMessage } from "../../src/records/task.ts";
import type { NewTask, NewTaskMessage, TaskUpdate } from "../../src/ports/task_registry.ts";
import {
  answersOpenQuestion,
  newTaskMessage,
  type NewTaskMessageFacts,
  taskConflict,
  taskNotFound,
} from "../../src/kit/task_message.ts";
import {
  applyTaskUpdate,
  type NewTaskFacts,
  newTaskRecord,
  requestTaskCancel,
  taskTransition,
} from "../../src/kit/task_update.ts";
import { type TaskTransition, wakesOn, wakeText } from "../../src/kit/task_wake.ts";
import type { Connection } from "../sqlite/connection.ts";
import { insertMessage } from "./message_rows.ts";
import { insertTask, readTask, sessionOfTask, type StoredTask, updateTask } from "./task_rows.ts";
import { insertWake } from "./wake_rows.ts";

/** What a change came to. */
export interface TaskChange {
  /** The task as it is now. */
  readonly task: SessionTask;
  /** Whether it was stored; false when it was dropped. */
  readonly changed: boolean;
  /** Whether a wake was stored, which is then to be delivered. */
  readonly woke: boolean;
}

/** What storing a message came to. */
export interface StoredTaskMessage {
  /** The message. */
  readonly message: TaskMessage;
  /** The task, when the message changed it. */
  readonly task?: SessionTask | undefined;
  /** Whether a wake was stored, which is then to be delivered. */
  readonly woke: boolean;
}

/**
 * Stores a new task, or returns the stored one of that id.
 *
 * @throws {RuntimeError} `task_conflict` when the id belongs to another session
 */
export function createTaskIn(
  connection: Connection,
  input: NewTask,
  facts: NewTaskFacts,
): Pick<TaskChange, "task" | "changed"> {
  if (input.id !== undefined) {
    const stored = readTask(connection, input.sessionId, input.id);
    if (stored !== undefined) return { task: stored.task, changed: false };
    if (sessionOfTask(connection, input.id) !== undefined) throw taskConflict(input.id);
  }
  const task = newTaskRecord(input, facts);
  insertTask(connection, task);
  return { task, changed: true };
}

/** Changes a task; undefined when the session has no such task. */
export function applyUpdateIn(
  connection: Connection,
  sessionId: SessionId,
  id: TaskId,
  update: TaskUpdate,
  now: number,
): TaskChange | undefined {
  const stored = readTask(connection, sessionId, id);
  return stored === undefined ? undefined : changeIn(connection, stored, update, now);
}

/** Changes a task that was just read. */
export function changeIn(connection: Connection, before: StoredTask, update: TaskUpdate, now: number): TaskChange {
  return storeChange(connection, before, applyTaskUpdate(before.task, update, now), update, now);
}

/** Notes the wish to cancel a task; undefined when the session has no such task. */
export function requestCancelIn(
  connection: Connection,
  sessionId: SessionId,
  id: TaskId,
  now: number,
): TaskChange | undefined {
  const stored = readTask(connection, sessionId, id);
  if (stored === undefined) return undefined;
  return storeChange(connection, stored, requestTaskCancel(stored.task, now), {}, now);
}

/**
 * Appends to a task's thread; an answer to the open question sets the task running.
 *
 * @throws {RuntimeError} `task_not_found` or `task_attempt_stale`
 */
export function recordMessageIn(
  connection: Connection,
  sessionId: SessionId,
  id: TaskId,
  input: NewTaskMessage,
  facts: NewTaskMessageFacts,
): StoredTaskMessage {
  const stored = readTask(connection, sessionId, id);
  if (stored === undefined) throw taskNotFound(id);
  const message = newTaskMessage(stored.task, input, facts);
  insertMessage(connection, message);
  const task = answersOpenQuestion(stored.task, message)
    ? changeIn(connection, stored, { state: "running" }, facts.now).task
    : undefined;
  const wakes = message.direction === "outbound" && wakesOn(stored.task.wakePolicy, "message");
  if (wakes) storeWake(connection, `${id}:message:${message.id}`, stored.task, "message", facts.now, message);
  return { message, task, woke: wakes };
}

/** Stores what a change made of a task, and the wake it causes. */
export function storeChange(
  connection: Connection,
  before: StoredTask,
  task: SessionTask,
  update: TaskUpdate,
  now: number,
): TaskChange {
  if (task === before.task) return { task, changed: false, woke: false };
  const transition = taskTransition(before.task, task, update);
  const questions = before.questions + (transition === "awaiting_input" ? 1 : 0);
  updateTask(connection, { task, questions });
  if (transition === undefined || !wakesOn(task.wakePolicy, transition)) {
    return { task, changed: true, woke: false };
  }
  // A task ends once and enters its n-th wait once, in whichever process: the id says which of them it is.
  const id = transition === "terminal" ? `${task.id}:${task.state}` : `${task.id}:${task.state}:${questions}`;
  storeWake(connection, id, task, transition, now);
  return { task, changed: true, woke: true };
}

function storeWake(
  connection: Connection,
  id: string,
  task: SessionTask,
  transition: TaskTransition,
  now: number,
  message?: TaskMessage,
): void {
  insertWake(connection, id, task, wakeText(task, transition, message), now);
}
