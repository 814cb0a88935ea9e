/** The schedule store port: cron and one-shot wake-ups of sessions. */

import type { JsonObject } from "../records/json.ts";
import type { ScheduleId, SessionId } from "../records/ids.ts";
import type { SessionSchedule } from "../records/schedule.ts";

/** What a new schedule is made of; a cron expression wins over an instant. */
export interface NewSchedule {
  /** The session it wakes. */
  readonly sessionId: SessionId;
  /** The text that is delivered. */
  readonly description: string;
  /** POSIX cron with five fields (0 and 7 are Sunday), or six with seconds first. */
  readonly cronExpression?: string;
  /** The instant of a one-shot schedule; milliseconds since the epoch. */
  readonly scheduledAt?: number;
  /** IANA time zone of the cron expression. @default {"UTC"} */
  readonly timezone?: string;
  /** Who makes it. */
  readonly ownerPrincipalId?: string;
  /** Anything of the host, kept verbatim; survives a cancel. @default {} */
  readonly metadata?: JsonObject;
}

/** Keeps the schedules of sessions. */
export interface SessionScheduleStore {
  /**
   * Stores a schedule without limits, for the host.
   *
   * @throws {RuntimeError} `schedule_invalid` when the expression, instant or zone cannot be used
   */
  createSchedule(schedule: NewSchedule): Promise<SessionSchedule>;
  /**
   * Stores a schedule within the limits, for tools.
   *
   * @throws {RuntimeError} `schedule_invalid` or `schedule_limit`
   */
  createScheduleEnforcingLimits(schedule: NewSchedule): Promise<SessionSchedule>;
  /** Switches a schedule of the session off; it stays listed. Undefined when the session has none with this id. */
  cancelSchedule(sessionId: SessionId, id: ScheduleId): Promise<SessionSchedule | undefined>;
  /** The session's schedules, also disabled ones, in the order they were created. */
  listSchedules(sessionId: SessionId): Promise<readonly SessionSchedule[]>;
  /** How many of the session's schedules are enabled. */
  countActiveSchedules(sessionId: SessionId): Promise<number>;
}
