/** When cron expressions fire. */

import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { parseCron } from "../../../local/schedules/cron.ts";
import { localMinutes, randomExpression } from "./_cron_oracle.ts";

const START = Date.UTC(2026, 0, 1);

/** The next fires after an instant, as local times with their offsets. */
async function fires(expression: string, zone: string, after: string, count: number): Promise<string[]> {
  const cron = await parseCron(expression, zone);
  const found: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (found.length < count && (at = cron.next(at)) !== undefined) {
    const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
    found.push(local.toString({ timeZoneName: "never", smallestUnit: "second" }));
  }
  return found;
}

/** The next fires in UTC after 2026-01-01, a Thursday. */
async function utc(expression: string, count: number): Promise<string[]> {
  return (await fires(expression, "UTC", "2026-01-01T00:00:00Z", count)).map((time) => time.replace("+00:00", ""));
}

function isInvalid(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === "schedule_invalid";
}

Deno.test("a cron expression counts weekdays as POSIX does: 0 and 7 are Sunday, 1 is Monday", async () => {
  assert.deepEqual(await utc("0 9 * * 1", 2), ["2026-01-05T09:00:00", "2026-01-12T09:00:00"]);
  assert.deepEqual(await utc("0 9 * * 0", 2), ["2026-01-04T09:00:00", "2026-01-11T09:00:00"]);
  assert.deepEqual(await utc("0 9 * * 7", 2), await utc("0 9 * * 0", 2));
  assert.deepEqual(await utc("0 9 * * 5-7", 3), ["2026-01-02T09:00:00", "2026-01-03T09:00:00", "2026-01-04T09:00:00"]);
});

Deno.test("a cron expression may name months and weekdays", async () => {
  assert.deepEqual(await utc("0 0 * feb mon", 2), ["2026-02-02T00:00:00", "2026-02-09T00:00:00"]);
});

Deno.test("a cron expression with both day fields fires when either matches", async () => {
  assert.deepEqual(await utc("0 0 7 * 1", 3), ["2026-01-05T00:00:00", "2026-01-07T00:00:00", "2026-01-12T00:00:00"]);
});

Deno.test("a cron expression with six fields begins with seconds", async () => {
  assert.deepEqual(await utc("15,45 0 12 * * *", 2), ["2026-01-01T12:00:15", "2026-01-01T12:00:45"]);
});

Deno.test("a cron expression with seven fields ends with years", async () => {
  assert.deepEqual(await utc("0 0 0 1 6 * 2026-2027", 9), ["2026-06-01T00:00:00", "2027-06-01T00:00:00"]);
});

Deno.test("next() is strictly after the instant", async () => {
  const cron = await parseCron("30 2 * * *", "UTC");
  const fire = Date.UTC(2026, 0, 1, 2, 30);
  assert.equal(cron.next(fire - 1), fire);
  assert.equal(cron.next(fire), fire + 86_400_000);
  assert.equal(cron.next(fire + 500), fire + 86_400_000);
});

const BAD = [
  "",
  "* * * *",
  "* * * * * * * *",
  "@daily",
  "2026-01-01T00:00:00",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * * 13 *",
  "* * * * 8",
  "*/0 * * * *",
  "5-1 * * * *",
  "1.5 * * * *",
  "-1 * * * *",
  "x * * * *",
  "\u0663 * * * *",
  `${"0,".repeat(300)}0 * * * *`,
];
for (const expression of BAD) {
  Deno.test(`parseCron() refuses ${JSON.stringify(expression.slice(0, 40))}`, async () => {
    await assert.rejects(parseCron(expression, "UTC"), isInvalid);
  });
}

for (const zone of ["", "Mars/Olympus", "+05:00", "2026-01-01T00:00[Europe/Berlin]", "Europe/Berlin\u0000"]) {
  Deno.test(`parseCron() refuses the time zone ${JSON.stringify(zone)}`, async () => {
    await assert.rejects(parseCron("0 9 * * *", zone), isInvalid);
  });
}

Deno.test("parseCron() takes a zone in any case and gives its proper name", async () => {
  assert.equal((await parseCron("0 9 * * *", "europe/berlin")).timezone, "Europe/Berlin");
});

Deno.test("parseCron() gives the same schedule for the same fields, and forgets the oldest", async () => {
  const first = await parseCron("1 2 3 4 5", "UTC");
  assert.equal(await parseCron("  1 2  3 4 5 ", "utc"), first);
  for (let minute = 0; minute < 300; minute++) {
    await parseCron(`${minute % 60} ${Math.trunc(minute / 60)} 1 1 *`, "UTC");
  }
  assert.notEqual(await parseCron("1 2 3 4 5", "UTC"), first);
});

Deno.test("next() finds no fire of a day that does not exist", async () => {
  for (const expression of ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 29 2 * 2027", "0 0 0 1 1 * 2025"]) {
    assert.equal((await parseCron(expression, "America/New_York")).next(START), undefined, expression);
  }
});

Deno.test("next() finds a leap day years ahead", async () => {
  assert.deepEqual(await utc("0 0 29 2 *", 1), ["2028-02-29T00:00:00"]);
});

