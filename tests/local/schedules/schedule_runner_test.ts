/** What a runner claims and delivers when all goes well. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../../src/records/ids.ts";
import { LocalScheduleRunner, type LocalScheduleRunnerOptions } from "../../../local/schedules/runner.ts";
import {
  claimantOf,
  DAY,
  FakeSessions,
  fire,
  MINUTE,
  never,
  onlySchedule,
  openWorld,
  OTHER_ORG,
  OTHER_SESSION,
  SESSION,
  START,
} from "./_support.ts";

const ONCE = { sessionId: SESSION, description: "look", scheduledAt: START + MINUTE };

Deno.test("a one-shot schedule is delivered once, when it is due, and is then switched off", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  await using run = process.start(sessions);
  world.clock.advance(MINUTE - 1);
  assert.equal(await fire(run), 0);
  world.clock.advance(1);
  assert.equal(await fire(run), 1);
  world.clock.advance(DAY);
  assert.equal(await fire(run), 0);
  assert.deepEqual(sessions.attempts, [
    { sessionId: SESSION, text: "look", key: `schedule:${id}:${START + MINUTE}` },
  ]);
  const { enabled, nextTriggerAt, lastTriggeredAt, triggerCount } = await onlySchedule(store);
  assert.deepEqual(
    { enabled, nextTriggerAt, lastTriggeredAt, triggerCount },
    { enabled: false, nextTriggerAt: undefined, lastTriggeredAt: START + MINUTE, triggerCount: 1 },
  );
  assert.equal(claimantOf(process, id), null);
});

Deno.test("a cron expression for every second in a named zone fires again and again by polling", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule({
    ...ONCE,
    cronExpression: "* * * * * *",
    timezone: "Europe/Berlin",
  });
  await using _run = process.poll(sessions);
  await world.clock.advanceAsync(3500);
  assert.deepEqual(
    sessions.messages.map(({ key }) => key),
    [1, 2, 3].map((second) => `schedule:${id}:${START + second * 1000}`),
  );
  const { triggerCount, nextTriggerAt } = await onlySchedule(store);
  assert.deepEqual({ triggerCount, nextTriggerAt }, { triggerCount: 3, nextTriggerAt: START + 4000 });
});

Deno.test("two runners on one file deliver one occurrence once", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const store = first.store();
  for (let n = 0; n < 20; n++) await store.createSchedule({ ...ONCE, sessionId: idFromSeed("session", 100 + n) });
  await using one = first.start(sessions, { batchSize: 3 });
  await using two = second.start(sessions, { batchSize: 4 });
  world.clock.advance(MINUTE);
  for (let round = 0; round < 5; round++) await Promise.all([fire(one), fire(two)]);
  assert.equal(sessions.attempts.length, 20);
  assert.equal(new Set(sessions.attempts.map(({ key }) => key)).size, 20);
});

Deno.test("a slow delivery is not claimed by another runner, however long it takes", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const done = Promise.withResolvers<void>();
  sessions.before = () => done.promise;
  const { id } = await first.store().createSchedule(ONCE);
  await using slow = first.start(sessions, { deliveryTimeoutMs: DAY });
  await using other = second.start(sessions);
  world.clock.advance(MINUTE);
  assert.equal(await slow.tick(), 1);
  world.clock.advance(DAY / 2);
  assert.equal(await fire(other), 0);
  assert.equal(await slow.tick(), 0);
  done.resolve();
  await slow.settled();
  assert.equal(sessions.attempts.length, 1);
  assert.equal((await onlySchedule(first.store())).triggerCount, 1);
  assert.equal(claimantOf(first, id), null);
});

Deno.test("a hanging delivery holds up neither the poll nor other schedules", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  sessions.before = ({ sessionId }) => sessionId === SESSION ? never() : undefined;
  const store = process.store();
  await store.createSchedule(ONCE);
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION, cronExpression: "* * * * *" });
  await using run = process.poll(sessions, { batchSize: 1 });
  await world.clock.advanceAsync(5 * MINUTE);
  assert.equal(sessions.messages.length, 5);
  await run.abort();
});

Deno.test("an overdue schedule fires once, promptly, and then at its next future time", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule({ ...ONCE, cronExpression: "0 * * * *" });
  world.clock.advance(DAY + 30 * MINUTE);
  await using run = process.start(sessions);
  await fire(run);
  await fire(run);
  assert.equal(sessions.attempts.length, 1);
  assert.equal((await onlySchedule(store)).nextTriggerAt, START + DAY + 60 * MINUTE);
});

Deno.test("a one-shot schedule made for the past fires promptly, once", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule({ ...ONCE, scheduledAt: START - DAY });
  await using run = process.start(sessions);
  await fire(run);
  await fire(run);
  assert.equal(sessions.attempts.length, 1);
});

Deno.test("earlier schedules are claimed first, a batch at a time", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  for (const minute of [3, 1, 2]) {
    await store.createSchedule({ ...ONCE, description: String(minute), scheduledAt: START + minute * MINUTE });
  }
  world.clock.advance(DAY);
  await using run = process.start(sessions, { batchSize: 2 });
  assert.equal(await fire(run), 2);
  assert.deepEqual(sessions.attempts.map(({ text }) => text), ["1", "2"]);
  assert.equal(await fire(run), 1);
});

Deno.test("by default a batch has 32 schedules", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  for (let n = 0; n < 33; n++) await store.createSchedule(ONCE);
  world.clock.advance(MINUTE);
  await using run = process.start(new FakeSessions());
  assert.deepEqual([await fire(run), await fire(run)], [32, 1]);
});

Deno.test("a poll that filled its batch is followed by the next one without a wait", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  for (let n = 0; n < 7; n++) await store.createSchedule(ONCE);
  world.clock.advance(MINUTE);
  await using _run = process.poll(sessions, { batchSize: 2 });
  await world.clock.advanceAsync(0);
  assert.equal(sessions.attempts.length, 7);
});

Deno.test("a session that cannot be reached is never attempted and does not block later ones of others", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const early = await store.createSchedule({ ...ONCE, scheduledAt: START });
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION });
  sessions.unreachable.add(SESSION);
  world.clock.advance(MINUTE);
  await using run = process.start(sessions, { batchSize: 1 });
  assert.equal(await fire(run), 1);
  assert.equal(await fire(run), 0);
  assert.deepEqual(sessions.attempts.map(({ sessionId }) => sessionId), [OTHER_SESSION]);
  assert.equal(claimantOf(process, early.id), null);
  sessions.unreachable.clear();
  assert.equal(await fire(run), 1);
  assert.equal(await fire(run), 0);
  assert.equal(sessions.attempts.length, 2);
});

Deno.test("a host that serves some sessions claims only theirs; one that serves none claims nothing", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule({ ...ONCE, scheduledAt: START });
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION });
  world.clock.advance(MINUTE);
  await using none = process.start(sessions, { routableSessions: () => [] });
  await using some = process.start(sessions, { routableSessions: () => [OTHER_SESSION], batchSize: 1 });
  await using all = process.start(sessions, { routableSessions: () => undefined });
  assert.equal(await fire(none), 0);
  assert.equal(await fire(some), 1);
  assert.deepEqual(sessions.attempts.map(({ sessionId }) => sessionId), [OTHER_SESSION]);
  assert.equal(await fire(all), 1);
});

Deno.test("a session whose readiness is never told does not hold up others", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule({ ...ONCE, scheduledAt: START });
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION, cronExpression: "* * * * *" });
  let asked = 0;
  sessions.canDeliver = (session) => {
    if (session !== SESSION) return Promise.resolve(true);
    asked++;
    return never().then(() => true);
  };
  await using _run = process.poll(sessions);
  await world.clock.advanceAsync(5 * MINUTE);
  assert.equal(sessions.messages.length, 5);
  assert.equal(asked, 1);
});

Deno.test("a readiness that cannot be told is none", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule({ ...ONCE, scheduledAt: START });
  sessions.canDeliver = () => Promise.reject(new Error("no"));
  await using run = process.start(sessions);
  assert.equal(await fire(run), 0);
});

Deno.test("a runner leaves the schedules of other organisations alone", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store({ orgId: OTHER_ORG }).createSchedule(ONCE);
  world.clock.advance(MINUTE);
  await using ours = process.start(sessions);
  await using theirs = process.start(sessions, { orgId: OTHER_ORG });
  assert.equal(await fire(ours), 0);
  assert.equal(await fire(theirs), 1);
});

Deno.test("a cancel while a delivery is under way is final", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule({ ...ONCE, cronExpression: "* * * * *" });
  sessions.after = async () => void await store.cancelSchedule(SESSION, id);
  world.clock.advance(MINUTE);
  await using run = process.start(sessions);
  await fire(run);
  const { enabled, nextTriggerAt, triggerCount } = await onlySchedule(store);
  assert.deepEqual({ enabled, nextTriggerAt, triggerCount }, {
    enabled: false,
    nextTriggerAt: undefined,
    triggerCount: 0,
  });
});

Deno.test("shutdown() waits for the deliveries under way and claims nothing more", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule({ ...ONCE, cronExpression: "* * * * *" });
  const done = Promise.withResolvers<void>();
  sessions.before = () => done.promise;
  const run = process.poll(sessions);
  await world.clock.advanceAsync(MINUTE);
  let isDown = false;
  const down = run.shutdown().then(() => isDown = true);
  await world.clock.advanceAsync(1000);
  assert.equal(isDown, false);
  done.resolve();
  await down;
  assert.equal((await onlySchedule(store)).triggerCount, 1);
  await world.clock.advanceAsync(10 * MINUTE);
  assert.equal(await run.tick(), 0);
  assert.equal(sessions.attempts.length, 1);
  assert.equal(world.clock.pending, 0);
});

Deno.test("a runner that is shut down while it asks who is ready claims nothing", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule(ONCE);
  world.clock.advance(MINUTE);
  const answer = Promise.withResolvers<boolean>();
  sessions.canDeliver = () => answer.promise;
  const run = process.start(sessions);
  const ticking = run.tick();
  const down = run.shutdown();
  answer.resolve(true);
  assert.equal(await ticking, 0);
  await down;
  assert.deepEqual(sessions.attempts, []);
});

Deno.test("every runner has an owner of its own, alive until it ends", async () => {
  using world = openWorld();
  const [process, other] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  sessions.before = never;
  const { id } = await process.store().createSchedule(ONCE);
  world.clock.advance(MINUTE);
  const run = process.start(sessions);
  await run.tick();
  const first = String(claimantOf(process, id));
  assert.equal(other.owners.isAlive(first), true);
  await run.abort();
  assert.equal(other.owners.isAlive(first), false);
  const again = process.start(sessions);
  await again.tick();
  assert.notEqual(claimantOf(process, id), first);
  await again.abort();
});

const OUT_OF_RANGE: readonly Partial<LocalScheduleRunnerOptions>[] = [
  { pollIntervalMs: 0 },
  { pollIntervalMs: NaN },
  { pollIntervalMs: DAY + 1 },
  { batchSize: 0 },
  { batchSize: 1001 },
  { batchSize: 1.5 },
  { deliveryTimeoutMs: -1 },
  { deliveryTimeoutMs: Infinity },
  { maxAttempts: 0 },
];
for (const options of OUT_OF_RANGE) {
  Deno.test(`a runner refuses ${Object.entries(options).join()}`, () => {
    using world = openWorld();
    const { connection, owners } = world.process();
    assert.throws(
      () => new LocalScheduleRunner({ connection, owners, delivery: new FakeSessions(), ...options }),
      RangeError,
    );
  });
}
