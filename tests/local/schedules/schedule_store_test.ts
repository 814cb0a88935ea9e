/** Schedules in SQLite: what is stored, for whom, and what is refused. */

import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { idFromSeed, type ScheduleId, type SessionId } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { NewSchedule } from "../../../src/ports/schedule_store.ts";
import { CorruptRecordError } from "../../../local/errors.ts";
import type { LocalScheduleStore } from "../../../local/schedules/schedule_store.ts";
import { DAY, MINUTE, onlySchedule, openWorld, OTHER_ORG, OTHER_SESSION, SESSION, START } from "./_support.ts";

const DAILY: NewSchedule = { sessionId: SESSION, description: "look", cronExpression: "0 9 * * *" };
const ONCE: NewSchedule = { sessionId: SESSION, description: "look once", scheduledAt: START + MINUTE };
const BAG: JsonObject = { name: "Morning \u0000 \ud800", color: "#f00", nested: { list: [1, null, { a: true }] } };

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RuntimeError && error.code === code;
}

Deno.test("createSchedule() stores a recurring schedule with its next fire", async () => {
  using world = openWorld();
  using process = world.process();
  const store = process.store();
  const created = await store.createSchedule({ ...DAILY, timezone: "America/New_York", ownerPrincipalId: "me" });
  assert.deepEqual(created, {
    id: created.id,
    sessionId: SESSION,
    ownerPrincipalId: "me",
    description: "look",
    cronExpression: "0 9 * * *",
    timezone: "America/New_York",
    enabled: true,
    scheduleType: "recurring",
    nextTriggerAt: Date.parse("2026-01-01T14:00:00Z"),
    triggerCount: 0,
    createdAt: START,
    updatedAt: START,
  });
  assert.deepEqual(await onlySchedule(store), created);
});

Deno.test("createSchedule() stores a one-shot schedule, also one whose instant is past", async () => {
  using world = openWorld();
  const store = world.process().store();
  const { scheduleType, scheduledAt, nextTriggerAt, timezone } = await store.createSchedule({
    ...ONCE,
    scheduledAt: START - DAY + 0.5,
  });
  assert.deepEqual(
    { scheduleType, scheduledAt, nextTriggerAt, timezone },
    { scheduleType: "oneshot", scheduledAt: START - DAY, nextTriggerAt: START - DAY, timezone: "UTC" },
  );
});

Deno.test("a cron expression wins over an instant", async () => {
  using world = openWorld();
  const created = await world.process().store().createSchedule({ ...DAILY, scheduledAt: START });
  assert.equal(created.scheduleType, "recurring");
  assert.equal(created.nextTriggerAt, START + 9 * 60 * MINUTE);
  assert.equal(created.scheduledAt, undefined);
});

const UNUSABLE: readonly [name: string, schedule: NewSchedule][] = [
  ["neither an expression nor an instant", { sessionId: SESSION, description: "" }],
  ["an expression that cannot be parsed", { ...DAILY, cronExpression: "every day" }],
  ["an expression that never fires", { ...DAILY, cronExpression: "0 0 30 2 *" }],
  ["an empty expression", { ...ONCE, cronExpression: "" }],
  ["an unknown zone", { ...DAILY, timezone: "Mars/Olympus" }],
  ["an unknown zone of an instant", { ...ONCE, timezone: "Mars/Olympus" }],
  ["an instant that could not be parsed", { ...ONCE, scheduledAt: NaN }],
  ["an instant no date can hold", { ...ONCE, scheduledAt: 9e15 }],
];
for (const [name, schedule] of UNUSABLE) {
  Deno.test(`a schedule with ${name} is refused as invalid, with limits and without`, async () => {
    using world = openWorld();
    const store = world.process().store();
    await assert.rejects(store.createSchedule(schedule), hasCode("schedule_invalid"));
    await assert.rejects(store.createScheduleEnforcingLimits(schedule), hasCode("schedule_invalid"));
    assert.deepEqual(await store.listSchedules(SESSION), []);
  });
}

Deno.test("createSchedule() keeps any text of a description", async () => {
  using world = openWorld();
  const store = world.process().store();
  const description = "NUL \u0000, half a pair \ud800, \u{1f600}";
  await store.createSchedule({ ...ONCE, description });
  assert.equal((await onlySchedule(store)).description, description);
});

