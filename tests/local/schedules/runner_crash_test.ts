/** Crashes, aborts, lost answers and clocks that jump. */

import assert from "node:assert/strict";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import {
  claimantOf,
  DAY,
  FakeSessions,
  fire,
  MINUTE,
  never,
  onlySchedule,
  openWorld,
  SESSION,
  START,
} from "./_support.ts";

const ONCE = { sessionId: SESSION, description: "look", scheduledAt: START };
const DAILY = { sessionId: SESSION, description: "look", cronExpression: "0 9 * * *" };

Deno.test("a crash after the claim and before the delivery: the next runner delivers, once", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const store = second.store();
  const { id } = await store.createSchedule(ONCE);
  sessions.before = never;
  await using died = first.start(sessions);
  await died.tick();
  await using next = second.start(sessions);
  assert.equal(await fire(next), 0);
  first.crash();
  sessions.before = () => {};
  assert.equal(await fire(next), 1);
  assert.equal(await fire(next), 0);
  assert.deepEqual(sessions.messages.map(({ key }) => key), [`schedule:${id}:${START}`]);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
  await died.abort();
});

Deno.test("a crash after the delivery and before its end is stored: the same key again, so one message", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const store = second.store();
  await store.createSchedule(ONCE);
  sessions.after = never;
  await using died = first.start(sessions);
  await died.tick();
  assert.equal(sessions.messages.length, 1);
  first.crash();
  sessions.after = () => {};
  await using next = second.start(sessions);
  await fire(next);
  assert.equal(sessions.attempts.length, 2);
  assert.equal(sessions.messages.length, 1);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
  await died.abort();
});

Deno.test("a runner that was taken for dead does not end the claim of its successor", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const store = second.store();
  const { id } = await store.createSchedule({ ...DAILY, cronExpression: "* * * * *" });
  const [late, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.clock.advance(MINUTE);
  sessions.after = () => late.promise;
  await using old = first.start(sessions);
  await old.tick();
  first.crash();
  sessions.after = () => done.promise;
  await using next = second.start(sessions);
  await next.tick();
  const successor = claimantOf(second, id);
  late.resolve();
  await old.settled();
  assert.equal(claimantOf(second, id), successor);
  assert.equal((await onlySchedule(store)).triggerCount, 0);
  done.resolve();
  await next.settled();
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});

Deno.test("abort() stops at once: deliveries are aborted and their schedules free for the next runner", async () => {
  using world = openWorld();
  const [first, second] = [world.process(), world.process()];
  const sessions = new FakeSessions();
  const store = second.store();
  const { id } = await store.createSchedule(ONCE);
  const signals: AbortSignal[] = [];
  sessions.after = (_, signal) => {
    signals.push(signal!);
    return never();
  };
  const run = first.poll(sessions);
  await world.clock.advanceAsync(0);
  await run.abort();
  assert.equal(signals[0]?.aborted, true);
  assert.equal(claimantOf(second, id), null);
  assert.equal(world.clock.pending, 0);
  sessions.after = () => {};
  await using next = second.start(sessions);
  assert.equal(await fire(next), 1);
  assert.equal(sessions.messages.length, 1);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});

Deno.test("abort() ends a shutdown that waits", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule(ONCE);
  sessions.before = never;
  const run = process.start(sessions);
  await run.tick();
  const down = run.shutdown();
  await run.abort();
  await down;
  assert.equal(world.clock.pending, 0);
});

Deno.test("an end that could not be stored is made up for by a delivery with the same key", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule(ONCE);
  let isBroken = true;
  const { connection } = process;
  // As if the disk was full for a moment: everything but the claim is refused.
  const failing = new Proxy(connection, {
    get: (target, name) => {
      if (name === "write") return isBroken && sessions.messages.length > 0 ? refuse : target.write.bind(target);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const reported: unknown[] = [];
  await using run = process.start(sessions, { connection: failing, reportError: (error) => reported.push(error) });
  await fire(run);
  assert.equal(reported.length, 1);
  isBroken = false;
  assert.equal(await fire(run), 1);
  assert.equal(sessions.attempts.length, 2);
  assert.equal(sessions.messages.length, 1);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
  assert.equal(await fire(run), 0);
});

Deno.test("a clock that goes back 3 days fires no occurrence twice", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule(DAILY);
  await using _run = process.poll(sessions, { pollIntervalMs: 10 * MINUTE });
  await world.clock.advanceAsync(5 * DAY);
  assert.equal(sessions.attempts.length, 5);
  world.clock.setNow(START + 2 * DAY);
  await world.clock.advanceAsync(5 * DAY);
  assert.equal(sessions.attempts.length, 7);
  assert.equal(new Set(sessions.attempts.map(({ key }) => key)).size, 7);
});

Deno.test("a clock that goes back while a delivery is under way does not fire its occurrence twice", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule(DAILY);
  world.clock.advance(DAY);
  sessions.after = () => world.clock.setNow(START - 3 * DAY);
  await using run = process.start(sessions);
  await fire(run);
  assert.equal((await onlySchedule(store)).nextTriggerAt, START + DAY + 9 * 60 * MINUTE);
});

Deno.test("a clock that goes back does not keep a failed delivery waiting for days", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule({ ...ONCE, scheduledAt: START - 9 * DAY });
  sessions.before = () => {
    throw new Error("no");
  };
  await using run = process.start(sessions);
  await fire(run);
  world.clock.setNow(START - 3 * DAY);
  assert.equal(await fire(run), 1);
});

Deno.test("a clock that goes forward 400 days fires each of 1,000 schedules once, then at its next future time", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const ids = Array.from({ length: 1000 }, (_, n): SessionId => idFromSeed("session", n));
  await Promise.all(
    ids.map((sessionId, n) =>
      store.createSchedule({ ...DAILY, sessionId, cronExpression: `${n % 60} ${n % 24} * * *` })
    ),
  );
  world.clock.setNow(START + 400 * DAY);
  await using run = process.start(sessions, { batchSize: 300 });
  const claimed = [];
  for (let round = 0; round < 6; round++) claimed.push(await fire(run));
  assert.deepEqual(claimed, [300, 300, 300, 100, 0, 0]);
  assert.equal(new Set(sessions.messages.map(({ sessionId }) => sessionId)).size, 1000);
  for (const [n, sessionId] of ids.entries()) {
    const { nextTriggerAt } = await onlySchedule(store, sessionId);
    const timeOfDay = (n % 24) * 60 * MINUTE + (n % 60) * MINUTE;
    assert.equal(nextTriggerAt, START + 400 * DAY + (timeOfDay === 0 ? DAY : timeOfDay));
  }
});

function refuse(): Promise<never> {
  return Promise.reject(new Error("disk full"));
}
