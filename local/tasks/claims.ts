/** Taking over tasks whose process is gone. */

import type { SessionId, TaskId } from "../../src/records/ids.ts";
import type { SessionTask } from "../../src/records/task.ts";
import type { TaskUpdate } from "../../src/ports/task_registry.ts";
import { applyTaskUpdate } from "../../src/kit/task_update.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import { optionalNumberOf, parseJson, textOf } from "../sqlite/row.ts";
import { storeChange, type TaskChange } from "./task_changes.ts";
import { readTask } from "./task_rows.ts";

/** Names a task that may have lost its process. */
export interface TaskRef {
  /** The task. */
  readonly id: TaskId;
  /** Its session. */
  readonly sessionId: SessionId;
}

/** How to tell that a worker is gone. */
export interface StaleRule {
  /** Knows which workers live. */
  readonly owners: Owners;
  /** Milliseconds without a sign of life after which an outside executor is gone. */
  readonly staleMs: number;
}

const LIVE = `SELECT id, session_id, worker_id, heartbeat_at FROM task
  WHERE finished_at IS NULL AND worker_id IS NOT NULL ORDER BY position`;
// A wake that waits goes with its task, and its session would never be told: perhaps nobody ran for that long.
const DELETE_OLD = `DELETE FROM task WHERE position IN (
  SELECT position FROM task WHERE finished_at IS NOT NULL AND finished_at < ?
  AND NOT EXISTS (SELECT 1 FROM task_wake WHERE task_id = task.id AND retry_at IS NOT NULL)
  ORDER BY finished_at LIMIT ?)`;

/** The unfinished tasks whose worker seems to be gone by their columns, oldest first. */
export function staleTasks(connection: Connection, now: number, rule: StaleRule): TaskRef[] {
  const known = new Map<string, boolean>();
  function isAlive(workerJson: string): boolean {
    let alive = known.get(workerJson);
    if (alive === undefined) {
      alive = rule.owners.isAlive(workerOf(workerJson));
      known.set(workerJson, alive);
    }
    return alive;
  }
  return connection.all(LIVE).filter((row) => {
    const heartbeatAt = optionalNumberOf(row, "heartbeat_at");
    // An outside executor has no lock file: its signs of life count.
    if (heartbeatAt !== undefined && now - heartbeatAt <= rule.staleMs) return false;
    return !isAlive(textOf(row, "worker_id"));
  }).map((row) => ({ id: textOf(row, "id") as TaskId, sessionId: textOf(row, "session_id") as SessionId }));
}

/** The worker a column names; nobody when it is damaged: the task itself tells then. */
function workerOf(json: string): string {
  try {
    return String(parseJson(json, "worker of a task"));
  } catch {
    return "";
  }
}

/**
 * The task as its new worker has it: the next attempt, without the signs of life of the old worker.
 *
 * Updates of the old worker that name their attempt are dropped from now on.
 */
export function takenOver(task: SessionTask, workerId: string, now: number): SessionTask {
  const { heartbeatAt: _, ...next } = applyTaskUpdate(task, { incrementAttempt: true, workerId }, now);
  return Object.freeze(next);
}

/** What becomes of a task, and the change that leads to it. */
export interface NextTask {
  /** The task as it is to be stored. */
  readonly task: SessionTask;
  /** What was asked for; tells a task that ends from one that goes on. */
  readonly update: TaskUpdate;
}

/**
 * Stores what becomes of a task that lost its worker; inside a write.
 *
 * Undefined, and nothing stored, when it is not as it was seen any more: somebody else was faster, or the worker gave
 * a sign of life.
 */
export function claimIn(
  connection: Connection,
  seen: SessionTask,
  next: (task: SessionTask) => NextTask,
  now: number,
): TaskChange | undefined {
  const stored = readTask(connection, seen.sessionId, seen.id);
  if (stored === undefined) return undefined;
  const { task } = stored;
  const isAsSeen = task.attempt === seen.attempt && task.workerId === seen.workerId && task.state === seen.state &&
    task.heartbeatAt === seen.heartbeatAt && task.cancelRequestedAt === seen.cancelRequestedAt;
  if (!isAsSeen) return undefined;
  const { task: after, update } = next(task);
  return storeChange(connection, stored, after, update, now);
}

/**
 * Deletes final tasks that ended before an instant, with their threads and the wakes that were given up; inside a write.
 * Tells how many.
 */
export function deleteFinishedIn(connection: Connection, before: number, limit: number): number {
  return connection.run(DELETE_OLD, before, limit);
}
