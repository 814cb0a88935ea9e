/** The life of a task as pure functions; every registry calls them, so that all have the same rules. */

import type { TaskId } from "../records/ids.ts";
import type { SessionTask, TaskState } from "../records/task.ts";
import type { NewTask, TaskUpdate } from "../ports/task_registry.ts";
import type { Mutable } from "./mutable.ts";
import { checkNewTask, checkTaskUpdate } from "./task_input.ts";
import { isFinalState } from "./task_state.ts";
import type { TaskTransition } from "./task_wake.ts";

/** What a registry adds to a new task. */
export interface NewTaskFacts {
  /** Its id, unless the host gave one. */
  readonly id: TaskId;
  /** The instant; milliseconds since the epoch. */
  readonly now: number;
}

/**
 * A new task.
 *
 * One that does not begin in the queue has started now, and one that begins in a final state has also finished now.
 *
 * @throws {TypeError} when a member of the input is not what it must be
 */
export function newTaskRecord(input: NewTask, facts: NewTaskFacts): SessionTask {
  const { sessionId, kind, displayName, id, spec, state = "queued", wakePolicy, links, workerId } = checkNewTask(input);
  const { now } = facts;
  const task: Mutable<SessionTask> = {
    id: id ?? facts.id,
    sessionId,
    kind,
    displayName,
    spec: spec ?? Object.freeze({}),
    state,
    artifacts: Object.freeze([]),
    attempt: 1,
    links: united({ resourceIds: [] }, links),
    wakePolicy: wakePolicy ?? "silent",
    createdAt: now,
    updatedAt: now,
  };
  if (workerId !== undefined) task.workerId = workerId;
  if (state !== "queued") task.startedAt = now;
  if (isFinalState(state)) task.finishedAt = now;
  return Object.freeze(task);
}

/**
 * The task after a change; the same object when the change is dropped.
 *
 * In this order: a change for another attempt is dropped. A change that asks a final task for another state is dropped
 * as a whole; with its own state or none, the rest applies. `incrementAttempt` supersedes the executor. A question is
 * kept and sets the task awaiting input, unless it is final. Leaving the queue stamps `startedAt` and reaching a final
 * state `finishedAt`, once each; any state but `awaiting_input` closes the open question. Then the other members apply:
 * `artifacts` replaces before `appendArtifact` adds, `links` are merged.
 *
 * @throws {TypeError} when a member of the change is not what it must be, also when it would be dropped
 */
export function applyTaskUpdate(task: SessionTask, update: TaskUpdate, now: number): SessionTask {
  const change = checkTaskUpdate(update);
  if (change.expectedAttempt !== undefined && change.expectedAttempt !== task.attempt) return task;
  const isFinal = isFinalState(task.state);
  if (isFinal && change.state !== undefined && change.state !== task.state) return task;
  const next: Mutable<SessionTask> = { ...task, updatedAt: now };
  if (change.incrementAttempt === true) next.attempt = task.attempt + 1;
  let target = change.state ?? task.state;
  if (change.inputRequest !== undefined && !isFinal) {
    next.inputRequest = change.inputRequest;
    target = "awaiting_input";
  }
  if (target !== task.state) enter(next, target, now);
  applyContent(next, change);
  return Object.freeze(next);
}

/** The task with the wish to cancel it noted, the first time with its instant; the same object when it is final. */
export function requestTaskCancel(task: SessionTask, now: number): SessionTask {
  if (isFinalState(task.state)) return task;
  return Object.freeze({ ...task, cancelRequestedAt: task.cancelRequestedAt ?? now, updatedAt: now });
}

/** What a change did that a session may want to be woken for. */
export function taskTransition(
  before: SessionTask,
  after: SessionTask,
  update: TaskUpdate,
): Exclude<TaskTransition, "message"> | undefined {
  if (before === after || before.state === after.state) return undefined;
  if (after.state === "awaiting_input") return "awaiting_input";
  return isFinalState(after.state) && update.state === after.state ? "terminal" : undefined;
}

function enter(task: Mutable<SessionTask>, state: TaskState, now: number): void {
  if (task.state === "queued") task.startedAt ??= now;
  if (isFinalState(state)) task.finishedAt ??= now;
  if (state !== "awaiting_input") delete task.inputRequest;
  task.state = state;
}

function applyContent(task: Mutable<SessionTask>, change: TaskUpdate): void {
  if (change.stateDetail !== undefined) task.stateDetail = change.stateDetail;
  if (change.progress !== undefined) task.progress = change.progress;
  if (change.summary !== undefined) task.summary = change.summary;
  if (change.resultPath !== undefined) task.resultPath = change.resultPath;
  if (change.artifacts !== undefined) task.artifacts = change.artifacts;
  if (change.appendArtifact !== undefined) task.artifacts = Object.freeze([...task.artifacts, change.appendArtifact]);
  if (change.error !== undefined) task.error = change.error;
  if (change.workerId !== undefined) task.workerId = change.workerId;
  if (change.heartbeatAt !== undefined) task.heartbeatAt = change.heartbeatAt;
  if (change.links !== undefined) task.links = united(task.links, change.links);
}

function united(links: SessionTask["links"], added: Partial<SessionTask["links"]> = {}): SessionTask["links"] {
  const { resourceIds = [], ...ends } = added;
  const all = new Set([...links.resourceIds, ...resourceIds]);
  return Object.freeze({ ...links, ...ends, resourceIds: Object.freeze([...all]) });
}
