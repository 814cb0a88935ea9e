import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { sessionSchedule } from "../../../src/capabilities/session_schedule/capability.ts";
import { idFromSeed, type ScheduleId } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import {
  contextWith,
  FakeSchedules,
  OTHER_SESSION,
  scheduleInvalid,
  SESSION,
  taskRegistry,
} from "./_background_support.ts";
import { call, toolContext, toolOf } from "./_tool_context.ts";

const NAMES = ["create_schedule", "list_schedules", "cancel_schedule"];
const ARGUMENTS: Readonly<Record<string, JsonObject>> = {
  create_schedule: { description: "Wake up", cron_expression: "0 9 * * *" },
  cancel_schedule: { schedule_id: idFromSeed("sched", 404) },
};

function run(name: string, args: JsonObject, schedules: FakeSchedules): Promise<JsonObject> {
  return call(toolOf(sessionSchedule, name), args, contextWith({ schedules }));
}

async function added(schedules: FakeSchedules, args: JsonObject = {}): Promise<ScheduleId> {
  await run("create_schedule", { description: "Wake up", cron_expression: "0 9 * * *", ...args }, schedules);
  return (await schedules.listSchedules(SESSION)).at(-1)!.id;
}

for (const name of NAMES) {
  Deno.test(`${name} says what to do when the host keeps no schedules`, async () => {
    const answer = await call(toolOf(sessionSchedule, name), ARGUMENTS[name] ?? {}, toolContext());
    assert.match(JSON.stringify(answer), /this host keeps none; tell the user/);
  });
}

Deno.test("schedules are listed by reading, cancelled as often as one likes, and created once", () => {
  const effects = NAMES.map((name) => toolOf(sessionSchedule, name).definition.effect);
  assert.deepEqual(effects, ["at_most_once", "pure", "idempotent"]);
  assert.equal(toolOf(sessionSchedule, "cancel_schedule").definition.hints?.destructive, true);
});

Deno.test("create_schedule stores a recurring schedule and echoes it", async () => {
  const schedules = new FakeSchedules();
  const answer = await run("create_schedule", {
    description: "Write the report",
    cron_expression: "0 9 * * 1-5",
    timezone: "Europe/Zurich",
  }, schedules);
  const [stored] = await schedules.listSchedules(SESSION);
  assert.deepEqual(answer, {
    schedule_id: stored?.id,
    schedule_type: "recurring",
    cron_expression: "0 9 * * 1-5",
    timezone: "Europe/Zurich",
    next_trigger_at: "2026-01-02T00:00:00.000Z",
    enabled: true,
  });
  assert.equal(stored?.description, "Write the report");
});

for (
  const [text, timezone, instant] of [
    ["2026-03-01T09:00:00Z", undefined, "2026-03-01T09:00:00.000Z"],
    ["2026-03-01T09:00:00+01:00", "America/New_York", "2026-03-01T08:00:00.000Z"],
    ["2026-03-01T09:00", undefined, "2026-03-01T09:00:00.000Z"],
    ["2026-03-01 09:00", "Europe/Zurich", "2026-03-01T08:00:00.000Z"],
    ["2026-03-01T09:00[Asia/Tokyo]", "Europe/Zurich", "2026-03-01T00:00:00.000Z"],
    ["2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00.000Z"],
    ["2026-03-08T02:30", "America/New_York", "2026-03-08T07:30:00.000Z"],
    ["2026-03-01", "Europe/Zurich", "2026-02-28T23:00:00.000Z"],
  ] as const
) {
  Deno.test(`create_schedule reads ${text} in ${timezone ?? "no zone"} as ${instant}`, async () => {
    const schedules = new FakeSchedules();
    const args = { description: "Wake up", scheduled_at: text, ...(timezone === undefined ? {} : { timezone }) };
    const answer = await run("create_schedule", args, schedules);
    assert.deepEqual([answer["schedule_type"], answer["next_trigger_at"]], ["oneshot", instant]);
  });
}

for (const scheduled_at of ["tomorrow", "2026-13-01T00:00:00Z", "2026-02-30", "soon[UTC]"]) {
  Deno.test(`create_schedule answers scheduled_at ${JSON.stringify(scheduled_at)} with how to write it`, async () => {
    const schedules = new FakeSchedules();
    const answer = await run("create_schedule", { description: "Wake up", scheduled_at }, schedules);
    assert.match(JSON.stringify(answer), /which is no date and time; write it like 2026-03-01T09:00:00Z/);
    assert.deepEqual(schedules.asked, []);
  });
}

Deno.test("create_schedule names a time zone it does not know", async () => {
  const args = { description: "Wake up", scheduled_at: "2026-03-01T09:00", timezone: "Mars/Olympus" };
  const answer = await run("create_schedule", args, new FakeSchedules());
  assert.match(JSON.stringify(answer), /time zone .*Mars\/Olympus.* is unknown; use an IANA name/);
});

