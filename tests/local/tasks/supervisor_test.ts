/** The supervisor: tasks of dead processes are taken over once or ended, old ones are deleted. */

import assert from "node:assert/strict";
import { TaskSupervisor, type TaskSupervisorOptions } from "../../../local/tasks/supervisor.ts";
import { TaskWakes } from "../../../local/tasks/wakes.ts";
import { RuntimeError, ToolError } from "../../../src/errors.ts";
import type { TaskExecutor } from "../../../src/ports/task_registry.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { newMessage, newTask } from "../../../src/testing/conformance/task_fixtures.ts";
import { type DataFolder, dataFolder, FakeDelivery, type Process, SESSION } from "./_support.ts";

const DAY_MS = 86_400_000;

function supervisorOf(
  process: Process,
  folder: DataFolder,
  options: Partial<TaskSupervisorOptions> = {},
): TaskSupervisor {
  return new TaskSupervisor({ ...process, clock: folder.clock, ...options });
}

/** Takes every task up again and remembers which. */
class FakeExecutor implements TaskExecutor {
  readonly kind: string = "background_tool";
  readonly started: SessionTask[] = [];
  failure: unknown;

  start(task: SessionTask): Promise<void> {
    this.started.push(task);
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }

  canReattach(_task: SessionTask): boolean {
    return true;
  }
}

/** A running task whose process has died. */
async function orphan(folder: DataFolder, change: Parameters<typeof newTask>[0] = {}): Promise<SessionTask> {
  const dying = folder.open();
  const { registry } = dying;
  const task = await registry.create(newTask({ state: "running", workerId: registry.workerId, ...change }));
  dying.die();
  return task;
}

Deno.test("a task of a dead process that nobody can go on with ends as orphaned, fenced off, and wakes", async () => {
  using folder = dataFolder();
  const task = await orphan(folder, { wakePolicy: "on_terminal" });
  const process = folder.open();
  let kicked = 0;
  const pass = await supervisorOf(process, folder, { onWake: () => kicked++ }).pass();
  assert.deepEqual(pass, { reattached: [], ended: [task.id], deleted: 0 });
  const ended = await process.registry.get(SESSION, task.id);
  assert.deepEqual([ended?.state, ended?.error?.kind, ended?.attempt], ["failed", "orphaned", 2]);
  assert.equal(ended?.finishedAt, folder.clock.now());
  const late = await process.registry.update(SESSION, task.id, { expectedAttempt: 1, summary: "late" });
  assert.deepEqual(late, ended);
  const delivery = new FakeDelivery();
  await using wakes = new TaskWakes({ connection: process.connection, delivery });
  await wakes.pump();
  assert.deepEqual([kicked, delivery.got.length], [1, 1]);
});

Deno.test("a task of a dead process is taken over when its executor can go on with it", async () => {
  using folder = dataFolder();
  const task = await orphan(folder);
  const process = folder.open();
  const executor = new FakeExecutor();
  process.registry.executors.register(executor);
  const pass = await supervisorOf(process, folder).pass();
  assert.deepEqual(pass.reattached, [task.id]);
  const taken = await process.registry.get(SESSION, task.id);
  assert.deepEqual([taken?.state, taken?.attempt, taken?.workerId], ["running", 2, process.registry.workerId]);
  assert.deepEqual(executor.started, [taken]);
  assert.equal(folder.open().owners.isAlive(process.registry.workerId), true);
  assert.deepEqual((await supervisorOf(process, folder).pass()).reattached, []);
});

Deno.test("an executor decides for each task whether it can go on; one that throws cannot", async () => {
  using folder = dataFolder();
  const tasks = [await orphan(folder, { displayName: "yes" }), await orphan(folder), await orphan(folder)];
  const process = folder.open();
  const errors: unknown[] = [];
  process.registry.executors.register({
    kind: "background_tool",
    start: () => Promise.resolve(),
    canReattach(task) {
      if (task.id === tasks[2]?.id) throw new Error("cannot tell");
      return task.displayName === "yes";
    },
  });
  const pass = await supervisorOf(process, folder, { reportError: (error) => errors.push(error) }).pass();
  assert.deepEqual(pass.reattached, [tasks[0]?.id]);
  assert.deepEqual(pass.ended, [tasks[1]?.id, tasks[2]?.id]);
  assert.equal(errors.length, 1);
});

