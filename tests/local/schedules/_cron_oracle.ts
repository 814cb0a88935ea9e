/** The rules of cron once more, as a walk through every minute: slow, and made of nothing the code is made of. */

import type { RandomSource } from "../../../src/ports/clock.ts";

const MINUTE = 60_000;

/** One minute of real time. */
export interface LocalMinute {
  /** When it begins. */
  readonly at: number;
  /** The local time. */
  readonly local: Temporal.PlainDateTime;
  /** Whether this local time has been before. */
  readonly again: boolean;
  /** A local time that was skipped and falls here instead. */
  readonly instead?: Temporal.PlainDateTime;
}

/** Every minute from one instant to another, both excluded. */
export function localMinutes(zone: string, start: number, end: number): LocalMinute[] {
  const minutes: LocalMinute[] = [];
  const seen = new Set<string>();
  const instead = new Map<number, Temporal.PlainDateTime>();
  let expected: Temporal.PlainDateTime | undefined;
  // Two days earlier, so that a change shortly before the start is seen.
  for (let at = start - 2 * 86_400_000; at < end; at += MINUTE) {
    const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime();
    if (expected !== undefined && Temporal.PlainDateTime.compare(expected, local) < 0) {
      const skipped = local.since(expected).total("minutes");
      for (let n = 0; n < skipped; n++) instead.set(at + n * MINUTE, expected.add({ minutes: n }));
    }
    const moved = instead.get(at);
    const again = seen.has(local.toString());
    if (at > start) minutes.push({ at, local, again, ...(moved === undefined ? {} : { instead: moved }) });
    seen.add(local.toString());
    expected = local.add({ minutes: 1 });
  }
  return minutes;
}

/** An expression, and when it fires. */
export interface OracleExpression {
  /** The expression. */
  readonly text: string;
  /** Its fires among some minutes. */
  firesIn(minutes: readonly LocalMinute[]): number[];
}

/** An expression made of random fields. */
export function randomExpression(random: RandomSource): OracleExpression {
  const minute = randomField(random, 0, 59);
  const hour = randomField(random, 0, below(random, 2) === 0 ? 4 : 23);
  const weekday = below(random, 3) === 0 ? randomField(random, 0, 6) : wildcard(0, 6, 1);
  const followsClock = hour.text.startsWith("*");
  function matches(local: Temporal.PlainDateTime): boolean {
    return minute.values.has(local.minute) && hour.values.has(local.hour) && weekday.values.has(local.dayOfWeek % 7);
  }
  return {
    text: `${minute.text} ${hour.text} * * ${weekday.text}`,
    firesIn: (minutes) =>
      minutes.filter(({ local, again, instead }) =>
        followsClock ? matches(local) : (!again && matches(local)) || (instead !== undefined && matches(instead))
      ).map(({ at }) => at),
  };
}

interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

function randomField(random: RandomSource, low: number, high: number): Field {
  const count = high - low + 1;
  switch (below(random, 4)) {
    case 0: {
      const value = low + below(random, count);
      return { text: String(value), values: new Set([value]) };
    }
    case 1: {
      const values = [1, 2, 3].map(() => low + below(random, count));
      return { text: values.join(","), values: new Set(values) };
    }
    case 2: {
      const from = low + below(random, count);
      const to = from + below(random, high - from + 1);
      return { text: `${from}-${to}`, values: wildcard(from, to, 1).values };
    }
    default:
      // A wildcard means all values there are, so a shortened range has none.
      return high === 4 ? { text: "1-3", values: new Set([1, 2, 3]) } : wildcard(low, high, 1 + below(random, 6));
  }
}

function wildcard(low: number, high: number, step: number): Field {
  const values = new Set<number>();
  for (let value = low; value <= high; value += step) values.add(value);
  return { text: step === 1 ? "*" : `*/${step}`, values };
}

function below(random: RandomSource, limit: number): number {
  const bytes = new Uint8Array(4);
  random.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0) % limit;
}
