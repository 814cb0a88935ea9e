/** The states of a task. */

import type { TaskState, WakePolicy } from "../records/task.ts";

/** Every state, and whether it is final. */
const IS_FINAL: ReadonlyMap<string, boolean> = new Map<TaskState, boolean>([
  ["queued", false],
  ["running", false],
  ["awaiting_input", false],
  ["succeeded", true],
  ["failed", true],
  ["canceled", true],
]);

const POLICIES: ReadonlySet<unknown> = new Set<WakePolicy>(["silent", "on_terminal", "on_activity"]);

/** Every state of a task, in the order of its life. */
export function taskStates(): TaskState[] {
  return [...IS_FINAL.keys()].filter(isTaskState);
}

/** Tells whether a value is a state of a task. */
export function isTaskState(value: unknown): value is TaskState {
  return typeof value === "string" && IS_FINAL.has(value);
}

/** Tells whether a task in this state has ended; it never leaves such a state. */
export function isFinalState(state: TaskState): boolean {
  return IS_FINAL.get(state) === true;
}

/** Tells whether a value is a wake policy. */
export function isWakePolicy(value: unknown): value is WakePolicy {
  return POLICIES.has(value);
}
