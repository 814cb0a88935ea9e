/** Hashes of rows: SQLite does not check payloads, and one flipped bit passes its integrity check. */

import { CorruptRecordError } from "../errors.ts";
import { hash128 } from "./hash128.ts";
import type { SqlValue } from "./row.ts";

const ENCODER = new TextEncoder();
/** Bytes of one row at a time; nothing waits while they are in use. */
const SCRATCH = new Uint8Array(64 * 1024);

/** The hash over the parts of a row: ids and JSON, neither of which has a line feed in it. */
export function rowHash(...parts: readonly string[]): string {
  // Not join(), which copies the parts once more than the hash does.
  let text = parts[0] ?? "";
  for (let at = 1; at < parts.length; at++) text += `\n${parts[at]}`;
  const { read, written } = ENCODER.encodeInto(text, SCRATCH);
  return hash128(read === text.length ? SCRATCH.subarray(0, written) : ENCODER.encode(text));
}

/**
 * Checks a row against the hash stored with it.
 *
 * @param what the record in a few words, such as `session "session_1"`
 * @throws {CorruptRecordError} when it does not match
 */
export function checkRow(stored: SqlValue | undefined, what: string, ...parts: readonly string[]): void {
  if (stored === rowHash(...parts)) return;
  throw new CorruptRecordError(what, "its content does not match its hash");
}
