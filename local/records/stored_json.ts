/** What callers give to be stored, as plain JSON: secrets are refused, and what is wrong is named by its place. */

import { RuntimeError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/records/json.ts";
import { Secret } from "../../src/records/secret.ts";
import { toPlainJson } from "../../src/kit/plain_json.ts";

/** Most names of a place that are shown; a circle would have no end. */
const MAX_NAMES = 32;

/**
 * A frozen copy of a value that is plain JSON and holds no secret.
 *
 * Members that are undefined are left out.
 *
 * @param what names the value in messages, such as `session "session_1"`
 * @param advice what to do with a secret instead
 * @throws {RuntimeError} `secret_in_record` when a {@linkcode Secret} is in it, naming the member
 * @throws {TypeError} when anything else in it is not JSON, naming the member
 */
export function toStoredJson(value: unknown, what: string, advice: string): JsonValue {
  try {
    return toPlainJson(value, what);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Looking for the place costs time, so only a refused value pays for it.
    const { names, member } = findRefused(value);
    const place = names.length === 0 ? what : `${what} (member ${JSON.stringify(names.join("."))})`;
    if (member instanceof Secret) {
      throw new RuntimeError("secret_in_record", `Cannot store ${place}: it is a secret; ${advice}`);
    }
    toPlainJson(member, place);
    throw error;
  }
}

/** The innermost member that is not plain JSON, and the names that lead to it. */
function findRefused(value: unknown): { names: string[]; member: unknown } {
  const names: string[] = [];
  let member = value;
  while (typeof member === "object" && member !== null && names.length < MAX_NAMES) {
    const inner = Object.entries(member).find(([, each]) => each !== undefined && !isPlainJson(each));
    if (inner === undefined) break;
    names.push(inner[0]);
    member = inner[1];
  }
  return { names, member };
}

function isPlainJson(value: unknown): boolean {
  try {
    toPlainJson(value, "");
    return true;
  } catch {
    return false;
  }
}