Deno.test("a task is attempted three times in all", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  for (const attempt of [2, 3]) {
    const dying = folder.open();
    dying.registry.executors.register(new FakeExecutor());
    await supervisorOf(dying, folder).pass();
    const task = await dying.registry.get(SESSION, id);
    assert.deepEqual([task?.state, task?.attempt], ["running", attempt]);
    dying.die();
  }
  const last = folder.open();
  const executor = new FakeExecutor();
  last.registry.executors.register(executor);
  await supervisorOf(last, folder).pass();
  const task = await last.registry.get(SESSION, id);
  assert.deepEqual([task?.state, task?.error?.kind, executor.started], ["failed", "orphaned", []]);
});

Deno.test("a task whose cancellation was wished ends as canceled, even when it could go on", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  await process.registry.requestCancel(SESSION, id);
  const executor = new FakeExecutor();
  process.registry.executors.register(executor);
  await supervisorOf(process, folder).pass();
  assert.equal((await process.registry.get(SESSION, id))?.state, "canceled");
  assert.deepEqual(executor.started, []);
});

Deno.test("an executor that cannot start a task again ends it as orphaned", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  const executor = new FakeExecutor();
  executor.failure = new ToolError("no such tool");
  process.registry.executors.register(executor);
  const pass = await supervisorOf(process, folder).pass();
  assert.deepEqual(pass.ended, [id]);
  const task = await process.registry.get(SESSION, id);
  assert.deepEqual([task?.state, task?.error?.kind], ["failed", "orphaned"]);
  assert.match(task?.error?.message ?? "", /no such tool/);
});

Deno.test("what an executor throws that is not made for the model is told to the host alone", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  const executor = new FakeExecutor();
  executor.failure = new Error("open '/home/me/key.pem'");
  process.registry.executors.register(executor);
  const errors: unknown[] = [];
  await supervisorOf(process, folder, { reportError: (error) => errors.push(error) }).pass();
  const { error } = (await process.registry.get(SESSION, id))!;
  assert.deepEqual(error, { kind: "orphaned", message: "Attempt 2 could not be started: an internal error" });
  assert.deepEqual(errors, [executor.failure]);
});

Deno.test("an executor that hangs does not hold the pass up for ever", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  process.registry.executors.register({
    kind: "background_tool",
    start: () => new Promise(() => {}),
    canReattach: () => true,
  });
  const passing = supervisorOf(process, folder, { startTimeoutMs: 1_000 }).pass();
  await folder.clock.advanceAsync(1_000);
  assert.deepEqual((await passing).ended, [id]);
});

Deno.test("a task is left to the next process when this one closes while it starts it again", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  const executor = new FakeExecutor();
  executor.failure = new RuntimeError("runtime_closed", "closed");
  process.registry.executors.register(executor);
  await supervisorOf(process, folder).pass();
  assert.equal((await process.registry.get(SESSION, id))?.state, "running");
});

Deno.test("two supervisors at once take each task over once", async () => {
  using folder = dataFolder();
  for (let at = 0; at < 10; at++) await orphan(folder);
  const executor = new FakeExecutor();
  const supervisors = [folder.open(), folder.open()].map((process) => {
    process.registry.executors.register(executor);
    return supervisorOf(process, folder);
  });
  const passes = await Promise.all(supervisors.map((supervisor) => supervisor.pass()));
  assert.equal(passes.flatMap(({ reattached }) => reattached).length, 10);
  assert.equal(new Set(executor.started.map(({ id }) => id)).size, 10);
  assert.deepEqual(new Set(executor.started.map(({ attempt }) => attempt)), new Set([2]));
});

Deno.test("a task that another supervisor takes between the look and the claim is left to that one", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const [slow, fast] = [folder.open(), folder.open()];
  const faster = new FakeExecutor();
  fast.registry.executors.register(faster);
  const passes: Promise<unknown>[] = [];
  slow.registry.executors.register({
    kind: "background_tool",
    start: () => Promise.reject(new Error("not mine")),
    canReattach() {
      passes.push(supervisorOf(fast, folder).pass());
      return true;
    },
  });
  assert.deepEqual((await supervisorOf(slow, folder).pass()).reattached, []);
  await Promise.all(passes);
  assert.deepEqual(faster.started.map(({ attempt }) => attempt), [2]);
  const task = await slow.registry.get(SESSION, id);
  assert.deepEqual([task?.state, task?.workerId], ["running", fast.registry.workerId]);
});

