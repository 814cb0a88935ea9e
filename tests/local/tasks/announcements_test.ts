/** What the registry announces is stored, also when a change is part of somebody else's transaction. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { Announcement, SessionHost } from "../../../src/ports/session_host.ts";
import type { LocalSessionTaskRegistry } from "../../../local/tasks/registry.ts";
import { applyUpdateIn } from "../../../local/tasks/task_changes.ts";
import { readTask } from "../../../local/tasks/task_rows.ts";
import type { SessionTask, TaskState } from "../../../src/records/task.ts";
import { newTask } from "../../../src/testing/conformance/task_fixtures.ts";
import { dataFolder, type Process, SESSION } from "./_support.ts";

/** Hands every announcement of a registry to a function. */
function listen(registry: LocalSessionTaskRegistry, told: (announcement: Announcement) => void): void {
  const unused = (): never => {
    throw new Error("not needed here");
  };
  const host: SessionHost = {
    createSession: unused,
    run: unused,
    deliver: unused,
    cancel: unused,
    status: unused,
    messages: unused,
    files: unused,
    runTool: unused,
    announce: (_, announcement) => told(announcement),
  };
  registry.bind(host);
}

function statesTold(registry: LocalSessionTaskRegistry): TaskState[] {
  const states: TaskState[] = [];
  listen(registry, (announcement) => "task" in announcement && states.push(announcement.task.state));
  return states;
}

/** Changes a task as a part of somebody else's transaction. */
function changeIn({ registry, connection }: Process, { id }: SessionTask, state: TaskState): void {
  const change = applyUpdateIn(connection, SESSION, id, { state }, 1);
  assert.ok(change?.changed);
  registry.announceUpdateIn(change.task);
}

Deno.test("another process finds each change in the store when it is announced", async () => {
  using folder = dataFolder();
  const here = folder.open();
  const other = folder.open();
  const found: unknown[] = [];
  const told: unknown[] = [];
  listen(here.registry, (announcement) => {
    if (!("task" in announcement)) return;
    told.push(announcement.task);
    found.push(readTask(other.connection, SESSION, announcement.task.id)?.task);
  });
  const task = await here.registry.create(newTask());
  await here.registry.update(SESSION, task.id, { state: "running" });
  await here.connection.write(() => changeIn(here, task, "succeeded"));
  await setImmediate();
  assert.equal(told.length, 3);
  assert.deepEqual(found, told);
});

Deno.test("a change in a transaction that is undone is not announced", async () => {
  using folder = dataFolder();
  const here = folder.open();
  const task = await here.registry.create(newTask());
  const states = statesTold(here.registry);
  await assert.rejects(here.connection.write(() => {
    changeIn(here, task, "failed");
    throw new Error("something else of it failed");
  }));
  await setImmediate();
  assert.deepEqual(states, []);
  assert.equal((await here.registry.get(SESSION, task.id))?.state, "queued");
});

Deno.test("a change in a transaction that begins anew is announced once", async () => {
  using folder = dataFolder();
  const here = folder.open();
  const task = await here.registry.create(newTask());
  const states = statesTold(here.registry);
  const joined = { join: true };
  // The first one waits for those that become ready with it; the last one has all of them tried again, one by one.
  const first = here.connection.write(() => {}, joined);
  const second = here.connection.write(() => changeIn(here, task, "running"), joined);
  const broken = here.connection.write(() => {
    throw new Error("broken");
  }, joined);
  await Promise.all([first, second, assert.rejects(broken)]);
  await here.registry.update(SESSION, task.id, { state: "succeeded" });
  await setImmediate();
  assert.deepEqual(states, ["running", "succeeded"]);
});

Deno.test("a change in a transaction is announced after one that shares its commit and came before it", async () => {
  using folder = dataFolder();
  const here = folder.open();
  const task = await here.registry.create(newTask());
  const states = statesTold(here.registry);
  using lock = new DatabaseSync(folder.path);
  lock.exec("BEGIN IMMEDIATE");
  // While this one waits for the lock, the others become ready together.
  const waiting = here.connection.write(() => {});
  const update = here.registry.update(SESSION, task.id, { state: "running" });
  const change = here.connection.write(() => changeIn(here, task, "succeeded"));
  lock.exec("COMMIT");
  await Promise.all([waiting, update, change]);
  await setImmediate();
  assert.deepEqual(states, ["running", "succeeded"]);
});

Deno.test("a change in the transaction of a store that is closed then is announced to nobody", async () => {
  using folder = dataFolder();
  const here = folder.open();
  const task = await here.registry.create(newTask());
  const states = statesTold(here.registry);
  const written = here.connection.write(() => changeIn(here, task, "succeeded"));
  here.connection.close();
  await written;
  await setImmediate();
  assert.deepEqual(states, []);
});
