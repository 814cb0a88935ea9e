/** Time zones as cron needs them: how far local time is from UTC, and until when. */

import { RuntimeError } from "../../src/errors.ts";

/** An IANA name; Temporal alone would also take an offset or a whole date with a zone in brackets. */
const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/;

/** A stretch of time in which a zone's local time is equally far from UTC; all members are milliseconds. */
export interface OffsetPeriod {
  /** Its first instant; `-Infinity` when it has always been so. */
  readonly start: number;
  /** The first instant after it; `Infinity` when it ends never. */
  readonly end: number;
  /** Local time minus UTC. */
  readonly offset: number;
  /** The same before `start`. */
  readonly previousOffset: number;
}

/**
 * The name of a zone as the time zone database spells it.
 *
 * @throws {RuntimeError} `schedule_invalid` when there is no such zone
 */
export function parseTimeZone(name: string): string {
  if (IANA_NAME.test(name)) {
    try {
      return at(0, name).timeZoneId;
    } catch {
      // Told below, with what to do.
    }
  }
  throw new RuntimeError(
    "schedule_invalid",
    `Cannot use time zone "${
      name.slice(0, 80)
    }": it is not in the time zone database; use an IANA name such as "Europe/Berlin"`,
  );
}

/** The period an instant is in. */
export function offsetPeriodAt(instant: number, timeZone: string): OffsetPeriod {
  const local = at(instant, timeZone);
  const offset = offsetOf(local);
  const end = local.getTimeZoneTransition("next")?.epochMilliseconds ?? Infinity;
  // The transition before an instant is never the instant itself.
  const start = at(instant + 1, timeZone).getTimeZoneTransition("previous")?.epochMilliseconds ?? -Infinity;
  const previousOffset = start === -Infinity ? offset : offsetOf(at(start - 1, timeZone));
  return { start, end, offset, previousOffset };
}

function at(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}

function offsetOf(local: Temporal.ZonedDateTime): number {
  return local.offsetNanoseconds / 1_000_000;
}