Deno.test("metadata comes back verbatim and the record does not show it", async () => {
  using world = openWorld();
  const store = world.process().store();
  const plain = await store.createSchedule(ONCE);
  const withBag = await store.createScheduleWithMetadata(ONCE, BAG);
  const inPlace = await store.createSchedule({ ...ONCE, metadata: BAG });
  assert.deepEqual(await store.getMetadata(plain.id), {});
  assert.deepEqual(await store.getMetadata(withBag.id), BAG);
  assert.deepEqual(await store.getMetadata(inPlace.id), BAG);
  assert.deepEqual(Object.keys(withBag), Object.keys(plain));
  assert.equal(await store.getMetadata(idFromSeed("sched", 9)), undefined);
});

Deno.test("metadata that is no JSON is refused", async () => {
  using world = openWorld();
  await assert.rejects(world.process().store().createScheduleWithMetadata(ONCE, { at: NaN }), TypeError);
});

Deno.test("a cancelled schedule stays listed, with its metadata and without a next fire", async () => {
  using world = openWorld();
  const store = world.process().store();
  const first = await store.createScheduleWithMetadata(DAILY, BAG);
  const second = await store.createSchedule(ONCE);
  assert.equal(await store.countActiveSchedules(SESSION), 2);
  world.clock.advance(5);
  const cancelled = await store.cancelSchedule(SESSION, first.id);
  const { nextTriggerAt: _, ...rest } = first;
  assert.deepEqual(cancelled, { ...rest, enabled: false, updatedAt: START + 5 });
  assert.deepEqual(await store.listSchedules(SESSION), [cancelled, second]);
  assert.equal(await store.countActiveSchedules(SESSION), 1);
  assert.deepEqual(await store.getMetadata(first.id), BAG);
});

Deno.test("cancelSchedule() gives up the claim and the next fire of the row too", async () => {
  using world = openWorld();
  const process = world.process();
  const { id } = await process.store().createSchedule(DAILY);
  await process.connection.write(() => process.connection.run("UPDATE schedule SET claimed_by = 'x' WHERE id = ?", id));
  await process.store().cancelSchedule(SESSION, id);
  const row = process.connection.get("SELECT enabled, next_trigger_at, claimed_by FROM schedule WHERE id = ?", id);
  assert.deepEqual({ ...row }, { enabled: 0, next_trigger_at: null, claimed_by: null });
});

Deno.test("cancelSchedule() leaves the schedules of other sessions alone", async () => {
  using world = openWorld();
  const store = world.process().store();
  const { id } = await store.createSchedule(DAILY);
  assert.equal(await store.cancelSchedule(OTHER_SESSION, id), undefined);
  assert.equal(await store.cancelSchedule(SESSION, idFromSeed("sched", 9)), undefined);
  assert.equal((await onlySchedule(store)).enabled, true);
});

Deno.test("cancelSchedule() of a cancelled schedule changes nothing", async () => {
  using world = openWorld();
  const store = world.process().store();
  const { id } = await store.createSchedule(DAILY);
  const cancelled = await store.cancelSchedule(SESSION, id);
  world.clock.advance(5);
  assert.deepEqual(await store.cancelSchedule(SESSION, id), cancelled);
});

Deno.test("another organisation sees nothing and cancels nothing", async () => {
  using world = openWorld();
  const process = world.process();
  const ours = process.store();
  const theirs = process.store({ orgId: OTHER_ORG });
  const { id } = await ours.createScheduleWithMetadata(DAILY, BAG);
  assert.deepEqual(await theirs.listSchedules(SESSION), []);
  assert.equal(await theirs.countActiveSchedules(SESSION), 0);
  assert.equal(await theirs.countActiveOrgSchedules(), 0);
  assert.equal(await theirs.getMetadata(id), undefined);
  assert.equal(await theirs.lastDeliveryError(id), undefined);
  assert.equal(await theirs.cancelSchedule(SESSION, id), undefined);
  assert.equal(await ours.countActiveOrgSchedules(), 1);
});

Deno.test("schedules are there for a process that opens the store later", async () => {
  using world = openWorld();
  const created = await world.process().store().createSchedule(DAILY);
  assert.deepEqual(await onlySchedule(world.process().store()), created);
});

Deno.test("a session has at most 5 enabled schedules made within the limits; cancelled ones do not count", async () => {
  using world = openWorld();
  const store = world.process().store();
  const made = await createMany(store, 5);
  await assert.rejects(store.createScheduleEnforcingLimits(DAILY), hasCode("schedule_limit"));
  await store.createScheduleEnforcingLimits({ ...DAILY, sessionId: OTHER_SESSION });
  await store.cancelSchedule(SESSION, made[0]!);
  await store.createScheduleEnforcingLimits(DAILY);
  assert.equal(await store.countActiveSchedules(SESSION), 5);
});

