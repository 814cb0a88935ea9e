/** Schedules: cron or one-shot wake-ups of a session. */

import type { ScheduleId, SessionId } from "./ids.ts";

/** One schedule. */
export interface SessionSchedule {
  /** Its id. */
  readonly id: ScheduleId;
  /** The session it wakes. */
  readonly sessionId: SessionId;
  /** Who made it. */
  readonly ownerPrincipalId?: string;
  /** The text that is delivered. */
  readonly description: string;
  /** POSIX cron expression of a recurring schedule. */
  readonly cronExpression?: string;
  /** The instant of a one-shot schedule; milliseconds since the epoch. */
  readonly scheduledAt?: number;
  /** IANA time zone of the cron expression. */
  readonly timezone: string;
  /** Whether it fires at all. */
  readonly enabled: boolean;
  /** Which kind it is. */
  readonly scheduleType: "oneshot" | "recurring";
  /** Next instant; milliseconds since the epoch. */
  readonly nextTriggerAt?: number;
  /** Last instant; milliseconds since the epoch. */
  readonly lastTriggeredAt?: number;
  /** How often it fired. */
  readonly triggerCount: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** A schedule that fired. */
export interface TriggeredSchedule {
  /** The schedule. */
  readonly id: ScheduleId;
  /** Which kind it is. */
  readonly kind: SessionSchedule["scheduleType"];
  /** The text that was delivered. */
  readonly description: string;
  /** The instant it was due, in milliseconds since the epoch; tells its fires apart. */
  readonly occurrence: number;
}