Deno.test("an outside executor that gives a sign of life between the look and the claim keeps its task", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  const { id } = await registry.create(newTask({ state: "running" }));
  await registry.update(SESSION, id, { workerId: "cloud-7", heartbeatAt: folder.clock.now() });
  folder.clock.advance(300_001);
  const changes: Promise<unknown>[] = [];
  registry.executors.register({
    kind: "background_tool",
    start: () => Promise.resolve(),
    canReattach() {
      changes.push(registry.update(SESSION, id, { heartbeatAt: folder.clock.now() }));
      return true;
    },
  });
  assert.deepEqual((await supervisorOf(process, folder).pass()).reattached, []);
  await Promise.all(changes);
  assert.equal((await registry.get(SESSION, id))?.workerId, "cloud-7");
});

Deno.test("tasks of living processes, without a worker, or ended are left alone", async () => {
  using folder = dataFolder();
  const living = folder.open();
  const { registry } = living;
  const kept = [
    await registry.create(newTask({ state: "running", workerId: registry.workerId })),
    await registry.create(newTask({ state: "running" })),
    await registry.create(newTask({ state: "queued" })),
    await orphan(folder, { state: "succeeded" }),
  ];
  const pass = await supervisorOf(folder.open(), folder).pass();
  assert.deepEqual(pass, { reattached: [], ended: [], deleted: 0 });
  assert.deepEqual(await registry.list(SESSION), kept);
});

Deno.test("an outside executor is gone after five minutes without a sign of life", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  const supervisor = supervisorOf(process, folder);
  const { id } = await registry.create(newTask({ state: "running" }));
  await registry.update(SESSION, id, { workerId: "cloud-7", heartbeatAt: folder.clock.now() });
  folder.clock.advance(300_000);
  assert.deepEqual((await supervisor.pass()).ended, []);
  await registry.update(SESSION, id, { heartbeatAt: folder.clock.now() });
  folder.clock.advance(300_000);
  assert.deepEqual((await supervisor.pass()).ended, []);
  folder.clock.advance(1);
  assert.deepEqual((await supervisor.pass()).ended, [id]);
});

Deno.test("a task taken over from an outside executor is not measured by that one's signs of life", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  registry.executors.register(new FakeExecutor());
  const { id } = await registry.create(newTask({ state: "running" }));
  await registry.update(SESSION, id, { workerId: "cloud-7", heartbeatAt: folder.clock.now() });
  folder.clock.advance(300_001);
  assert.deepEqual((await supervisorOf(process, folder).pass()).reattached, [id]);
  assert.equal((await registry.get(SESSION, id))?.heartbeatAt, undefined);
  folder.clock.advance(300_001);
  assert.deepEqual((await supervisorOf(folder.open(), folder).pass()).ended, []);
});

Deno.test("a damaged task is reported and does not keep the pass from the others", async () => {
  using folder = dataFolder();
  const damaged = await orphan(folder);
  const other = await orphan(folder);
  const process = folder.open();
  await process.connection.write(() =>
    process.connection.run("UPDATE task SET body = body || ' ' WHERE id = ?", damaged.id)
  );
  const errors: unknown[] = [];
  const pass = await supervisorOf(process, folder, { reportError: (error) => errors.push(error) }).pass();
  assert.deepEqual(pass.ended, [other.id]);
  assert.match(String(errors[0]), new RegExp(damaged.id));
});

for (const damaged of ['"worker_x"', "worker"]) {
  Deno.test(`a live task whose worker reads ${damaged} is left alone, and does not keep the pass from others`, async () => {
    using folder = dataFolder();
    const alive = folder.open();
    const { registry } = alive;
    const task = await registry.create(newTask({ state: "running", workerId: registry.workerId }));
    const { id } = await orphan(folder);
    const process = folder.open();
    const { connection } = process;
    await connection.write(() => connection.run("UPDATE task SET worker_id = ? WHERE id = ?", damaged, task.id));
    assert.deepEqual((await supervisorOf(process, folder).pass()).ended, [id]);
    assert.equal((await registry.get(SESSION, task.id))?.state, "running");
  });
}

