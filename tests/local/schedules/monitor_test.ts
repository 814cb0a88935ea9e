/** Monitors: their task ends with their schedule. */

import assert from "node:assert/strict";
import { CorruptRecordError } from "../../../local/errors.ts";
import { RuntimeError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { MonitorState, SettleMonitor } from "../../../local/schedules/monitor.ts";
import { FakeSessions, fire, MINUTE, onlySchedule, openWorld, type Process, SESSION, START } from "./_support.ts";

const TASK = idFromSeed("task", 1);
const ONCE = { sessionId: SESSION, description: "look", scheduledAt: START, metadata: { monitorTaskId: TASK } };

/** A table that stands for the tasks: what is written in a transaction that is undone is not in it. */
async function monitorTable(process: Process): Promise<SettleMonitor> {
  const { connection } = process;
  await connection.write(() =>
    connection.run("CREATE TABLE monitor (task TEXT, session TEXT, state TEXT, detail TEXT)")
  );
  return (session, task, state, detail) =>
    void connection.run("INSERT INTO monitor VALUES (?, ?, ?, ?)", task, session, state, detail);
}

function monitors(process: Process): unknown[] {
  return process.connection.all("SELECT * FROM monitor").map((row) => ({ ...row }));
}

function monitor(state: MonitorState, detail: string): Record<string, string> {
  return { task: TASK, session: SESSION, state, detail };
}

Deno.test("a one-shot schedule that fired settles its monitor", async () => {
  using world = openWorld();
  const process = world.process();
  await process.store().createSchedule(ONCE);
  await using run = process.start(new FakeSessions(), { settleMonitor: await monitorTable(process) });
  await fire(run);
  assert.deepEqual(monitors(process), [monitor("succeeded", "it fired")]);
});

Deno.test("a one-shot schedule that is given up fails its monitor with the error", async () => {
  using world = openWorld();
  const process = world.process();
  await process.store().createSchedule(ONCE);
  const sessions = new FakeSessions();
  sessions.before = () => {
    throw new RuntimeError("no_route", "no route");
  };
  await using run = process.start(sessions, { settleMonitor: await monitorTable(process), maxAttempts: 2 });
  await fire(run);
  assert.deepEqual(monitors(process), []);
  world.clock.advance(MINUTE);
  await fire(run);
  assert.deepEqual(monitors(process), [monitor("failed", "no route")]);
});

Deno.test("a monitor does not tell the model what an unexpected failure says", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  const { id } = await store.createSchedule(ONCE);
  const sessions = new FakeSessions();
  sessions.before = () => {
    throw new Error("open '/home/me/key.pem'");
  };
  await using run = process.start(sessions, { settleMonitor: await monitorTable(process), maxAttempts: 1 });
  await fire(run);
  assert.deepEqual(monitors(process), [monitor("failed", "an internal error")]);
  assert.equal(await store.lastDeliveryError(id), "open '/home/me/key.pem'");
});

Deno.test("a recurring schedule leaves its monitor alone as long as it goes on", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  await store.createSchedule({ ...ONCE, cronExpression: "0 1 * * *" });
  await store.createSchedule({ ...ONCE, cronExpression: "0 0 1 1 1 * 2026" });
  world.clock.advance(60 * MINUTE);
  await using run = process.start(new FakeSessions(), { settleMonitor: await monitorTable(process) });
  await fire(run);
  assert.deepEqual(monitors(process), [monitor("succeeded", "it fired")]);
});

Deno.test("a schedule that was cancelled during its delivery does not settle its monitor a second time", async () => {
  using world = openWorld();
  const process = world.process();
  const settleMonitor = await monitorTable(process);
  const store = process.store({ settleMonitor });
  const { id } = await store.createSchedule(ONCE);
  const sessions = new FakeSessions();
  sessions.after = async () => void await store.cancelSchedule(SESSION, id);
  await using run = process.start(sessions, { settleMonitor });
  await fire(run);
  assert.deepEqual(monitors(process), [monitor("canceled", "the schedule was cancelled")]);
});

Deno.test("a schedule whose monitor is damaged is cancelled all the same", async () => {
  using world = openWorld();
  const process = world.process();
  const settleMonitor = (): never => {
    throw new CorruptRecordError(`task "${TASK}"`, "its content does not match its hash");
  };
  const store = process.store({ settleMonitor });
  const { id } = await store.createSchedule(ONCE);
  assert.equal((await store.cancelSchedule(SESSION, id))?.enabled, false);
  assert.equal((await onlySchedule(store)).enabled, false);
});

Deno.test("a monitor that cannot be settled is reported and does not keep its schedule from ending", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  await store.createSchedule(ONCE);
  const insert = await monitorTable(process);
  const reported: unknown[] = [];
  await using run = process.start(new FakeSessions(), {
    settleMonitor: (...args) => {
      insert(...args);
      throw new Error("no such task");
    },
    reportError: (error) => reported.push(error),
  });
  await fire(run);
  assert.equal(reported.length, 1);
  assert.deepEqual(monitors(process), []);
  const { enabled, triggerCount } = await onlySchedule(store);
  assert.deepEqual({ enabled, triggerCount }, { enabled: false, triggerCount: 1 });
});
