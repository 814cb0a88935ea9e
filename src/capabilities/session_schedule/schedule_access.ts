/** Reaching the schedules of the session a tool runs in, and how a model sees them. */

import { RuntimeError, ToolError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { SessionSchedule } from "../../records/schedule.ts";
import type { NewSchedule, SessionScheduleStore } from "../../ports/schedule_store.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { parseInstant } from "./instant.ts";

/** Conditions whose message is made for the model. */
const FOR_THE_MODEL: ReadonlySet<string> = new Set(["schedule_invalid", "schedule_limit"]);

/** When a schedule fires, as the store wants it. */
export type ScheduleTiming = Pick<NewSchedule, "cronExpression" | "scheduledAt" | "timezone">;

/**
 * The schedules of the host.
 *
 * @throws {ToolError} when the host keeps none
 */
export function schedulesOf({ schedules }: ToolContext): SessionScheduleStore {
  if (schedules !== undefined) return schedules;
  throw new ToolError("Cannot use schedules: this host keeps none; tell the user when to ask again instead");
}

/**
 * When a schedule is to fire, by the members `cron_expression`, `scheduled_at` and `timezone`; the expression wins.
 *
 * @throws {ToolError} when neither is given, or the instant cannot be read and there is no expression
 */
export function timingOf(args: JsonObject): ScheduleTiming {
  const timezone = textOf(args["timezone"]);
  const zone = timezone === undefined ? {} : { timezone };
  const cronExpression = textOf(args["cron_expression"]);
  if (cronExpression !== undefined) return { cronExpression, ...zone };
  const text = textOf(args["scheduled_at"]);
  if (text === undefined) {
    throw new ToolError(
      "Cannot create a schedule: it says neither when nor how often; give cron_expression or scheduled_at",
    );
  }
  const scheduledAt = parseInstant(text, timezone ?? "UTC");
  if (scheduledAt !== undefined) return { scheduledAt, ...zone };
  throw new ToolError(
    `Cannot create a schedule: scheduled_at is ${JSON.stringify(text.slice(0, 80))}, which is no date and time;` +
      " write it like 2026-03-01T09:00:00Z or 2026-03-01T09:00:00+01:00",
  );
}

/**
 * Stores a schedule within the limits of tools.
 *
 * @throws {ToolError} when it cannot be used or there are too many
 */
export async function addSchedule(store: SessionScheduleStore, schedule: NewSchedule): Promise<SessionSchedule> {
  try {
    return await store.createScheduleEnforcingLimits(schedule);
  } catch (error) {
    if (!(error instanceof RuntimeError) || !FOR_THE_MODEL.has(error.code)) throw error;
    throw new ToolError(error.message, { cause: error, fields: error.fields });
  }
}

/** A new schedule as a model sees it. */
export function scheduleView(schedule: SessionSchedule): Record<string, JsonValue> {
  const { id, scheduleType, nextTriggerAt, enabled, cronExpression, timezone } = schedule;
  return {
    schedule_id: id,
    schedule_type: scheduleType,
    ...(cronExpression === undefined ? {} : { cron_expression: cronExpression }),
    timezone,
    next_trigger_at: instant(nextTriggerAt),
    enabled,
  };
}

/** A listed schedule as a model sees it. */
export function scheduleRow(schedule: SessionSchedule): Record<string, JsonValue> {
  return {
    ...scheduleView(schedule),
    description: schedule.description,
    last_triggered_at: instant(schedule.lastTriggeredAt),
    trigger_count: schedule.triggerCount,
  };
}

function instant(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