Deno.test("an organisation has at most 100 enabled schedules made within the limits", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  for (let n = 0; n < 100; n++) await store.createScheduleEnforcingLimits({ ...DAILY, sessionId: session(n) });
  await assert.rejects(
    store.createScheduleEnforcingLimits({ ...DAILY, sessionId: session(100) }),
    hasCode("schedule_limit"),
  );
  await process.store({ orgId: OTHER_ORG }).createScheduleEnforcingLimits(DAILY);
});

Deno.test("a host creates schedules without limits", async () => {
  using world = openWorld();
  const store = world.process().store({ limits: { maxPerSession: 0, maxPerOrg: 0 } });
  await store.createSchedule({ ...DAILY, cronExpression: "* * * * *" });
  assert.equal(await store.countActiveSchedules(SESSION), 1);
});

Deno.test("two processes at once do not exceed a limit together", async () => {
  using world = openWorld();
  const stores = [world.process().store(), world.process().store()];
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, n) => stores[n % 2]!.createScheduleEnforcingLimits(DAILY)),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 5);
  assert.equal(await stores[0]!.countActiveSchedules(SESSION), 5);
});

Deno.test("fires closer together than 5 minutes are refused, however they are hidden", async () => {
  using world = openWorld();
  const store = world.process().store();
  for (const cronExpression of ["*/4 * * * *", "0,1 9 * * *", "0,20,40,41 9 1 1 *", "* * * * * *"]) {
    await assert.rejects(
      store.createScheduleEnforcingLimits({ ...DAILY, cronExpression }),
      hasCode("schedule_limit"),
      cronExpression,
    );
  }
  await store.createScheduleEnforcingLimits({ ...DAILY, cronExpression: "*/5 * * * *" });
});

Deno.test("limits are options", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store({ limits: { maxPerSession: 1, maxPerOrg: 2, minIntervalSeconds: 60 } });
  await store.createScheduleEnforcingLimits({ ...DAILY, cronExpression: "* * * * *" });
  await assert.rejects(store.createScheduleEnforcingLimits(DAILY), hasCode("schedule_limit"));
  assert.throws(() => process.store({ limits: { maxPerOrg: -1 } }), RangeError);
  assert.throws(() => process.store({ limits: { minIntervalSeconds: 0.5 } }), RangeError);
});

Deno.test("a damaged schedule is left out of lists and refused by its id, and the others are served as before", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  const { id } = await store.createSchedule(DAILY);
  const intact = await store.createSchedule(ONCE);
  await store.createSchedule({ ...DAILY, sessionId: OTHER_SESSION });
  await process.connection.write(() =>
    process.connection.run("UPDATE schedule SET body = replace(body, 'look', 'leak') WHERE id = ?", id)
  );
  assert.deepEqual(await store.listSchedules(SESSION), [intact]);
  await assert.rejects(store.cancelSchedule(SESSION, id), CorruptRecordError);
  assert.equal((await onlySchedule(store, OTHER_SESSION)).description, "look");
});

Deno.test("cancelSchedule() settles the monitor of the schedule, once, in the same transaction", async () => {
  using world = openWorld();
  const settled: unknown[] = [];
  const process = world.process();
  const store = process.store({ settleMonitor: (...monitor) => void settled.push(monitor) });
  const taskId = idFromSeed("task", 1);
  const { id } = await store.createScheduleWithMetadata(DAILY, { monitorTaskId: taskId });
  const plain = await store.createScheduleWithMetadata(DAILY, { monitorTaskId: "no task" });
  await store.cancelSchedule(SESSION, id);
  await store.cancelSchedule(SESSION, id);
  await store.cancelSchedule(SESSION, plain.id);
  assert.deepEqual(settled, [[SESSION, taskId, "canceled", "the schedule was cancelled"]]);

  const failing = process.store({
    settleMonitor: () => {
      throw new Error("no");
    },
  });
  const other = await failing.createScheduleWithMetadata(ONCE, { monitorTaskId: taskId });
  await assert.rejects(failing.cancelSchedule(SESSION, other.id));
  assert.equal((await store.listSchedules(SESSION)).find(({ id }) => id === other.id)?.enabled, true);
});

function session(seed: number): SessionId {
  return idFromSeed("session", 1000 + seed);
}

async function createMany(store: LocalScheduleStore, count: number): Promise<ScheduleId[]> {
  const ids: ScheduleId[] = [];
  for (let n = 0; n < count; n++) ids.push((await store.createScheduleEnforcingLimits(DAILY)).id);
  return ids;
}
