/** A value of a configuration in a message about it. */

import type { JsonValue } from "../records/json.ts";
import { looksRandom } from "./redactor.ts";

const MAX_SHOWN = 80;

/** The value as JSON, at most 80 characters; a text in it that looks like a key is `[secret]`: it is in the wrong place. */
export function shownValue(value: JsonValue): string {
  const text = JSON.stringify(value, (_, member: unknown) => {
    return typeof member === "string" && looksRandom(member, 16) ? "[secret]" : member;
  }) ?? typeof value;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
