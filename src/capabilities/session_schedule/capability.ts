/** The `session_schedule` capability: a session that wakes itself. */

import { ToolError } from "../../errors.ts";
import { isId, type ScheduleId } from "../../records/ids.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Capability } from "../../ports/capability.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { MONITOR_KIND } from "../background/monitor_executor.ts";
import { addSchedule, scheduleRow, schedulesOf, scheduleView, timingOf } from "./schedule_access.ts";

const PROMPT =
  `create_schedule sends you a message later, once or again and again; its description is all you will see then.
- Write the description so that it can be acted on without this conversation: what to do, with what, for whom.
- Look at list_schedules before you create another one, and cancel those nobody needs any more.`;

/** Creates a schedule; nothing tells a repeat from a second wish, so it is `at_most_once`. */
const createSchedule: Tool = defineTool({
  name: "create_schedule",
  displayName: "Create schedule",
  description: "Schedules a message to this session: at one instant, or again and again by a cron expression.",
  parameters: {
    type: "object",
    properties: {
      description: { type: "string", minLength: 1, description: "The message that is sent when it is time." },
      cron_expression: {
        type: "string",
        description: "When, again and again: minute hour day-of-month month day-of-week, such as 0 9 * * 1-5" +
          " (0 and 7 are Sunday). Wins over scheduled_at.",
      },
      scheduled_at: {
        type: "string",
        description: "When, once: ISO 8601 such as 2026-03-01T09:00:00Z; without an offset in the time zone.",
      },
      timezone: { type: "string", description: "IANA time zone such as Europe/Zurich. Default: UTC." },
    },
    required: ["description"],
    additionalProperties: false,
  },
  category: "schedules",
  effect: "at_most_once",
  permissions: {},
  execute: async (args, context) => {
    const store = schedulesOf(context);
    const description = String(args["description"]);
    if (description.trim() === "") {
      throw new ToolError("Cannot create a schedule: its description is empty; say what to do");
    }
    const timing = timingOf(args);
    return scheduleView(await addSchedule(store, { sessionId: context.sessionId, description, ...timing }));
  },
  narrate: () => "Creating a schedule",
});

/** Lists the session's schedules, disabled ones too; touches nothing, so it is `pure`. */
const listSchedules: Tool = defineTool({
  name: "list_schedules",
  displayName: "List schedules",
  description: "Lists the schedules of this session, also those that are switched off.",
  category: "schedules",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async (_args, context) => {
    const schedules = await schedulesOf(context).listSchedules(context.sessionId);
    return { schedules: schedules.map(scheduleRow), count: schedules.length };
  },
  narrate: () => "Listing schedules",
});

/** Switches a schedule off; once off it stays off, so it is `idempotent`. */
const cancelSchedule: Tool = defineTool({
  name: "cancel_schedule",
  displayName: "Cancel schedule",
  description: "Switches a schedule of this session off for good.",
  parameters: {
    type: "object",
    properties: { schedule_id: { type: "string", description: "The schedule." } },
    required: ["schedule_id"],
    additionalProperties: false,
  },
  category: "schedules",
  effect: "idempotent",
  hints: { destructive: true },
  permissions: {},
  execute: async (args, context) => {
    const store = schedulesOf(context);
    const id = args["schedule_id"];
    const schedule = isScheduleId(id) ? await store.cancelSchedule(context.sessionId, id) : undefined;
    if (schedule === undefined) {
      const shown = JSON.stringify(String(id).slice(0, 80));
      throw new ToolError(
        `Cannot find schedule ${shown}: this session has no such schedule; list_schedules shows those it has`,
      );
    }
    await settleMonitors(context, schedule.id);
    return scheduleView(schedule);
  },
  narrate: () => "Cancelling a schedule",
});

/** Ends the task that stands for a scheduled background run, whose schedule is off now. */
async function settleMonitors({ tasks, sessionId }: ToolContext, id: ScheduleId): Promise<void> {
  const monitors: readonly SessionTask[] = await tasks?.list(sessionId, { kind: MONITOR_KIND, state: "running" }) ?? [];
  for (const { id: taskId, spec, attempt } of monitors) {
    if (spec["schedule_id"] !== id) continue;
    const stateDetail = "Its schedule was cancelled.";
    await tasks?.update(sessionId, taskId, { expectedAttempt: attempt, state: "canceled", stateDetail });
  }
}

function isScheduleId(id: unknown): id is ScheduleId {
  return isId("sched", id);
}

/**
 * Lets the model schedule messages to its own session.
 *
 * It needs a host that keeps schedules and runs them; without one each tool answers with an error. How many there may
 * be, and how close together they fire, is up to the store.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("planner", "Keep appointments.").withCapability("session_schedule"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "create_schedule"));
 * ```
 */
export const sessionSchedule: Capability = defineCapability({
  id: "session_schedule",
  name: "Session schedules",
  description: "Schedules messages to the session: once, or again and again.",
  category: "schedules",
  riskLevel: "medium",
  systemPrompt: PROMPT,
  tools: [createSchedule, listSchedules, cancelSchedule],
  features: ["schedules"],
  permissions: {},
});