Deno.test("final tasks older than thirty days are deleted with threads and given-up wakes, a hundred in a pass", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { connection, registry } = process;
  const supervisor = supervisorOf(process, folder);
  const live = await registry.create(newTask({ state: "running" }));
  for (let at = 0; at < 101; at++) {
    const { id } = await registry.create(newTask({ state: "running", wakePolicy: "on_terminal" }));
    await registry.recordMessage(SESSION, id, newMessage("hi"));
    await registry.update(SESSION, id, { state: "succeeded" });
  }
  await connection.write(() => connection.run("UPDATE task_wake SET retry_at = NULL"));
  folder.clock.advance(30 * DAY_MS);
  assert.equal((await supervisor.pass()).deleted, 0);
  folder.clock.advance(1);
  assert.equal((await supervisor.pass()).deleted, 100);
  assert.equal((await supervisor.pass()).deleted, 1);
  assert.deepEqual(await registry.list(SESSION), [live]);
  for (const table of ["task_message", "task_wake"]) assert.deepEqual(connection.all(`SELECT id FROM ${table}`), []);
});

Deno.test("a task whose wake waits is kept, however old it is, until its session was told", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  const { id } = await registry.create(newTask({ state: "running", wakePolicy: "on_terminal" }));
  await registry.update(SESSION, id, { state: "succeeded" });
  folder.clock.advance(31 * DAY_MS);
  const supervisor = supervisorOf(process, folder);
  assert.equal((await supervisor.pass()).deleted, 0);
  const delivery = new FakeDelivery();
  await using wakes = new TaskWakes({ ...process, delivery, clock: folder.clock });
  await wakes.pump();
  assert.deepEqual(delivery.got.map(({ sessionId }) => sessionId), [SESSION]);
  assert.equal((await supervisor.pass()).deleted, 1);
});

Deno.test("a retention of 0 keeps every task", async () => {
  using folder = dataFolder();
  const process = folder.open();
  await process.registry.create(newTask({ state: "failed" }));
  folder.clock.advance(3_650 * DAY_MS);
  assert.equal((await supervisorOf(process, folder, { retentionMs: 0 }).pass()).deleted, 0);
});

Deno.test("limits that are no numbers are refused", () => {
  using folder = dataFolder();
  const process = folder.open();
  for (const options of [{ retentionMs: -1 }, { staleMs: NaN }, { maxAttempts: -1 }]) {
    assert.throws(() => supervisorOf(process, folder, options), RangeError);
  }
  assert.throws(() => supervisorOf(process, folder).start({ intervalMs: 0 }), RangeError);
});

Deno.test("start() does a pass at once and then regularly, until it is shut down", async () => {
  using folder = dataFolder();
  const first = await orphan(folder);
  const process = folder.open();
  const { registry } = process;
  const running = supervisorOf(process, folder).start();
  await folder.clock.advanceAsync(0);
  assert.equal((await registry.get(SESSION, first.id))?.state, "failed");
  const second = await orphan(folder);
  await folder.clock.advanceAsync(59_999);
  assert.equal((await registry.get(SESSION, second.id))?.state, "running");
  await folder.clock.advanceAsync(1);
  assert.equal((await registry.get(SESSION, second.id))?.state, "failed");
  await running.shutdown();
  assert.equal(folder.clock.pending, 0);
});

Deno.test("shutting down ends a pass whose executor hangs and leaves the task as it is", async () => {
  using folder = dataFolder();
  const { id } = await orphan(folder);
  const process = folder.open();
  process.registry.executors.register({
    kind: "background_tool",
    start: () => new Promise(() => {}),
    canReattach: () => true,
  });
  const running = supervisorOf(process, folder).start();
  await folder.clock.advanceAsync(0);
  await running.shutdown();
  assert.equal((await process.registry.get(SESSION, id))?.state, "running");
  assert.equal(folder.clock.pending, 0);
});
