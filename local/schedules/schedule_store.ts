/** Schedules in SQLite. */

import { RuntimeError } from "../../src/errors.ts";
import { DEFAULT_ORG_ID, type OrgId, parseId, type ScheduleId, type SessionId } from "../../src/records/ids.ts";
import type { JsonObject } from "../../src/records/json.ts";
import type { SessionSchedule } from "../../src/records/schedule.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { NewSchedule, SessionScheduleStore } from "../../src/ports/schedule_store.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { IdSource, systemRandom } from "../../src/kit/ids.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { numberOf, parseJson, type SqlRow } from "../sqlite/row.ts";
import { type SettleMonitor, settleMonitorOf } from "./monitor.ts";
import { type CheckedSchedule, checkNewSchedule } from "./schedule_input.ts";
import {
  disabled,
  insertSchedule,
  metadataOf,
  readSchedule,
  SCHEDULE_COLUMNS,
  type StoredSchedule,
  updateSchedule,
} from "./schedule_row.ts";

const ONE = `SELECT ${SCHEDULE_COLUMNS} FROM schedule WHERE org_id = ? AND id = ?`;
const OF_SESSION = `SELECT ${SCHEDULE_COLUMNS} FROM schedule WHERE org_id = ? AND session_id = ? ORDER BY position`;
const COUNT_SESSION = "SELECT count(*) AS n FROM schedule WHERE org_id = ? AND session_id = ? AND enabled = 1";
const COUNT_ORG = "SELECT count(*) AS n FROM schedule WHERE org_id = ? AND enabled = 1";

/** How many schedules tools may make, and how close their fires may be. */
export interface ScheduleLimits {
  /** Enabled schedules of one session. @default {5} */
  readonly maxPerSession?: number;
  /** Enabled schedules of the organisation. @default {100} */
  readonly maxPerOrg?: number;
  /** Shortest time between two fires of a recurring schedule, in seconds. @default {300} */
  readonly minIntervalSeconds?: number;
}

/** Options of {@linkcode LocalScheduleStore}. */
export interface LocalScheduleStoreOptions {
  /** The store. */
  readonly connection: Connection;
  /** The organisation whose schedules it sees and makes. @default the one of a runtime that was given none */
  readonly orgId?: OrgId;
  /** Who owns schedules that are made without an owner. @default nobody */
  readonly ownerPrincipalId?: string;
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /** Mints ids. @default a source on the clock and the platform's randomness */
  readonly ids?: IdSource;
  /** What `createScheduleEnforcingLimits` enforces. */
  readonly limits?: ScheduleLimits;
  /** Settles the monitor task of a schedule that is cancelled. @default tasks are left alone */
  readonly settleMonitor?: SettleMonitor;
}

/**
 * The schedules of one organisation in `local.db`.
 *
 * They fire while a `LocalScheduleRunner` runs on the same store, in this process or another.
 *
 * Cron expressions are POSIX: five fields (or six with seconds first), 0 and 7 are Sunday, and of two restricted day fields
 * either may match. When clocks change, an expression with fixed hours fires once for every local time: a skipped one as
 * much later as the clocks went forward, one that comes twice the first time. One whose hour field begins with `*` follows
 * the clock.
 */
export class LocalScheduleStore implements SessionScheduleStore {
  readonly #connection: Connection;
  readonly #orgId: OrgId;
  readonly #ownerPrincipalId: string | undefined;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #limits: Required<ScheduleLimits>;
  readonly #settleMonitor: SettleMonitor | undefined;

  /**
   * Works on an open store.
   *
   * @throws {RangeError} when a limit is no whole number of 0 or more
   */
  constructor(options: LocalScheduleStoreOptions) {
    this.#connection = options.connection;
    this.#orgId = parseId("org", options.orgId ?? DEFAULT_ORG_ID);
    this.#ownerPrincipalId = options.ownerPrincipalId;
    this.#clock = options.clock ?? systemClock();
    this.#ids = options.ids ?? new IdSource(this.#clock, systemRandom());
    this.#limits = checkLimits(options.limits ?? {});
    this.#settleMonitor = options.settleMonitor;
  }

