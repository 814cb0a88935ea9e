/** Messages of a task's thread. */

import { NotFoundError, RuntimeError } from "../errors.ts";
import type { TaskMessageId } from "../records/ids.ts";
import type { SessionTask, TaskMessage } from "../records/task.ts";
import type { NewTaskMessage, TaskMessageQuery } from "../ports/task_registry.ts";
import type { Mutable } from "./mutable.ts";
import { checkTaskMessage } from "./task_input.ts";

/** What a registry adds to a new message. */
export interface NewTaskMessageFacts {
  /** Its id. */
  readonly id: TaskMessageId;
  /** The instant; milliseconds since the epoch. */
  readonly now: number;
}

/**
 * A new message of a task's thread.
 *
 * @throws {TypeError} when a member of the input is not what it must be
 * @throws {RuntimeError} `task_attempt_stale` when it speaks for another attempt
 */
export function newTaskMessage(task: SessionTask, input: NewTaskMessage, facts: NewTaskMessageFacts): TaskMessage {
  const { direction, content, inReplyTo, expectedAttempt } = checkTaskMessage(input);
  if (expectedAttempt !== undefined && expectedAttempt !== task.attempt) {
    throw new RuntimeError(
      "task_attempt_stale",
      `Cannot write to task "${task.id}": attempt ${expectedAttempt} was superseded by attempt ${task.attempt}; stop`,
    );
  }
  const message: Mutable<TaskMessage> = { id: facts.id, taskId: task.id, direction, content, createdAt: facts.now };
  if (inReplyTo !== undefined) message.inReplyTo = inReplyTo;
  return Object.freeze(message);
}

/** Tells whether a message answers the task's open question, which sets the task running. */
export function answersOpenQuestion(task: SessionTask, message: TaskMessage): boolean {
  return message.direction === "inbound" && task.inputRequest !== undefined &&
    message.inReplyTo === task.inputRequest.id;
}

/**
 * Checks which messages are asked for.
 *
 * @throws {RangeError} when the limit is not a whole number of 0 or more
 */
export function checkMessageQuery(query: TaskMessageQuery): void {
  const { limit } = query;
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return;
  throw new RangeError(`Cannot list ${limit} messages: expected a whole number of 0 or more`);
}

/** The error for a thread of a task that is not there (code `task_not_found`). */
export function taskNotFound(id: string): NotFoundError {
  return new NotFoundError("task", id.slice(0, 80), "the session has no such task; list its tasks");
}

/** The error for an id that belongs to a task of another session (code `task_conflict`). */
export function taskConflict(id: string): RuntimeError {
  return new RuntimeError("task_conflict", `Cannot create task "${id}": another session has a task with this id`);
}

/** The error for a cursor that names no message of the thread (code `cursor_unknown`). */
export function cursorUnknown(taskId: string, after: string): RuntimeError {
  return new RuntimeError(
    "cursor_unknown",
    `Cannot list messages of task "${taskId}": it has no message "${after.slice(0, 80)}"; list without a cursor`,
  );
}
