/** Instants as text in a time zone. */

/** A name or an offset; Temporal alone would also read the zone out of a whole date. */
const ZONE = /^(?:[A-Za-z][A-Za-z0-9_+/-]*|[+-]\d{2}:\d{2})$/;

/** Tells whether a text is the IANA name of a time zone, or an offset such as `+02:00`. */
export function isTimeZone(zone: string): boolean {
  return ZONE.test(zone) && toZoned(0, zone) !== undefined;
}

/** An instant to the second with its offset, ISO 8601; in UTC when the zone is unknown. */
export function zonedTime(milliseconds: number, zone: string): string {
  const time = toZoned(milliseconds, zone) ?? toZoned(milliseconds, "UTC");
  return time?.toString({ smallestUnit: "second", timeZoneName: "never" }) ?? "unknown";
}

/** The date of an instant and its day of the week in English, such as `2026-11-25 (Wednesday)`. */
export function zonedDate(milliseconds: number, zone: string): string {
  const time = toZoned(milliseconds, zone) ?? toZoned(milliseconds, "UTC");
  if (time === undefined) return "unknown";
  return `${time.toPlainDate().toString()} (${DAYS[time.dayOfWeek - 1] ?? ""})`;
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function toZoned(milliseconds: number, zone: string): Temporal.ZonedDateTime | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(Math.trunc(milliseconds)).toZonedDateTimeISO(zone);
  } catch {
    return undefined;
  }
}
