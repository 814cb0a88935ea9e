/** Claims of due schedules: who delivers an occurrence, and what came of it. */

import { messageOf } from "../../src/errors.ts";
import type { OrgId, ScheduleId, SessionId } from "../../src/records/ids.ts";
import type { SessionSchedule } from "../../src/records/schedule.ts";
import { toldToModel } from "../../src/kit/told_to_model.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, numberOf, type SqlRow, textOf } from "../sqlite/row.ts";
import { type MonitorState, type SettleMonitor, settleMonitorOf } from "./monitor.ts";
import {
  disabled,
  errorText,
  readSchedule,
  SCHEDULE_COLUMNS,
  type ScheduleChange,
  type StoredSchedule,
  updateSchedule,
} from "./schedule_row.ts";

/** The first wait after a delivery that failed; it doubles with each failure. */
const FIRST_RETRY_MS = 1_000;
/** The longest wait after a delivery that failed. */
const LONGEST_RETRY_MS = 300_000;

// A retry further away than the longest wait was set before the clock was put back: it is due.
const IS_DUE = `org_id = ? AND enabled = 1 AND next_trigger_at <= ? AND (retry_at <= ? OR retry_at > ?)`;
const DUE_SESSIONS = `SELECT session_id FROM schedule WHERE ${IS_DUE} AND id NOT IN (SELECT value FROM json_each(?))
  GROUP BY session_id ORDER BY min(next_trigger_at), min(position)`;
const CLAIMANTS = `SELECT DISTINCT claimed_by FROM schedule WHERE ${IS_DUE} AND claimed_by IS NOT NULL`;
const CLAIMABLE = `SELECT ${SCHEDULE_COLUMNS} FROM schedule WHERE ${IS_DUE}
  AND id NOT IN (SELECT value FROM json_each(?)) AND session_id IN (SELECT value FROM json_each(?))
  AND (claimed_by IS NULL OR claimed_by IN (SELECT value FROM json_each(?)))
  ORDER BY next_trigger_at, position LIMIT ?`;
const CLAIM = "UPDATE schedule SET claimed_by = ? WHERE id = ?";
const SET_ASIDE = "UPDATE schedule SET enabled = 0, claimed_by = NULL, last_error = ? WHERE id = ?";
const CLAIMED = `SELECT ${SCHEDULE_COLUMNS} FROM schedule WHERE id = ? AND claimed_by = ?`;
const RELEASE = "UPDATE schedule SET claimed_by = NULL, retry_at = ? WHERE id = ? AND claimed_by = ?";
const RELEASE_ALL = "UPDATE schedule SET claimed_by = NULL WHERE claimed_by = ?";

/** One occurrence of a schedule, claimed. */
export interface ScheduleClaim {
  /** Its schedule, as it was when it was claimed. */
  readonly record: SessionSchedule;
  /** The instant that was due; milliseconds since the epoch. */
  readonly occurrence: number;
  /** Equal for every delivery of this occurrence. */
  readonly key: string;
}

/** What {@linkcode ScheduleClaims.claim} came to. */
export interface Claimed {
  /** The occurrences to deliver, earliest first. */
  readonly claims: readonly ScheduleClaim[];
  /** Damaged schedules; they are switched off from now on. */
  readonly corrupt: readonly CorruptRecordError[];
}

/** When a schedule fires next; `problem` tells why it does not. */
export interface NextFire {
  /** Milliseconds since the epoch; undefined when it never fires again. */
  readonly at?: number;
  /** Why its next fire cannot be computed. */
  readonly problem?: string;
}

/** What a {@linkcode ScheduleClaims} is made of. */
export interface ScheduleClaimsOptions {
  /** The store. */
  readonly connection: Connection;
  /** Whose schedules are claimed. */
  readonly orgId: OrgId;
  /** Who claims; it lives, by its lock file, before it claims anything. */
  readonly owner: string;
  /** Whether another owner lives. */
  isAlive(owner: string): boolean;
  /** Failed deliveries after which an occurrence is given up. */
  readonly maxAttempts: number;
}

/**
 * The claims of one owner.
 *
 * Every method is one transaction. What ends a claim does so only while the schedule still has it: a cancel or
 * another owner may have taken it away.
 */
export class ScheduleClaims {
  readonly #options: ScheduleClaimsOptions;
  readonly #connection: Connection;

  /** Claims nothing yet. */
  constructor(options: ScheduleClaimsOptions) {
    this.#options = options;
    this.#connection = options.connection;
  }

  /** The sessions of due schedules, the one that has waited longest first. */
  dueSessions(now: number, inFlight: readonly ScheduleId[]): SessionId[] {
    const rows = this.#connection.all(DUE_SESSIONS, ...this.#isDue(now), encodeJson(inFlight));
    return rows.map((row) => textOf(row, "session_id") as SessionId);
  }

