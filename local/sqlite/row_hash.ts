/** Hashes of rows: SQLite does not check payloads, and one flipped bit passes its integrity check. */

import { hash } from "node:crypto";
import { CorruptRecordError } from "../errors.ts";
import type { SqlValue } from "./row.ts";

/**
 * SHA-256 over the parts of a row: ids and JSON, neither of which has a line feed in it.
 *
 * As hex text: reading and comparing bytes costs twice as much as the hash itself (Deno 2.9.6).
 */
export function rowHash(...parts: readonly string[]): string {
  // Not join(), which copies the parts once more than the hash does.
  let text = parts[0] ?? "";
  for (let at = 1; at < parts.length; at++) text += `\n${parts[at]}`;
  return hash("sha256", text, "hex");
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
