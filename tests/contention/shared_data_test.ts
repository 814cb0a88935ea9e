/** Tasks and schedules that several real processes change at once. */

import assert from "node:assert/strict";
import { textOf } from "../../src/records/content.ts";
import { idFromSeed } from "../../src/records/ids.ts";
import { openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { startChildren } from "./_processes.ts";

const TASK = idFromSeed("task", 1);

Deno.test("three processes change one task, its thread and schedules, and nothing is lost", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  const { taskRegistry, scheduleStore } = here.local;
  await taskRegistry.create({ id: TASK, sessionId: SESSION, kind: "note", displayName: "shared" });
  await using children = startChildren(3, folder.path, "work", TASK, "40");
  assert.deepEqual(await children.lines, ["done", "done", "done"]);

  const task = await taskRegistry.get(SESSION, TASK);
  const names = new Set(task?.artifacts.map(({ name }) => name));
  assert.deepEqual([names.size, task?.artifacts.length, task?.attempt], [120, 120, 121]);
  const thread = await taskRegistry.listMessages(SESSION, TASK, { limit: 1000 });
  const texts = thread.map(({ content: [part] }) => part?.type === "text" ? part.text : "");
  assert.deepEqual([thread.length, new Set(texts)], [120, names]);
  const schedules = await scheduleStore.listSchedules(SESSION);
  assert.deepEqual(new Set(schedules.map(({ description }) => description)), names);
  assert.equal(schedules.length, 120);
  assert.equal(await scheduleStore.countActiveSchedules(SESSION), 60);
});

Deno.test("of processes that create a task with one id one makes it, and all get that one", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  await using children = startChildren(3, folder.path, "create", TASK);
  assert.equal(new Set(await children.lines).size, 1);
  assert.equal((await here.local.taskRegistry.list(SESSION)).length, 1);
});

Deno.test("each schedule of one folder is delivered once, however many processes run them", async () => {
  using folder = tempFolder();
  const expected = Array.from({ length: 12 }, (_, at) => `due ${at}`);
  {
    await using here = await openRuntime(folder.path);
    for (const description of expected) {
      await here.local.scheduleStore.createSchedule({ sessionId: SESSION, description, scheduledAt: 1 });
    }
  }
  await using children = startChildren(3, folder.path, "schedules");
  await children.lines;
  await using here = await openRuntime(folder.path);
  await here.runtime.recover();
  const texts = (await here.runtime.messages(SESSION)).filter(({ role }) => role === "user")
    .map(({ content }) => textOf(content));
  assert.deepEqual(texts.toSorted(), expected.toSorted());
  const schedules = await here.local.scheduleStore.listSchedules(SESSION);
  assert.deepEqual(new Set(schedules.map(({ triggerCount }) => triggerCount)), new Set([1]));
});
