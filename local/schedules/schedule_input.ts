/** Checks of what a caller makes a schedule of. */

import { RuntimeError } from "../../src/errors.ts";
import { parseId, type SessionId } from "../../src/records/ids.ts";
import type { JsonObject } from "../../src/records/json.ts";
import type { NewSchedule } from "../../src/ports/schedule_store.ts";
import { toPlainJson } from "../../src/kit/plain_json.ts";
import { type CronSchedule, parseCron } from "./cron.ts";
import { isJsonObject } from "./schedule_row.ts";
import { parseTimeZone } from "./time_zone.ts";

/** The largest time value (ECMA-262, 21.4.1.1). */
const LAST_INSTANT = 8.64e15;

/** A schedule that can be stored. */
export interface CheckedSchedule {
  /** The session it wakes. */
  readonly sessionId: SessionId;
  /** The text that is delivered. */
  readonly description: string;
  /** Who makes it. */
  readonly ownerPrincipalId?: string;
  /** Time zone, as the time zone database spells it. */
  readonly timezone: string;
  /** When it fires: again and again, or once at an instant. */
  readonly timing: CronSchedule | number;
  /** First fire; milliseconds since the epoch. */
  readonly nextTriggerAt: number;
  /** Anything of the host. */
  readonly metadata: JsonObject;
}

/**
 * Checks a schedule and finds its first fire after `now`; an instant may be in the past and then fires at once.
 *
 * @throws {TypeError} when a member has the wrong type
 * @throws {RuntimeError} `schedule_invalid` when the expression, instant or zone cannot be used
 */
export async function checkNewSchedule(schedule: NewSchedule, now: number): Promise<CheckedSchedule> {
  const { description, ownerPrincipalId, cronExpression, scheduledAt, timezone = "UTC" } = schedule;
  const sessionId = parseId("session", schedule.sessionId);
  checkText("description", description);
  checkText("timezone", timezone);
  if (ownerPrincipalId !== undefined) checkText("ownerPrincipalId", ownerPrincipalId);
  const metadata = checkMetadata(schedule.metadata ?? {});
  const common = { sessionId, description, metadata, ...(ownerPrincipalId === undefined ? {} : { ownerPrincipalId }) };
  if (cronExpression !== undefined) {
    checkText("cronExpression", cronExpression);
    const cron = await parseCron(cronExpression, timezone);
    const nextTriggerAt = cron.next(now);
    if (nextTriggerAt === undefined) throw never(cronExpression);
    return { ...common, timezone: cron.timezone, timing: cron, nextTriggerAt };
  }
  if (scheduledAt === undefined) {
    throw new RuntimeError(
      "schedule_invalid",
      "Cannot create a schedule: it says neither when nor how often; give a cron expression or an instant",
    );
  }
  if (typeof scheduledAt !== "number" || !(Math.abs(scheduledAt) <= LAST_INSTANT)) {
    throw new RuntimeError(
      "schedule_invalid",
      `Cannot schedule for ${scheduledAt}: it is no instant; give milliseconds since the epoch`,
    );
  }
  const instant = Math.trunc(scheduledAt);
  return { ...common, timezone: parseTimeZone(timezone), timing: instant, nextTriggerAt: instant };
}

function checkMetadata(metadata: JsonObject): JsonObject {
  const copy = toPlainJson(metadata, "metadata of a schedule");
  if (isJsonObject(copy)) return copy;
  throw new TypeError("Cannot use `metadata` of a schedule: expected an object");
}

function checkText(member: string, value: unknown): void {
  if (typeof value !== "string") {
    throw new TypeError(`Cannot use a ${typeof value} as \`${member}\` of a schedule: expected a string`);
  }
}

function never(expression: string): RuntimeError {
  return new RuntimeError(
    "schedule_invalid",
    `Cannot use cron expression "${
      expression.slice(0, 80)
    }": it never fires within 5 years; choose another day or month`,
  );
}
