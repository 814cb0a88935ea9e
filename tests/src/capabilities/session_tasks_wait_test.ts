import assert from "node:assert/strict";
import { ToolError } from "../../../src/errors.ts";
import { sessionTasks } from "../../../src/capabilities/session_tasks/capability.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { FakeClock } from "../../../src/testing/fake_clock.ts";
import { contextWith, SESSION } from "./_background_support.ts";
import { addTask, executor, setting } from "./_task_tools.ts";
import { toolOf } from "./_tool_context.ts";

for (const state of ["succeeded", "failed", "canceled", "awaiting_input"] as const) {
  Deno.test(`wait_task returns at once for a task that is ${state}`, async () => {
    const { clock, registry, run } = setting();
    const { id } = await addTask(registry, { state });
    const answer = await run("wait_task", { task_id: id });
    assert.equal((answer["task"] as JsonObject)["state"], state);
    assert.deepEqual([answer["timed_out"], clock.pending], [false, 0]);
  });
}

Deno.test("wait_task looks every second until the task has ended", async () => {
  const { clock, registry, run } = setting();
  const { id } = await addTask(registry);
  const waiting = run("wait_task", { task_id: id });
  await clock.advanceAsync(2_500);
  await registry.update(SESSION, id, { state: "succeeded", summary: "42" });
  await clock.advanceAsync(500);
  const answer = await waiting;
  assert.deepEqual([(answer["task"] as JsonObject)["summary"], answer["timed_out"], clock.pending], ["42", false, 0]);
});

Deno.test("wait_task returns when the task asks something", async () => {
  const { clock, registry, run } = setting();
  const { id } = await addTask(registry);
  const waiting = run("wait_task", { task_id: id });
  await clock.advanceAsync(500);
  await registry.update(SESSION, id, { inputRequest: { id: "q1", prompt: "Which?" } });
  await clock.advanceAsync(500);
  assert.equal(((await waiting)["task"] as JsonObject)["state"], "awaiting_input");
});

for (
  const [seconds, args] of [[300, {}], [2, { timeout_seconds: 2 }], [86_400, { timeout_seconds: 86_400 }]] as const
) {
  Deno.test(`wait_task shows the task as it is after ${seconds} s, with ${JSON.stringify(args)}`, async () => {
    const { clock, registry, run } = setting();
    const { id } = await addTask(registry);
    let isOver = false;
    const waiting = run("wait_task", { task_id: id, ...args }).finally(() => isOver = true);
    await leap(clock, (seconds - 1) * 1_000);
    assert.equal(isOver, false);
    await clock.advanceAsync(2_000);
    const answer = await waiting;
    assert.deepEqual([(answer["task"] as JsonObject)["state"], answer["timed_out"]], ["running", true]);
  });
}

/** Moves a clock at once: what sleeps a second at a time wakes up once and sees the new time. */
async function leap(clock: FakeClock, milliseconds: number): Promise<void> {
  await clock.advanceAsync(0);
  clock.advance(milliseconds);
  await clock.advanceAsync(0);
}

for (const timeout_seconds of [0, -1, 86_401, 1.5, "ten"]) {
  Deno.test(`wait_task refuses to wait ${JSON.stringify(timeout_seconds)} seconds`, async () => {
    const { registry, run } = setting();
    const { id } = await addTask(registry);
    assert.match(JSON.stringify(await run("wait_task", { task_id: id, timeout_seconds })), /invalid arguments/);
  });
}

Deno.test("wait_task may take longer than its longest wait", () => {
  assert.ok((toolOf(sessionTasks, "wait_task").timeoutMs ?? 0) > 86_400_000);
});

Deno.test("wait_task asks what runs the task at every fifth look", async () => {
  const { clock, registry, run } = setting();
  const { id } = await addTask(registry);
  const asked: number[] = [];
  registry.executors.register(executor({
    reconcile: async (task) => {
      asked.push(clock.monotonic());
      if (asked.length === 2) await registry.update(SESSION, task.id, { state: "succeeded" });
      else throw new Error("not reachable now");
    },
  }));
  const waiting = run("wait_task", { task_id: id });
  await clock.advanceAsync(10_000);
  assert.equal((await waiting)["timed_out"], false);
  assert.deepEqual(asked, [5_000, 10_000]);
});

Deno.test("wait_task ends with its call and leaves no timer behind", async () => {
  const { clock, registry, run } = setting();
  const { id } = await addTask(registry);
  const stop = new AbortController();
  const context = contextWith({ tasks: registry, signal: stop.signal });
  const waiting = run("wait_task", { task_id: id }, context);
  await clock.advanceAsync(1_500);
  stop.abort(new ToolError("cancelled"));
  assert.deepEqual(await waiting, { error: "cancelled" });
  assert.equal(clock.pending, 0);
});
