/** Scheduling background runs: a schedule that wakes the session, and a task that stands for it. */

import { ToolError } from "../../errors.ts";
import type { TaskId } from "../../records/ids.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionSchedule } from "../../records/schedule.ts";
import type { SessionScheduleStore } from "../../ports/schedule_store.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { SPAWN_BACKGROUND } from "../../kit/background_tools.ts";
import { addSchedule, schedulesOf, scheduleView, timingOf } from "../session_schedule/schedule_access.ts";
import { tasksOf } from "../session_tasks/task_access.ts";
import { MONITOR_KIND } from "./monitor_executor.ts";
import { spawnedTaskId } from "./spawned_task_id.ts";
import type { SpawnTarget } from "./spawn_target.ts";

/** When a run is to start, and whether its end is told. */
export interface ScheduledSpawn {
  /** The `schedule` argument. */
  readonly schedule: JsonObject;
  /** Whether the session is told that a run has ended. */
  readonly signalOnCompletion: boolean;
}

/**
 * Creates the schedule of runs, then the monitor task that names it.
 *
 * Both are found again when the call is run again after a crash: the task by its id, which is made of the call's key,
 * and the schedule by its text, which holds that id.
 *
 * @throws {ToolError} when the host cannot, or the schedule is unusable or one too many
 */
export async function spawnScheduled(
  target: SpawnTarget,
  context: ToolContext,
  spawn: ScheduledSpawn,
): Promise<JsonObject> {
  const registry = tasksOf(context);
  const store = schedulesOf(context);
  const timing = timingOf(exactlyOne(spawn.schedule));
  const { sessionId } = context;
  const id = await spawnedTaskId(context);
  const description = wakeText(target, id, spawn.signalOnCompletion);
  const schedule = await scheduleWith(description, context, store) ??
    await addSchedule(store, { sessionId, description, ...timing, metadata: { monitorTaskId: id } });
  try {
    const task = await registry.create({
      id,
      sessionId,
      kind: MONITOR_KIND,
      displayName: target.title,
      state: "running",
      spec: { schedule_id: schedule.id, tool: target.tool, arguments: target.arguments },
      // It runs nowhere: no process that ends takes it along.
      wakePolicy: "silent",
    });
    // The schedule may have fired for the last time before there was a task to end with it.
    await registry.executors.get(MONITOR_KIND)?.reconcile?.(task);
    return { status: "scheduled", task_id: task.id, tool: target.tool, title: target.title, ...scheduleView(schedule) };
  } catch (error) {
    // Nobody would know of it.
    await store.cancelSchedule(sessionId, schedule.id).catch(() => {});
    throw error;
  }
}

function exactlyOne(schedule: JsonObject): JsonObject {
  const given = ["cron_expression", "scheduled_at"].filter((name) => Object.hasOwn(schedule, name));
  if (given.length === 1) return schedule;
  throw new ToolError(
    `Cannot schedule a background run: ${given.length === 0 ? "neither" : "both"} of cron_expression and scheduled_at` +
      " are given; give exactly one",
  );
}

async function scheduleWith(
  description: string,
  { sessionId }: ToolContext,
  store: SessionScheduleStore,
): Promise<SessionSchedule | undefined> {
  return (await store.listSchedules(sessionId)).find((schedule) => schedule.description === description);
}

/** What the session is told when it is time. */
function wakeText(target: SpawnTarget, id: TaskId, signalOnCompletion: boolean): string {
  const payload = {
    tool: target.tool,
    args: target.arguments,
    title: target.title,
    signal_on_completion: signalOnCompletion,
  };
  return [
    `It is time for the scheduled background run ${JSON.stringify(target.title)} (monitor ${id}).`,
    `Call ${SPAWN_BACKGROUND} once with exactly these arguments; do not schedule it again:`,
    JSON.stringify(payload),
  ].join("\n");
}
