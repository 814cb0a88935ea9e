/** Deliveries that fail, or that a session cannot take now. */

import assert from "node:assert/strict";
import { DuplicateInputError, LeaseLostError, QueueFullError } from "../../../src/errors.ts";
import { SequenceConflictError, SessionBusyError, TurnWaitingError } from "../../../src/errors.ts";
import { ReadOnlyStorageError, StorageFullError, StoreBusyError } from "../../../local/errors.ts";
import {
  claimantOf,
  FakeSessions,
  fire,
  MINUTE,
  never,
  onlySchedule,
  openWorld,
  OTHER_SESSION,
  rewrite,
  SESSION,
  START,
} from "./_support.ts";

const ONCE = { sessionId: SESSION, description: "look", scheduledAt: START };
const HOURLY = { sessionId: SESSION, description: "look", cronExpression: "0 * * * *" };

function fail(): never {
  throw new Error("no route");
}

Deno.test("a failed delivery is recorded, tried again no earlier than it should, and forgotten by the next success", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  sessions.before = fail;
  await using run = process.start(sessions);
  await fire(run);
  assert.equal(await store.lastDeliveryError(id), "no route");
  assert.equal(claimantOf(process, id), null);
  world.clock.advance(999);
  assert.equal(await fire(run), 0);
  world.clock.advance(1);
  sessions.before = () => {};
  assert.equal(await fire(run), 1);
  assert.equal(await store.lastDeliveryError(id), undefined);
  const [first, second] = sessions.attempts;
  assert.equal(first!.key, second!.key);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});

Deno.test("the waits between failed deliveries double up to 5 minutes", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const times: number[] = [];
  sessions.before = () => {
    times.push(world.clock.now());
    fail();
  };
  await process.store().createSchedule(ONCE);
  await using _run = process.poll(sessions, { maxAttempts: 12 });
  await world.clock.advanceAsync(60 * MINUTE);
  const waits = times.slice(1).map((time, at) => (time - times[at]!) / 1000);
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

Deno.test("a one-shot schedule that failed 8 times is given up: switched off, its last error kept", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  sessions.before = fail;
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  await using _run = process.poll(sessions);
  await world.clock.advanceAsync(60 * MINUTE);
  assert.equal(sessions.attempts.length, 8);
  const { enabled, nextTriggerAt, triggerCount } = await onlySchedule(store);
  assert.deepEqual({ enabled, nextTriggerAt, triggerCount }, {
    enabled: false,
    nextTriggerAt: undefined,
    triggerCount: 0,
  });
  assert.equal(await store.lastDeliveryError(id), "no route");
});

Deno.test("a recurring schedule whose occurrence is given up goes on with the next one", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  sessions.before = fail;
  const store = process.store();
  const { id } = await store.createSchedule(HOURLY);
  await using _run = process.poll(sessions, { maxAttempts: 3 });
  await world.clock.advanceAsync(90 * MINUTE);
  assert.equal(sessions.attempts.length, 3);
  assert.equal(await store.lastDeliveryError(id), "no route");
  assert.equal((await onlySchedule(store)).nextTriggerAt, START + 120 * MINUTE);
  await world.clock.advanceAsync(60 * MINUTE);
  assert.equal(sessions.attempts.length, 6);
  assert.notEqual(sessions.attempts[3]!.key, sessions.attempts[0]!.key);
  sessions.before = () => {};
  await world.clock.advanceAsync(60 * MINUTE);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
  assert.equal(await store.lastDeliveryError(id), undefined);
});

const NOT_NOW: readonly [name: string, error: Error][] = [
  ["runs elsewhere", new SessionBusyError(SESSION, "other")],
  ["waits for its client", new TurnWaitingError(SESSION, [{ id: "call_1", name: "ask" }])],
  ["has a full route", new QueueFullError("wake", 1)],
  ["has a busy store", new StoreBusyError("local.db", 5000)],
  ["has a full disk", new StorageFullError("local.db")],
  ["has a read-only disk", new ReadOnlyStorageError("local.db")],
  ["ran elsewhere in between", new LeaseLostError(SESSION, 2)],
  ["went on elsewhere in between", new SequenceConflictError(SESSION, 3, 5)],
];
for (const [name, error] of NOT_NOW) {
  Deno.test(`a session that ${name} is asked again a second later, and that is no failure`, async () => {
    using world = openWorld();
    const process = world.process();
    const sessions = new FakeSessions();
    const store = process.store();
    const { id } = await store.createSchedule(ONCE);
    sessions.before = () => {
      throw error;
    };
    await using run = process.start(sessions, { maxAttempts: 1 });
    for (let round = 0; round < 20; round++) {
      assert.equal(await fire(run), 1);
      assert.equal(await fire(run), 0);
      assert.equal(claimantOf(process, id), null);
      world.clock.advance(1000);
    }
    assert.equal(await store.lastDeliveryError(id), undefined);
    sessions.before = () => {};
    await fire(run);
    assert.equal((await onlySchedule(store)).triggerCount, 1);
  });
}

