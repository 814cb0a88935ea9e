/** Schedules as rows. */

import type { JsonObject, JsonValue } from "../../src/records/json.ts";
import type { SessionSchedule } from "../../src/records/schedule.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, numberOf, optionalNumberOf, parseJson, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";

/** The columns {@linkcode readSchedule} needs, for a SELECT. */
export const SCHEDULE_COLUMNS =
  "id, org_id, session_id, enabled, next_trigger_at, retry_at, failures, last_error, body, metadata, hash";

const INSERT = `INSERT INTO schedule (id, org_id, session_id, enabled, next_trigger_at, body, metadata, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE = `UPDATE schedule SET enabled = ?, next_trigger_at = ?, claimed_by = NULL, retry_at = ?, failures = ?,
  last_error = ?, body = ?, hash = ? WHERE id = ?`;

/** Longest stored error, in bytes of UTF-8. */
const MAX_ERROR_BYTES = 4096;

/** A schedule with what its record does not have. */
export interface StoredSchedule {
  /** The record. */
  readonly record: SessionSchedule;
  /** Its organisation. */
  readonly orgId: string;
  /** Failed deliveries of the occurrence that is due. */
  readonly failures: number;
  /** Not delivered before; milliseconds since the epoch. */
  readonly retryAt: number;
  /** Why the last delivery failed, as JSON text. */
  readonly lastError: string | null;
  /** Anything of the host, as JSON text. */
  readonly metadata: string;
}

/** What may change of a stored schedule; its claim is given up with every change. */
export type ScheduleChange = Pick<StoredSchedule, "record" | "failures" | "retryAt" | "lastError">;

/** Stores a new schedule; only inside a transaction. */
export function insertSchedule(
  connection: Connection,
  orgId: string,
  record: SessionSchedule,
  metadata: JsonObject,
): void {
  const body = encodeJson(record);
  const bag = encodeJson(metadata);
  const { id, sessionId, enabled, nextTriggerAt } = record;
  const hash = rowHash(orgId, body, bag);
  connection.run(INSERT, id, orgId, sessionId, enabled ? 1 : 0, nextTriggerAt ?? null, body, bag, hash);
}

/** Stores a changed schedule and gives up its claim; only inside a transaction. */
export function updateSchedule(connection: Connection, stored: StoredSchedule, change: ScheduleChange): void {
  const { record, failures, retryAt, lastError } = change;
  const body = encodeJson(record);
  const hash = rowHash(stored.orgId, body, stored.metadata);
  const next = record.nextTriggerAt ?? null;
  connection.run(UPDATE, record.enabled ? 1 : 0, next, retryAt, failures, lastError, body, hash, record.id);
}

/**
 * Reads a row with {@linkcode SCHEDULE_COLUMNS}.
 *
 * @throws {CorruptRecordError} when it is damaged
 */
export function readSchedule(row: SqlRow): StoredSchedule {
  const id = textOf(row, "id");
  const orgId = textOf(row, "org_id");
  const body = textOf(row, "body");
  const metadata = textOf(row, "metadata");
  const what = `schedule "${id}"`;
  checkRow(row["hash"], what, orgId, body, metadata);
  const record = parseJson(body, what);
  if (!isRecordOf(row, record)) throw new CorruptRecordError(what, "its columns are not those of its record");
  const lastError = row["last_error"];
  return {
    record,
    orgId,
    metadata,
    failures: numberOf(row, "failures"),
    retryAt: numberOf(row, "retry_at"),
    lastError: typeof lastError === "string" ? lastError : null,
  };
}

/** Whether the columns say what the record says: rows are found by the former and used by the latter. */
function isRecordOf(row: SqlRow, record: unknown): record is SessionSchedule {
  if (typeof record !== "object" || record === null) return false;
  const members: { readonly [key: string]: unknown } = { ...record };
  return members["id"] === row["id"] && members["sessionId"] === row["session_id"] &&
    members["enabled"] === (row["enabled"] === 1) &&
    members["nextTriggerAt"] === optionalNumberOf(row, "next_trigger_at");
}

/** The metadata, parsed. */
export function metadataOf(stored: Pick<StoredSchedule, "metadata">): JsonObject {
  const bag = parseJson(stored.metadata, "metadata of a schedule");
  if (isJsonObject(bag)) return bag;
  throw new CorruptRecordError("metadata of a schedule", "it is no object");
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The record, switched off. */
export function disabled(record: SessionSchedule, now: number): SessionSchedule {
  const { nextTriggerAt: _, ...rest } = record;
  return { ...rest, enabled: false, updatedAt: now };
}

/** An error text as it is stored: JSON, and at most 4096 bytes before that, cut between two characters. */
export function errorText(message: string): string {
  const { read } = new TextEncoder().encodeInto(message, new Uint8Array(MAX_ERROR_BYTES));
  return encodeJson(message.slice(0, read));
}
