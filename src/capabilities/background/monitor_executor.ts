/** What looks after tasks that stand for a schedule. */

import { isId, type ScheduleId } from "../../records/ids.ts";
import type { SessionTask, TaskState } from "../../records/task.ts";
import type { SessionScheduleStore } from "../../ports/schedule_store.ts";
import type { SessionTaskRegistry, TaskExecutor } from "../../ports/task_registry.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { toldToModel } from "../../kit/told_to_model.ts";

/** The kind of tasks that stand for a schedule. */
export const MONITOR_KIND = "monitor";

/**
 * Cancels and settles tasks that stand for a schedule of background runs.
 *
 * A monitor runs nothing itself: the schedule wakes the session, which starts the run. It ends when its schedule is
 * cancelled or was a one-shot one that has fired.
 */
export function monitorExecutor(registry: SessionTaskRegistry, schedules: SessionScheduleStore): TaskExecutor {
  async function settle(task: SessionTask, state: TaskState, stateDetail: string): Promise<void> {
    await registry.update(task.sessionId, task.id, { expectedAttempt: task.attempt, state, stateDetail });
  }
  return {
    kind: MONITOR_KIND,
    start: () => Promise.resolve(),
    cancel: async (task) => {
      const problem = await switchOff(schedules, task);
      const words = problem === undefined
        ? "Its schedule was switched off."
        : `Its schedule could not be switched off: ${problem}`;
      await settle(task, "canceled", words);
      return problem === undefined ? words : `${words}; look at list_schedules and try cancel_schedule.`;
    },
    reconcile: async (task) => {
      if (isFinalState(task.state)) return;
      const id = scheduleIdOf(task);
      const schedule = (await schedules.listSchedules(task.sessionId)).find((schedule) => schedule.id === id);
      if (schedule?.enabled === true) return;
      if (schedule?.scheduleType === "oneshot" && schedule.triggerCount > 0) {
        await settle(task, "succeeded", "Its schedule has fired.");
      } else await settle(task, "canceled", "Its schedule is switched off.");
    },
  };
}

/** Switches the schedule of a monitor off; why it could not, in words for the model. */
async function switchOff(schedules: SessionScheduleStore, task: SessionTask): Promise<string | undefined> {
  const id = scheduleIdOf(task);
  if (id === undefined) return "the task names no schedule";
  try {
    const schedule = await schedules.cancelSchedule(task.sessionId, id);
    return schedule === undefined ? `the session has no schedule "${id}"` : undefined;
  } catch (error) {
    return toldToModel(error);
  }
}

function scheduleIdOf({ spec }: SessionTask): ScheduleId | undefined {
  const id = spec["schedule_id"];
  return isScheduleId(id) ? id : undefined;
}

function isScheduleId(id: unknown): id is ScheduleId {
  return isId("sched", id);
}
