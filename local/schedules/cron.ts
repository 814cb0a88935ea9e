/** When a cron expression fires. */

import type { Cron } from "croner";
import { messageOf, RuntimeError } from "../../src/errors.ts";
import { lazy } from "../../src/kit/lazy.ts";
import { type OffsetPeriod, offsetPeriodAt, parseTimeZone } from "./time_zone.ts";

/** Longest expression; a list of all minutes has 169 characters. */
const MAX_LENGTH = 512;
/** How far ahead a next fire is looked for: leap days are at most 4 years apart until 2096. */
const HORIZON_MS = 5 * 366 * 86_400_000;
/** How many parsed expressions are kept; the oldest is forgotten first. */
const MAX_PARSED = 256;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

const croner = lazy(() => import("croner"));
const parsed = new Map<string, CronSchedule>();

/**
 * Parses an expression for a time zone; the newest ones are remembered.
 *
 * @throws {RuntimeError} `schedule_invalid` when the expression or the zone cannot be used
 */
export async function parseCron(expression: string, timezone: string): Promise<CronSchedule> {
  const zone = parseTimeZone(timezone);
  const text = fieldsOf(expression).join(" ");
  const key = `${zone} ${text}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const { Cron } = await croner();
  const schedule = new CronSchedule(text, zone, (fields) => {
    try {
      // With an offset it does no time zone work at all: local times are handed to it as if they were UTC.
      return new Cron(fields.join(" "), { paused: true, utcOffset: 0 });
    } catch (cause) {
      throw invalid(expression, messageOf(cause), cause);
    }
  });
  parsed.set(key, schedule);
  for (const oldest of parsed.keys()) {
    if (parsed.size <= MAX_PARSED) break;
    parsed.delete(oldest);
  }
  return schedule;
}

/**
 * A POSIX cron expression in a time zone; make it with {@linkcode parseCron}.
 *
 * Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or seven with years last.
 * 0 and 7 are Sunday, months and weekdays may be names, and when both day fields are restricted either may match.
 *
 * When clocks change, it depends on the hour field. With fixed hours (`30 2 * * *`, `0 1,2 * * *`, `0 9-17 * * *`)
 * every local time fires once: one that is skipped fires as much later as the clocks went forward (02:30 at 03:30), one
 * that comes twice fires the first time. With an hour field that begins with `*` it follows the clock: local times that
 * are skipped do not fire, and those that come twice fire twice.
 *
 * Each next fire is computed with the time zone database of the running Deno.
 */
export class CronSchedule {
  /** The expression, its fields one space apart. */
  readonly expression: string;
  /** The time zone, as the time zone database spells it. */
  readonly timezone: string;
  readonly #fields: readonly string[];
  readonly #followsClock: boolean;
  readonly #compile: (fields: readonly string[]) => Cron;
  readonly #pattern: Cron;

  /** Made of checked fields and what parses them. */
  constructor(expression: string, timezone: string, compile: (fields: readonly string[]) => Cron) {
    this.expression = expression;
    this.timezone = timezone;
    const fields = expression.split(" ");
    this.#fields = fields.length === 5 ? ["0", ...fields] : fields;
    this.#followsClock = /^[*?]/.test(this.#fields[2]!);
    this.#compile = compile;
    this.#pattern = compile(this.#fields);
  }

  /** The first fire after an instant, in milliseconds since the epoch; undefined when there is none within 5 years. */
  next(after: number): number | undefined {
    let period = offsetPeriodAt(after, this.timezone);
    for (let from = after;;) {
      const fire = this.#nextIn(period, from);
      if (fire < period.end) return fire - after <= HORIZON_MS ? fire : undefined;
      // Later periods have other offsets, by less than two days.
      if (Math.min(period.end, fire - 2 * DAY_MS) - after > HORIZON_MS) return undefined;
      from = period.end - 1;
      period = offsetPeriodAt(period.end, this.timezone);
    }
  }

  /**
   * Whether any two fires are at least so far apart; changes of the clocks are not counted.
   *
   * Exact: the times of day are the same on every day that fires, so one such day and the midnight between two of them
   * decide.
   */
  keepsDistance(milliseconds: number, after: number): boolean {
    const some = nextOf(this.#pattern, after);
    if (some === Infinity) return true;
    const dayStart = Math.floor(some / DAY_MS) * DAY_MS;
    const first = nextOf(this.#pattern, dayStart - SECOND_MS);
    let last = first;
    for (let time = nextOf(this.#pattern, last); time < dayStart + DAY_MS; time = nextOf(this.#pattern, last)) {
      if (time - last < milliseconds) return false;
      last = time;
    }
    if (first + DAY_MS - last >= milliseconds) return true;
    return this.#smallestStep(dayStart - SECOND_MS) + first - last >= milliseconds;
  }

  /** The shortest time from one day that fires to the next one; `Infinity` when there is only one. */
  #smallestStep(after: number): number {
    const days = this.#compile(["0", "0", "0", ...this.#fields.slice(3)]);
    let smallest = Infinity;
    let day = nextOf(days, after);
    while (day - after <= HORIZON_MS && smallest > DAY_MS) {
      const next = nextOf(days, day);
      smallest = Math.min(smallest, next - day);
      day = next;
    }
    return smallest;
  }

  /** The first fire after an instant with the offsets of one period; it may be past the period's end. */
  #nextIn(period: OffsetPeriod, after: number): number {
    const { start, offset, previousOffset } = period;
    const from = after + offset;
    if (this.#followsClock || start === -Infinity) return nextOf(this.#pattern, from) - offset;
    if (previousOffset >= offset) {
      // Local times up to here have been before.
      return nextOf(this.#pattern, Math.max(from, start + previousOffset - 1)) - offset;
    }
    const skipped = nextOf(this.#pattern, Math.max(after, start - 1) + previousOffset);
    const regular = nextOf(this.#pattern, Math.max(from, start + offset - 1)) - offset;
    return skipped < start + offset ? Math.min(skipped - previousOffset, regular) : regular;
  }
}

/** The next local time of a pattern, strictly after another one; `Infinity` when there is none. */
function nextOf(pattern: Cron, localTime: number): number {
  return pattern.nextRun(new Date(localTime))?.getTime() ?? Infinity;
}

function fieldsOf(expression: string): string[] {
  if (expression.length > MAX_LENGTH) throw invalid(expression, `it has more than ${MAX_LENGTH} characters`);
  const fields = expression.trim().split(/\s+/);
  if (fields.length >= 5 && fields.length <= 7) return fields;
  const count = fields[0] === "" ? 0 : fields.length;
  throw invalid(expression, `it has ${count} field${count === 1 ? "" : "s"}`);
}

function invalid(expression: string, reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError(
    "schedule_invalid",
    `Cannot use cron expression "${expression.slice(0, 80)}": ${reason}; ` +
      `use five fields such as "0 9 * * 1-5" (minute hour day month weekday), or six with seconds first`,
    { cause },
  );
}
