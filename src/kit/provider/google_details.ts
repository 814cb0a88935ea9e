/** `details` of errors in Google's form: they say what the status and the words leave open. */

import { fieldsOf, listOf, textOf } from "./narrow.ts";

/** What the details of an error say. */
export interface GoogleDetails {
  /** Machine-readable reason, such as `API_KEY_INVALID`, or the empty text. */
  readonly reason: string;
  /** The quota that ran out: one of a day or longer, or one that comes back within minutes. */
  readonly quota?: "day" | "minute";
  /** How long to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Reads the `details` of an error; what is not there stays out. */
export function googleDetails(details: unknown): GoogleDetails {
  let reason = "";
  let quota: GoogleDetails["quota"];
  let retryAfterMs: number | undefined;
  for (const value of listOf(details)) {
    const detail = fieldsOf(value);
    reason ||= textOf(detail["reason"]);
    retryAfterMs ??= milliseconds(textOf(detail["retryDelay"]));
    for (const violation of listOf(detail["violations"])) {
      const id = textOf(fieldsOf(violation)["quotaId"]);
      if (id !== "") quota = quota === "day" || /PerDay/i.test(id) ? "day" : "minute";
    }
  }
  return {
    reason,
    ...(quota === undefined ? {} : { quota }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** A protocol buffer's duration, such as `34.07s`. */
function milliseconds(duration: string): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}
