/** How long a provider asks to wait. */

/**
 * The wait in milliseconds: `retry-after-ms`, else `retry-after` in seconds (fractions too) or as a date.
 *
 * A date is measured against the server's own `date` header: that needs no clock here and is right where the local one
 * is not. Undefined when there is none, or none that makes sense.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  return milliseconds(headers.get("retry-after-ms")) ?? afterHeader(headers);
}

const IN_WORDS = /\btry again in (?=\d)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?/i;

/**
 * The wait in milliseconds a complaint names in its words, such as "Please try again in 7m12.5s".
 *
 * Inside a stream there is no header to say it.
 */
export function retryAfterInWords(words: string): number | undefined {
  const found = IN_WORDS.exec(words);
  if (found === null) return undefined;
  const [hours, minutes, seconds, rest] = found.slice(1).map((part) => Number(part ?? 0));
  const wait = ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000 + (rest ?? 0);
  return wait === 0 ? undefined : Math.ceil(wait);
}

function afterHeader(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  const seconds = milliseconds(value);
  if (seconds !== undefined) return finite(seconds * 1000);
  return finite(Date.parse(value ?? "") - Date.parse(headers.get("date") ?? ""));
}

function milliseconds(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  return text === "" ? undefined : finite(Number(text));
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
