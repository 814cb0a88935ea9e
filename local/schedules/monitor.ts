/** Monitors: tasks that end with their schedule. */

import { isId, type SessionId, type TaskId } from "../../src/records/ids.ts";
import { metadataOf, type StoredSchedule } from "./schedule_row.ts";

/** How the task of a monitor ends. */
export type MonitorState = "succeeded" | "failed" | "canceled";

/**
 * Settles the task of a monitor, if it is not settled.
 *
 * It is called inside the transaction that ends the schedule, perhaps more than once, so it changes nothing but rows.
 */
export type SettleMonitor = (sessionId: SessionId, taskId: TaskId, state: MonitorState, detail: string) => void;

/** Settles the task that a schedule's metadata names as `monitorTaskId`, if any. */
export function settleMonitorOf(
  stored: StoredSchedule,
  settle: SettleMonitor | undefined,
  outcome: { readonly state: MonitorState; readonly detail: string },
): void {
  if (settle === undefined) return;
  const taskId = metadataOf(stored)["monitorTaskId"];
  if (isId("task", taskId)) settle(stored.record.sessionId, taskId, outcome.state, outcome.detail);
}