  /**
   * Claims due schedules of some sessions, earliest first.
   *
   * Free are those nobody has, those of dead owners, and our own that are not in flight: their end could not be stored.
   */
  async claim(
    now: number,
    sessions: readonly SessionId[],
    options: { readonly limit: number; readonly inFlight: readonly ScheduleId[] },
  ): Promise<Claimed> {
    const { owner, isAlive } = this.#options;
    const due = this.#isDue(now);
    return await this.#connection.write(() => {
      const claimants = this.#connection.all(CLAIMANTS, ...due).map((row) => textOf(row, "claimed_by"));
      const free = claimants.filter((claimant) => claimant === owner || !isAlive(claimant));
      const lists = [options.inFlight, sessions, free].map(encodeJson);
      const claims: ScheduleClaim[] = [];
      const corrupt: CorruptRecordError[] = [];
      for (const row of this.#connection.all(CLAIMABLE, ...due, ...lists, options.limit)) {
        const claim = claimOf(row);
        if (claim instanceof CorruptRecordError) {
          corrupt.push(claim);
          this.#connection.run(SET_ASIDE, errorText(claim.message), textOf(row, "id"));
        } else {
          claims.push(claim);
          this.#connection.run(CLAIM, owner, claim.record.id);
        }
      }
      return { claims, corrupt };
    });
  }

  /** Ends a claim whose text was stored; false when the schedule no longer has it. */
  succeed(claim: ScheduleClaim, now: number, next: NextFire, settle?: SettleMonitor): Promise<boolean> {
    return this.#end(claim, settle, (stored) => {
      const { record } = stored;
      const fired = { ...record, lastTriggeredAt: now, triggerCount: record.triggerCount + 1, updatedAt: now };
      return moveOn({ ...stored, record: fired, lastError: null }, now, next);
    });
  }

  /**
   * Ends a claim whose delivery failed; false when the schedule no longer has it.
   *
   * It is due again after a wait, until it has failed `maxAttempts` times: then the occurrence is given up, its
   * error kept, and the schedule goes on with its next one, if it has one.
   */
  fail(claim: ScheduleClaim, now: number, error: unknown, next: NextFire, settle?: SettleMonitor): Promise<boolean> {
    const message = messageOf(error);
    return this.#end(claim, settle, (stored) => {
      const failures = stored.failures + 1;
      const failed = { ...stored, lastError: errorText(message) };
      if (failures < this.#options.maxAttempts) {
        return { change: { ...failed, failures, retryAt: now + retryWait(failures) } };
      }
      const record = { ...stored.record, updatedAt: now };
      const moved = moveOn({ ...failed, record }, now, next);
      return moved.ended === undefined ? moved : { ...moved, ended: { state: "failed", detail: toldToModel(error) } };
    });
  }

  /** Gives a claim back: the session could not take the text just now, which is no failure. */
  release(claim: ScheduleClaim, now: number): Promise<number> {
    const { record } = claim;
    return this.#connection.write(() =>
      this.#connection.run(RELEASE, now + FIRST_RETRY_MS, record.id, this.#options.owner)
    );
  }

  /** Gives every claim back. */
  releaseAll(): Promise<number> {
    return this.#connection.write(() => this.#connection.run(RELEASE_ALL, this.#options.owner));
  }

  #isDue(now: number): [string, number, number, number] {
    return [this.#options.orgId, now, now, now + LONGEST_RETRY_MS];
  }

  #end(
    claim: ScheduleClaim,
    settle: SettleMonitor | undefined,
    decide: (stored: StoredSchedule) => Ended,
  ): Promise<boolean> {
    return this.#connection.write(() => {
      const row = this.#connection.get(CLAIMED, claim.record.id, this.#options.owner);
      if (row === undefined) return false;
      const stored = readSchedule(row);
      const { change, ended } = decide(stored);
      updateSchedule(this.#connection, stored, change);
      if (ended !== undefined) settleMonitorOf(stored, settle, ended);
      return true;
    });
  }
}

/** How a claim changes its schedule, and how its monitor ends if the schedule does. */
interface Ended {
  readonly change: ScheduleChange;
  readonly ended?: { readonly state: MonitorState; readonly detail: string };
}

function claimOf(row: SqlRow): ScheduleClaim | CorruptRecordError {
  try {
    const { record } = readSchedule(row);
    const occurrence = numberOf(row, "next_trigger_at");
    return { record, occurrence, key: `schedule:${record.id}:${occurrence}` };
  } catch (error) {
    if (error instanceof CorruptRecordError) return error;
    throw error;
  }
}

/** The schedule after an occurrence is done with: at its next one, or switched off. */
function moveOn(stored: StoredSchedule, now: number, next: NextFire): Ended {
  const change = { ...stored, failures: 0, retryAt: 0 };
  const { at, problem } = next;
  if (at !== undefined) return { change: { ...change, record: { ...stored.record, nextTriggerAt: at } } };
  const record = disabled(stored.record, now);
  if (problem === undefined) {
    return { change: { ...change, record }, ended: { state: "succeeded", detail: "it fired" } };
  }
  return { change: { ...change, record, lastError: errorText(problem) }, ended: { state: "failed", detail: problem } };
}

function retryWait(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}