Deno.test("a time the clocks skip fires once, as much later as they went forward", async () => {
  assert.deepEqual(await fires("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2), [
    "2026-03-08T03:30:00-04:00",
    "2026-03-09T02:30:00-04:00",
  ]);
  assert.deepEqual(await fires("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2), [
    "2026-10-04T02:45:00+11:00",
    "2026-10-05T02:15:00+11:00",
  ]);
});

Deno.test("a skipped time that falls on another fire of its expression does not add one", async () => {
  assert.deepEqual(await fires("0,30 2,3 * * *", "America/New_York", "2026-03-08T05:00:00Z", 3), [
    "2026-03-08T03:00:00-04:00",
    "2026-03-08T03:30:00-04:00",
    "2026-03-09T02:00:00-04:00",
  ]);
});

Deno.test("a time that comes twice fires the first time", async () => {
  assert.deepEqual(await fires("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2), [
    "2026-11-01T01:30:00-04:00",
    "2026-11-02T01:30:00-05:00",
  ]);
  assert.deepEqual(await fires("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2), [
    "2026-04-05T01:45:00+11:00",
    "2026-04-06T01:45:00+10:30",
  ]);
});

Deno.test("a time that comes twice does not fire again when it is asked for between the two", async () => {
  assert.deepEqual(await fires("30 1 * * *", "America/New_York", "2026-11-01T06:10:00Z", 1), [
    "2026-11-02T01:30:00-05:00",
  ]);
});

Deno.test("an expression for every hour follows the clock through both changes", async () => {
  assert.deepEqual(await fires("30 * * * *", "America/New_York", "2026-03-08T06:00:00Z", 2), [
    "2026-03-08T01:30:00-05:00",
    "2026-03-08T03:30:00-04:00",
  ]);
  assert.deepEqual(await fires("30 * * * *", "America/New_York", "2026-11-01T05:00:00Z", 3), [
    "2026-11-01T01:30:00-04:00",
    "2026-11-01T01:30:00-05:00",
    "2026-11-01T02:30:00-05:00",
  ]);
});

Deno.test("zones on either side of the date line fire on their own day", async () => {
  assert.deepEqual(await fires("0 9 1 * *", "Pacific/Tongatapu", "2026-01-31T12:00:00Z", 1), [
    "2026-02-01T09:00:00+13:00",
  ]);
  assert.deepEqual(await fires("0 9 1 * *", "Etc/GMT+12", "2026-02-01T12:00:00Z", 1), ["2026-02-01T09:00:00-12:00"]);
});

const CHANGES: readonly [zone: string, from: string, days: number][] = [
  ["America/New_York", "2026-03-07T00:00:00Z", 3],
  ["America/New_York", "2026-10-31T00:00:00Z", 3],
  ["Australia/Lord_Howe", "2026-10-02T12:00:00Z", 3],
  ["Australia/Lord_Howe", "2026-04-03T12:00:00Z", 3],
  ["Africa/Casablanca", "2026-02-14T00:00:00Z", 2],
  ["Pacific/Apia", "2011-12-29T00:00:00Z", 3],
];
for (const [at, [zone, from, days]] of CHANGES.entries()) {
  Deno.test(`cron agrees with a minute by minute walk through ${zone} from ${from}`, async () => {
    const start = Date.parse(from);
    const end = start + days * 86_400_000;
    const minutes = localMinutes(zone, start, end);
    const random = seededRandom(at);
    for (let round = 0; round < 25; round++) {
      const wanted = randomExpression(random);
      const cron = await parseCron(wanted.text, zone);
      const found: number[] = [];
      for (let fire = cron.next(start); fire !== undefined && fire < end; fire = cron.next(fire)) found.push(fire);
      assert.deepEqual(found, wanted.firesIn(minutes), wanted.text);
    }
  });
}

const DISTANCES: readonly [expression: string, minutes: number, keeps: boolean][] = [
  ["*/5 * * * *", 5, true],
  ["*/4 * * * *", 5, false],
  ["* * * * * *", 5, false],
  ["0,1 9 * * *", 5, false],
  ["0,15,30,31 * * * *", 5, false],
  ["0 9 * * *", 5, true],
  ["0,1 9 29 2 *", 5, false],
  // 58 past and 2 past are close only at midnight, and only if the next day fires too.
  ["2,58 0,23 * * *", 5, false],
  ["2,58 0,23 * * 1", 5, true],
  ["2,58 0,23 1,3,5,7,9,11,13,15,16 12 *", 5, false],
  ["0 9 * * *", 24 * 60, true],
  ["0 9 * * 1,2", 2 * 24 * 60, false],
  ["0 9 * * 1,4", 3 * 24 * 60, true],
];
for (const [expression, minutes, keeps] of DISTANCES) {
  Deno.test(`keepsDistance() says that "${expression}" ${keeps ? "keeps" : "does not keep"} ${minutes} min`, async () => {
    const cron = await parseCron(expression, "UTC");
    assert.equal(cron.keepsDistance(minutes * 60_000, START), keeps);
  });
}
