/** Ending the child sessions of tasks. */

import assert from "node:assert/strict";
import { childTask, eventually, executorOf, inState, now, world } from "./subagent_support.ts";

Deno.test("cancel() aborts a child in a hanging model call, and its task is canceled", async () => {
  await using it = await world(({ hang }) => hang());
  const task = await childTask(it);
  await executorOf(it).start(task);
  await eventually(() => it.model.hanging === 1);
  assert.equal(await executorOf(it).cancel?.(task), "The agent is being stopped.");
  assert.equal((await inState(it, task, "canceled")).error, undefined);
  assert.equal(it.model.hanging, 0);
  assert.equal(await it.platform.getStatus(task.child), "cancelled");
});

Deno.test("a wish to cancel that another process stored is noticed within 2 s", async () => {
  await using it = await world(({ hang }) => hang());
  const task = await childTask(it);
  await executorOf(it).start(task);
  await eventually(() => it.model.hanging === 1);
  await it.registry.requestCancel(it.sessionId, task.id);
  await it.clock.advanceAsync(1_999);
  assert.equal((await now(it, task)).state, "running");
  await it.clock.advanceAsync(1);
  await inState(it, task, "canceled");
  assert.equal(it.model.hanging, 0);
});

Deno.test("cancel() settles a task that nobody watches, by what its child came to when it had ended", async () => {
  await using it = await world(() => "counted");
  const executor = executorOf(it);
  const never = await childTask(it);
  assert.equal(await executor.cancel?.(never), "The agent was not running.");
  assert.equal((await now(it, never)).state, "canceled");
  const ended = await childTask(it);
  await it.platform.sendMessage(ended.child, "count");
  await executor.cancel?.(ended);
  assert.deepEqual([(await now(it, ended)).state, (await now(it, ended)).summary], ["succeeded", "counted"]);
});

Deno.test("cancel() aborts a child that nobody watches and settles its task", async () => {
  await using it = await world(({ hang }) => hang());
  const task = await childTask(it);
  const turn = it.platform.sendMessage(task.child, "count");
  await eventually(() => it.model.hanging === 1);
  assert.equal(await executorOf(it).cancel?.(task), "The agent was stopped.");
  assert.equal((await turn).status, "cancelled");
  assert.equal((await now(it, task)).state, "canceled");
});