  /** See {@linkcode SessionScheduleStore.createSchedule}. */
  async createSchedule(schedule: NewSchedule): Promise<SessionSchedule> {
    const checked = await checkNewSchedule(schedule, this.#clock.now());
    return this.#insert(checked, () => {});
  }

  /** The same with a bag of anything, kept verbatim in place of the schedule's own `metadata`. */
  createScheduleWithMetadata(schedule: NewSchedule, metadata: JsonObject): Promise<SessionSchedule> {
    return this.createSchedule({ ...schedule, metadata });
  }

  /**
   * See {@linkcode SessionScheduleStore.createScheduleEnforcingLimits}.
   *
   * The schedules are counted in the transaction that adds one, so no two processes exceed a limit together.
   */
  async createScheduleEnforcingLimits(schedule: NewSchedule): Promise<SessionSchedule> {
    const now = this.#clock.now();
    const checked = await checkNewSchedule(schedule, now);
    const { maxPerSession, maxPerOrg, minIntervalSeconds } = this.#limits;
    if (typeof checked.timing !== "number" && !checked.timing.keepsDistance(minIntervalSeconds * 1000, now)) {
      throw limitError("its fires are too close together", "choose a longer interval", minIntervalSeconds, " seconds");
    }
    return await this.#insert(checked, () => {
      if (this.#countSession(checked.sessionId) >= maxPerSession) {
        throw limitError("the session has too many", "cancel one first", maxPerSession);
      }
      if (this.#countOrg() >= maxPerOrg) {
        throw limitError("the organisation has too many", "cancel one first", maxPerOrg);
      }
    });
  }

  /** See {@linkcode SessionScheduleStore.cancelSchedule}; a delivery that is under way does not switch it on again. */
  async cancelSchedule(sessionId: SessionId, id: ScheduleId): Promise<SessionSchedule | undefined> {
    return await this.#connection.write(() => {
      const stored = this.#find(id);
      if (stored === undefined || stored.record.sessionId !== sessionId) return undefined;
      if (!stored.record.enabled) return stored.record;
      const record = disabled(stored.record, this.#clock.now());
      updateSchedule(this.#connection, stored, { record, failures: 0, retryAt: 0, lastError: stored.lastError });
      this.#settleCanceled(stored);
      return record;
    });
  }

  #settleCanceled(stored: StoredSchedule): void {
    try {
      settleMonitorOf(stored, this.#settleMonitor, { state: "canceled", detail: "the schedule was cancelled" });
    } catch (error) {
      // A schedule whose task is damaged could not be switched off otherwise.
      if (!(error instanceof CorruptRecordError)) throw error;
    }
  }

  /** See {@linkcode SessionScheduleStore.listSchedules}; a damaged one is left out: the runner tells of it and sets it aside. */
  listSchedules(sessionId: SessionId): Promise<readonly SessionSchedule[]> {
    return Promise.try(() => this.#connection.all(OF_SESSION, this.#orgId, sessionId).flatMap(recordsOf));
  }

  /** See {@linkcode SessionScheduleStore.countActiveSchedules}. */
  countActiveSchedules(sessionId: SessionId): Promise<number> {
    return Promise.try(() => this.#countSession(sessionId));
  }

  /** How many schedules of the organisation are enabled. */
  countActiveOrgSchedules(): Promise<number> {
    return Promise.try(() => this.#countOrg());
  }

  /** The bag a schedule was created with; undefined when there is no such schedule. */
  getMetadata(id: ScheduleId): Promise<JsonObject | undefined> {
    return Promise.try(() => {
      const stored = this.#find(id);
      return stored === undefined ? undefined : metadataOf(stored);
    });
  }

  /** Why the last delivery of a schedule failed; undefined when it did not, or when there is no such schedule. */
  lastDeliveryError(id: ScheduleId): Promise<string | undefined> {
    return Promise.try(() => {
      const text = this.#row(id)?.["last_error"];
      const error = typeof text === "string" ? parseJson(text, `last error of schedule "${id}"`) : undefined;
      return typeof error === "string" ? error : undefined;
    });
  }

  #insert(checked: CheckedSchedule, check: () => void): Promise<SessionSchedule> {
    const owner = checked.ownerPrincipalId ?? this.#ownerPrincipalId;
    const owned = owner === undefined ? checked : { ...checked, ownerPrincipalId: owner };
    const record = newRecord(owned, this.#ids.next("sched"), this.#clock.now());
    return this.#connection.write(() => {
      check();
      insertSchedule(this.#connection, this.#orgId, record, checked.metadata);
      return record;
    });
  }

  #row(id: ScheduleId): SqlRow | undefined {
    return this.#connection.get(ONE, this.#orgId, id);
  }

  #find(id: ScheduleId): StoredSchedule | undefined {
    const row = this.#row(id);
    return row === undefined ? undefined : readSchedule(row);
  }

  #countSession(sessionId: SessionId): number {
    return numberOf(this.#connection.get(COUNT_SESSION, this.#orgId, sessionId) ?? {}, "n");
  }

  #countOrg(): number {
    return numberOf(this.#connection.get(COUNT_ORG, this.#orgId) ?? {}, "n");
  }
}

/** The schedule of a row; none when it is damaged. */
function recordsOf(row: SqlRow): SessionSchedule[] {
  try {
    return [readSchedule(row).record];
  } catch (error) {
    if (error instanceof CorruptRecordError) return [];
    throw error;
  }
}

function newRecord(checked: CheckedSchedule, id: ScheduleId, now: number): SessionSchedule {
  const { sessionId, ownerPrincipalId, description, timezone, timing, nextTriggerAt } = checked;
  return {
    id,
    sessionId,
    ...(ownerPrincipalId === undefined ? {} : { ownerPrincipalId }),
    description,
    ...(typeof timing === "number" ? { scheduledAt: timing } : { cronExpression: timing.expression }),
    timezone,
    enabled: true,
    scheduleType: typeof timing === "number" ? "oneshot" : "recurring",
    nextTriggerAt,
    triggerCount: 0,
    createdAt: now,
    updatedAt: now,
  };
}

function checkLimits(limits: ScheduleLimits): Required<ScheduleLimits> {
  const { maxPerSession = 5, maxPerOrg = 100, minIntervalSeconds = 300 } = limits;
  for (const [name, value] of Object.entries({ maxPerSession, maxPerOrg, minIntervalSeconds })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new RangeError(`Cannot use ${value} as \`${name}\`: expected a whole number of 0 or more`);
  }
  return { maxPerSession, maxPerOrg, minIntervalSeconds };
}

function limitError(reason: string, advice: string, limit: number, unit: string = ""): RuntimeError {
  return new RuntimeError("schedule_limit", `Cannot create a schedule: ${reason} (limit: ${limit}${unit}); ${advice}`, {
    fields: { limit },
  });
}
