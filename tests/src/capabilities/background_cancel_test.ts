import assert from "node:assert/strict";
import { RuntimeClosedError } from "../../../src/errors.ts";
import { permitsOf } from "../../../src/kit/background_permits.ts";
import { ended, failed, setting, started } from "./_background_runs.ts";
import { SESSION } from "./_background_support.ts";

Deno.test("cancel() aborts the tool at once and settles the task as canceled", async () => {
  const on = await started();
  on.held.call.output?.("half", "stdout");
  await on.registry.requestCancel(SESSION, on.task.id);
  assert.equal(await on.executor.cancel?.(on.task), "The run was stopped.");
  assert.equal(on.held.call.signal?.aborted, true);
  assert.deepEqual([(await on.now()).state, await on.result()], ["canceled", { status: "canceled" }]);
  assert.equal(await on.log(), "half\n[canceled]\n");
  assert.equal(on.clock.pending, 0);
});

Deno.test("cancel() does not wait for a tool that ignores it", async () => {
  const on = setting();
  on.host.ignoresSignals = true;
  const task = await on.registry.create({
    sessionId: SESSION,
    kind: "background_tool",
    displayName: "Stubborn",
    state: "running",
    spec: { tool: "crunch", arguments: {} },
  });
  await on.executor.start(task);
  await on.executor.cancel?.(task);
  on.host.calls[0]?.end({ type: "success", value: "late" });
  await on.clock.advanceAsync(0);
  const now = await on.registry.get(SESSION, task.id);
  assert.deepEqual([now?.state, now?.summary], ["canceled", undefined]);
});

Deno.test("a wish that another process stored is noticed within two seconds", async () => {
  const on = await started();
  await on.registry.requestCancel(SESSION, on.task.id);
  await on.clock.advanceAsync(1_999);
  assert.equal((await on.now()).state, "running");
  await on.clock.advanceAsync(1);
  assert.deepEqual([(await on.now()).state, on.held.call.signal?.aborted], ["canceled", true]);
});

Deno.test("cancel() settles a task of this process that does not run", async () => {
  const { registry, executor } = setting();
  const task = await registry.create({
    sessionId: SESSION,
    kind: "background_tool",
    displayName: "x",
    state: "running",
  });
  assert.equal(await executor.cancel?.(task), "The tool was not running.");
  assert.equal((await registry.get(SESSION, task.id))?.state, "canceled");
});

Deno.test("cancel() leaves a task of another process to that process", async () => {
  const { registry, executor } = setting();
  const task = await registry.create({
    sessionId: SESSION,
    kind: "background_tool",
    displayName: "x",
    state: "running",
    workerId: "worker-2",
  });
  assert.match(await executor.cancel?.(task) ?? "", /runs in another process/);
  assert.equal((await registry.get(SESSION, task.id))?.state, "running");
});

Deno.test("a task that was wished cancelled before it is started never runs", async () => {
  const on = setting();
  const input = {
    sessionId: SESSION,
    kind: "background_tool",
    displayName: "x",
    spec: { tool: "crunch", arguments: {} },
  };
  const { id } = await on.registry.create({ ...input, state: "running" });
  await on.executor.start((await on.registry.requestCancel(SESSION, id))!);
  await on.clock.advanceAsync(0);
  assert.deepEqual([on.host.calls.length, (await on.registry.get(SESSION, id))?.state], [0, "canceled"]);
});

Deno.test("a run that was superseded stops without a word and writes nothing more", async () => {
  const on = await started();
  await on.registry.update(SESSION, on.task.id, { incrementAttempt: true, workerId: "worker-2" });
  await on.clock.advanceAsync(2_000);
  assert.equal(on.held.call.signal?.aborted, true);
  assert.deepEqual([(await on.now()).state, await on.result()], ["running", {}]);
  assert.equal(on.clock.pending, 0);
});

Deno.test("a result that comes after its run was superseded changes nothing", async () => {
  const on = await started();
  await on.registry.update(SESSION, on.task.id, { incrementAttempt: true });
  const task = await ended(on, { type: "success", value: "late" });
  assert.deepEqual([task.state, task.summary, await on.result()], ["running", undefined, {}]);
});

Deno.test("a run stops when somebody else has settled its task", async () => {
  const on = await started();
  await on.registry.update(SESSION, on.task.id, { state: "canceled" });
  await on.clock.advanceAsync(2_000);
  assert.deepEqual([on.held.call.signal?.aborted, on.clock.pending], [true, 0]);
});

Deno.test("a permit is held while the tool runs, and by a run that goes on after a crash too", async () => {
  const on = await started();
  const permits = permitsOf(on.registry);
  for (let index = 0; index < 4; index++) permits.acquire(SESSION);
  assert.throws(() => permits.acquire(SESSION), /5 at once/);
  await ended(on, { type: "success", value: 1 });
  permits.acquire(SESSION);
});

for (const how of ["fails", "is canceled", "is superseded", "meets a closed runtime"]) {
  Deno.test(`a permit comes back when the run ${how}`, async () => {
    const on = await started();
    const permits = permitsOf(on.registry);
    for (let index = 0; index < 4; index++) permits.acquire(SESSION);
    if (how === "fails") await failed(on, new Error("x"));
    else if (how === "is canceled") await on.executor.cancel?.(on.task);
    else if (how === "is superseded") {
      await on.registry.update(SESSION, on.task.id, { incrementAttempt: true });
      await on.clock.advanceAsync(2_000);
    } else await failed(on, new RuntimeClosedError("run a tool"));
    permits.acquire(SESSION);
  });
}

Deno.test("progress of a run that was superseded is not told", async () => {
  const on = await started();
  await on.registry.update(SESSION, on.task.id, { incrementAttempt: true, stateDetail: "begun again" });
  on.held.call.progress?.("half way");
  await on.clock.advanceAsync(2_000);
  assert.deepEqual([(await on.now()).stateDetail, on.held.call.signal?.aborted], ["begun again", true]);
});