for (const args of [{}, { cron_expression: " ", scheduled_at: "" }]) {
  Deno.test(`create_schedule with ${JSON.stringify(args)} asks for a time`, async () => {
    const answer = await run("create_schedule", { description: "Wake up", ...args }, new FakeSchedules());
    assert.match(JSON.stringify(answer), /neither when nor how often; give cron_expression or scheduled_at/);
  });
}

for (const scheduled_at of ["2026-03-01T09:00:00Z", "tomorrow"]) {
  Deno.test(`create_schedule takes the cron expression when scheduled_at is ${scheduled_at} too`, async () => {
    const schedules = new FakeSchedules();
    await added(schedules, { scheduled_at });
    const [asked] = schedules.asked;
    assert.deepEqual([asked?.cronExpression, asked?.scheduledAt], ["0 9 * * *", undefined]);
  });
}

Deno.test("create_schedule refuses an empty description", async () => {
  for (const description of ["", "  "]) {
    const answer = await run("create_schedule", { description, cron_expression: "0 9 * * *" }, new FakeSchedules());
    assert.match(JSON.stringify(answer), /error/);
  }
});

for (
  const refusal of [
    scheduleInvalid('Cannot create a schedule: "9 9 9" has 3 fields; write 5'),
    new RuntimeError("schedule_limit", "Cannot create a schedule: the session has 5 already; cancel one"),
  ]
) {
  Deno.test(`create_schedule tells the model about ${refusal.code}`, async () => {
    const schedules = new FakeSchedules();
    schedules.refusal = refusal;
    assert.deepEqual(await run("create_schedule", ARGUMENTS["create_schedule"]!, schedules), {
      error: refusal.message,
    });
  });
}

Deno.test("create_schedule does not turn the failure of a store into words for the model", async () => {
  const schedules = new FakeSchedules();
  schedules.refusal = new RuntimeError("store_failed", "disk /dev/sda1 is gone");
  await assert.rejects(run("create_schedule", ARGUMENTS["create_schedule"]!, schedules), { code: "store_failed" });
});

Deno.test("list_schedules shows the session's schedules with how often they fired, disabled ones too", async () => {
  const schedules = new FakeSchedules();
  const first = await added(schedules);
  await added(schedules, { description: "Again" });
  await run("cancel_schedule", { schedule_id: first }, schedules);
  await schedules.createScheduleEnforcingLimits({
    sessionId: OTHER_SESSION,
    description: "",
    cronExpression: "0 0 * * *",
  });
  const answer = await run("list_schedules", {}, schedules);
  const rows = answer["schedules"] as JsonObject[];
  assert.equal(answer["count"], 2);
  assert.deepEqual(rows.map(({ enabled, description }) => [description, enabled]), [["Wake up", false], [
    "Again",
    true,
  ]]);
  assert.deepEqual([rows[0]?.["next_trigger_at"], rows[0]?.["last_triggered_at"], rows[0]?.["trigger_count"]], [
    null,
    null,
    0,
  ]);
});

Deno.test("cancel_schedule switches a schedule off", async () => {
  const schedules = new FakeSchedules();
  const schedule_id = await added(schedules);
  const answer = await run("cancel_schedule", { schedule_id }, schedules);
  assert.deepEqual([answer["schedule_id"], answer["enabled"]], [schedule_id, false]);
});

Deno.test("cancel_schedule treats a schedule of another session as absent", async () => {
  const schedules = new FakeSchedules();
  const foreign = await schedules.createScheduleEnforcingLimits({
    sessionId: OTHER_SESSION,
    description: "",
    cronExpression: "0 0 * * *",
  });
  for (const schedule_id of [foreign.id, idFromSeed("sched", 404), "the first one"]) {
    const answer = await run("cancel_schedule", { schedule_id }, schedules);
    assert.match(JSON.stringify(answer), /no such schedule; list_schedules shows/);
  }
  assert.equal((await schedules.listSchedules(OTHER_SESSION))[0]?.enabled, true);
});

Deno.test("cancel_schedule ends the monitor of a scheduled background run, and only that one", async () => {
  const schedules = new FakeSchedules();
  const tasks = taskRegistry();
  const schedule_id = await added(schedules);
  const monitor = { sessionId: SESSION, kind: "monitor", displayName: "Monitor", state: "running" } as const;
  const own = await tasks.create({ ...monitor, spec: { schedule_id } });
  const other = await tasks.create({ ...monitor, spec: { schedule_id: idFromSeed("sched", 9) } });
  await call(toolOf(sessionSchedule, "cancel_schedule"), { schedule_id }, contextWith({ schedules, tasks }));
  const states = await Promise.all([own, other].map(async ({ id }) => (await tasks.get(SESSION, id))?.state));
  assert.deepEqual(states, ["canceled", "running"]);
});
