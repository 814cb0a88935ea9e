/** Several real processes on one data folder. */

import assert from "node:assert/strict";
import { textOf } from "../../src/records/content.ts";
import { idFromSeed } from "../../src/records/ids.ts";
import { SessionBusyError } from "../../src/errors.ts";
import { openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { startChild } from "./_processes.ts";

const TASK = idFromSeed("task", 1);

Deno.test("while another process runs a turn, its session is busy at once, and everything else works", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "hold");
  assert.equal(await child.line, "ready");
  await using here = await openRuntime(folder.path);
  await assert.rejects(here.runtime.runTextTurn(SESSION, "me too"), SessionBusyError);
  assert.deepEqual((await here.runtime.messages(SESSION)).map(({ content }) => textOf(content)), ["hold"]);
  assert.equal(await here.runtime.status(SESSION), "active");
  const { harnessId } = (await here.runtime.listSessions())[0]!;
  const other = await here.runtime.createSession({ harnessId });
  assert.equal((await here.runtime.runTextTurn(other.id, "mine")).success, true);
});

Deno.test("a killed process's turn is taken over, and the session goes on", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "hold");
  await child.line;
  await using here = await openRuntime(folder.path);
  await child.kill();
  const [recovered] = await here.runtime.recover();
  assert.equal(recovered?.sessionId, SESSION);
  assert.equal(recovered.result?.success, true);
  assert.equal((await here.runtime.runTextTurn(SESSION, "next")).success, true);
});

Deno.test("a stopped process keeps its lease", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "hold");
  await child.line;
  child.signal("SIGSTOP");
  try {
    await using here = await openRuntime(folder.path);
    await assert.rejects(here.runtime.runTextTurn(SESSION, "me too"), SessionBusyError);
    assert.deepEqual(await here.runtime.recover(), []);
  } finally {
    child.signal("SIGCONT");
  }
});

Deno.test("three processes change one task and lose nothing", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  await here.local.taskRegistry.create({ id: TASK, sessionId: SESSION, kind: "note", displayName: "shared" });
  const children = [0, 1, 2].map(() => startChild(folder.path, "append", TASK, "40"));
  try {
    for (const child of children) assert.equal(await child.line, "done");
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
  }
  const task = await here.local.taskRegistry.get(SESSION, TASK);
  assert.equal(new Set(task?.artifacts.map(({ name }) => name)).size, 120);
  assert.equal((await here.local.taskRegistry.listMessages(SESSION, TASK)).length, 120);
});

Deno.test("of processes that create a task with one id one makes it, and all get that one", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  const children = [0, 1, 2].map(() => startChild(folder.path, "create", TASK));
  try {
    const names = await Promise.all(children.map(({ line }) => line));
    assert.equal(new Set(names).size, 1);
    assert.equal((await here.local.taskRegistry.list(SESSION)).length, 1);
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
  }
});

Deno.test("processes that share a session run all their turns, one at a time", async () => {
  using folder = tempFolder();
  {
    await using _first = await openRuntime(folder.path);
  }
  const children = [0, 1, 2].map(() => startChild(folder.path, "turns", "8"));
  try {
    for (const child of children) assert.equal(await child.line, "done");
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
  }
  await using here = await openRuntime(folder.path);
  const roles = (await here.runtime.messages(SESSION)).map(({ role }) => role);
  assert.deepEqual(roles, Array.from({ length: 48 }, (_, at) => at % 2 === 0 ? "user" : "agent"));
  const events = await here.local.runtimeBackends.slots.journal!.events(SESSION);
  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, at) => at + 1));
});

Deno.test("schedules of one folder are delivered once, however many processes run them", async () => {
  using folder = tempFolder();
  {
    await using here = await openRuntime(folder.path);
    for (let at = 0; at < 12; at++) {
      await here.local.scheduleStore.createSchedule({ sessionId: SESSION, description: `due ${at}`, scheduledAt: 1 });
    }
  }
  const children = [0, 1, 2].map(() => startChild(folder.path, "schedules"));
  try {
    for (const child of children) await child.ended;
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
  }
  await using here = await openRuntime(folder.path);
  await here.runtime.recover();
  const texts = (await here.runtime.messages(SESSION)).filter(({ role }) => role === "user")
    .map(({ content }) => textOf(content));
  assert.deepEqual(texts.toSorted(), Array.from({ length: 12 }, (_, at) => `due ${at}`).toSorted());
});
