/** Instants as a model writes them. */

import { ToolError } from "../../errors.ts";

/**
 * Milliseconds since the epoch of an ISO 8601 date and time; undefined when it is none.
 *
 * One without an offset is meant in the time zone, by the rule of RFC 5545 (3.3.5): of a time that happens twice the
 * first one, a time that is left out as if the clock had not been moved yet.
 *
 * @throws {ToolError} when the zone is needed and unknown
 */
export function parseInstant(text: string, timezone: string): number | undefined {
  return instantOf(text) ?? zonedInstantOf(text) ?? localInstantOf(text, timezone);
}

function instantOf(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

function zonedInstantOf(text: string): number | undefined {
  try {
    return Temporal.ZonedDateTime.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

function localInstantOf(text: string, timezone: string): number | undefined {
  let local: Temporal.PlainDateTime;
  try {
    local = Temporal.PlainDateTime.from(text);
  } catch {
    return undefined;
  }
  try {
    return local.toZonedDateTime(timezone).epochMilliseconds;
  } catch (cause) {
    const shown = JSON.stringify(timezone.slice(0, 80));
    throw new ToolError(`Cannot use the time zone ${shown}: it is unknown; use an IANA name such as Europe/Zurich`, {
      cause,
    });
  }
}