Deno.test("a session that says it has the key already has the message", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  await store.createSchedule(ONCE);
  sessions.before = ({ key }) => {
    throw new DuplicateInputError(SESSION, key, "turn_1");
  };
  await using run = process.start(sessions);
  await fire(run);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});

Deno.test("a delivery that never ends fails at its deadline, is aborted, and is tried again with the same key", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  const aborted: boolean[] = [];
  sessions.before = (_, signal) => {
    signal?.addEventListener("abort", () => aborted.push(true));
    return never();
  };
  await using run = process.start(sessions);
  await run.tick();
  world.clock.advance(29_999);
  assert.equal(aborted.length, 0);
  world.clock.advance(1);
  await run.settled();
  assert.equal(aborted.length, 1);
  assert.match(await store.lastDeliveryError(id) ?? "", /longer than 30000 ms/);
  sessions.before = () => {};
  world.clock.advance(1000);
  await fire(run);
  assert.equal(sessions.attempts[1]!.key, sessions.attempts[0]!.key);
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});

Deno.test("an error is stored up to 4096 bytes, cut between two characters", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  sessions.before = () => {
    throw new Error(`\u0000${"\u{1f600}".repeat(2000)}`);
  };
  await using run = process.start(sessions);
  await fire(run);
  assert.equal(await store.lastDeliveryError(id), `\u0000${"\u{1f600}".repeat(1023)}`);
});

Deno.test("a schedule whose next time can no longer be computed is switched off with the reason", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(HOURLY);
  // As if a time zone was taken out of the database of a newer Deno.
  await rewrite(process, id, (body) => body.replace('"UTC"', '"Mars/X"'));
  world.clock.advance(60 * MINUTE);
  await using run = process.start(sessions);
  await fire(run);
  const { enabled, triggerCount } = await onlySchedule(store);
  assert.deepEqual({ enabled, triggerCount }, { enabled: false, triggerCount: 1 });
  assert.match(await store.lastDeliveryError(id) ?? "", /Mars\/X/);
  assert.equal(claimantOf(process, id), null);
});

Deno.test("a schedule without a later time is switched off after its last one", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule({ ...HOURLY, cronExpression: "0 0 12 1 1 * 2026" });
  world.clock.advance(12 * 60 * MINUTE);
  await using run = process.start(sessions);
  await fire(run);
  const { enabled, triggerCount } = await onlySchedule(store);
  assert.deepEqual({ enabled, triggerCount }, { enabled: false, triggerCount: 1 });
  assert.equal(await store.lastDeliveryError(id), undefined);
});

Deno.test("a damaged schedule is set aside and reported, and does not block others", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION, scheduledAt: START + 1 });
  await process.connection.write(() =>
    process.connection.run("UPDATE schedule SET body = replace(body, 'look', 'leak') WHERE id = ?", id)
  );
  world.clock.advance(1);
  const reported: unknown[] = [];
  await using run = process.start(sessions, { batchSize: 1, reportError: (error) => reported.push(error) });
  await fire(run);
  await fire(run);
  assert.deepEqual(sessions.attempts.map(({ sessionId }) => sessionId), [OTHER_SESSION]);
  assert.equal(reported.length, 1);
  assert.match(await store.lastDeliveryError(id) ?? "", /hash/);
});

Deno.test("a poll that fails is reported, and the next one goes on, whatever the report throws", async () => {
  using world = openWorld();
  const process = world.process();
  const sessions = new FakeSessions();
  await process.store().createSchedule(ONCE);
  const reported: unknown[] = [];
  let isBroken = true;
  await using _run = process.poll(sessions, {
    routableSessions: () => isBroken ? fail() : undefined,
    reportError: (error) => {
      reported.push(error);
      fail();
    },
  });
  await world.clock.advanceAsync(2000);
  assert.equal(reported.length, 3);
  isBroken = false;
  await world.clock.advanceAsync(1000);
  assert.equal(sessions.messages.length, 1);
});
