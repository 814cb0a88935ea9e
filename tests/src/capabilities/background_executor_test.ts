import assert from "node:assert/strict";
import { NotFoundError, RuntimeClosedError, RuntimeError, StoreError, ToolError } from "../../../src/errors.ts";
import type { ToolOutcome } from "../../../src/ports/tool.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { ended, failed, setting, started } from "./_background_runs.ts";
import { SESSION } from "./_background_support.ts";

Deno.test("start() returns while the tool runs and gives it the task's id as key", async () => {
  const { held, task, now } = await started();
  const { name, arguments: args, idempotencyKey } = held.call;
  assert.deepEqual([held.sessionId, name, { ...(args as JsonObject) }, idempotencyKey], [
    SESSION,
    "crunch",
    { n: 1 },
    task.id,
  ]);
  assert.equal((await now()).state, "running");
});

Deno.test("a background tool may change the arguments it is given", async () => {
  const { held } = await started({ spec: { tool: "crunch", arguments: { deep: { list: [1] } } } });
  assert.ok(!Object.isFrozen((held.call.arguments as JsonObject)["deep"]));
});

Deno.test("a result settles the task with summary, result file and artifacts", async () => {
  const on = await started();
  const task = await ended(on, { type: "success", value: { answer: 42 } });
  assert.deepEqual([task.state, task.summary, task.resultPath], [
    "succeeded",
    '{"answer":42}',
    `/.background/${task.id}/result.json`,
  ]);
  assert.deepEqual(task.artifacts, [
    { name: "output.log", type: "text/plain", path: `/.background/${task.id}/output.log` },
    { name: "result.json", type: "application/json", path: `/.background/${task.id}/result.json` },
  ]);
  assert.deepEqual(await on.result(), {
    status: "succeeded",
    run_id: task.id,
    tool: "crunch",
    result: { answer: 42 },
  });
  assert.equal(on.clock.pending, 0);
});

Deno.test("a summary has at most 2048 characters and no half of a pair", async () => {
  const task = await ended(await started(), { type: "success", value: `${"x".repeat(2_047)}😀 and more` });
  assert.equal(task.summary, "x".repeat(2_047));
});

Deno.test("a result of nothing is summed up by the newest output", async () => {
  const on = await started();
  on.held.call.output?.("building\nbuilt\n", "stdout");
  assert.equal((await ended(on, { type: "success", value: undefined })).summary, "building\nbuilt");
});

Deno.test("images of a result are counted in its file", async () => {
  const on = await started();
  await ended(on, { type: "success", value: 1, images: [{ type: "image", url: "https://example.test/a.png" }] });
  assert.equal((await on.result())["omitted_images"], 1);
});

for (
  const [what, outcome, error] of [
    ["an error", { type: "error", message: "no such file" }, { kind: "error", message: "no such file" }],
    [
      "a missing connection",
      { type: "connection_required", provider: "github", setupUrl: "https://example.test/connect" },
      { kind: "connection_required", message: "The user has to connect github first at https://example.test/connect" },
    ],
  ] as const
) {
  Deno.test(`${what} fails the task and is written down`, async () => {
    const on = await started();
    const task = await ended(on, outcome);
    assert.deepEqual([task.state, task.error], ["failed", error]);
    const { status, error: written } = await on.result();
    assert.deepEqual([status, written], ["failed", error]);
  });
}

Deno.test("what is no outcome fails the task", async () => {
  for (const nonsense of [{ type: "maybe" }, null]) {
    const task = await ended(await started(), nonsense as ToolOutcome & null);
    assert.deepEqual([task.state, task.error?.message], ["failed", 'Tool "crunch" failed with an internal error']);
  }
});

for (
  const [error, message] of [
    [new ToolError("out of paper"), "out of paper"],
    [new NotFoundError("tool", "crunch", "it is gone"), 'Cannot find tool "crunch": it is gone'],
    [new Error("password=hunter2"), 'Tool "crunch" failed with an internal error'],
    [undefined, 'Tool "crunch" failed with an internal error'],
  ] as const
) {
  Deno.test(`a thrown ${error?.name} fails the task with ${JSON.stringify(message)}`, async () => {
    const task = await failed(await started(), error);
    assert.deepEqual([task.state, task.error], ["failed", { kind: "error", message }]);
  });
}

Deno.test("output is written in batches, not piece by piece", async () => {
  const on = await started();
  let writes = 0;
  const write = on.host.store.writeFile.bind(on.host.store);
  on.host.store.writeFile = (...args) => {
    writes++;
    return write(...args);
  };
  for (let index = 0; index < 1_000; index++) on.held.call.output?.(`line ${index}\n`, "stdout");
  assert.equal(await on.log(), "");
  await on.clock.advanceAsync(2_000);
  assert.match(await on.log() ?? "", /^line 0\n[^]*line 999\n$/);
  await on.clock.advanceAsync(10_000);
  assert.equal(writes, 1);
});

Deno.test("output that came just before the end is written too", async () => {
  const on = await started();
  on.held.call.output?.("out\n", "stdout");
  on.held.call.output?.("err\n", "stderr");
  await ended(on, { type: "success", value: 1 });
  assert.equal(await on.log(), "out\nerr\n");
});

Deno.test("progress becomes a few words about the state", async () => {
  const on = await started();
  on.held.call.progress?.("half way");
  await on.clock.advanceAsync(2_000);
  assert.equal((await on.now()).stateDetail, "half way");
});

Deno.test("a run whose files cannot be written still settles its task and says so", async () => {
  const on = await started();
  on.host.store.writeFile = () => Promise.reject(new RuntimeError("workspace_full", "the workspace is full"));
  on.held.call.output?.("out\n", "stdout");
  const task = await ended(on, { type: "success", value: "done" });
  assert.deepEqual([task.state, task.summary, task.resultPath, task.artifacts], ["succeeded", "done", undefined, []]);
  assert.equal(task.stateDetail, "result.json could not be written: the workspace is full");
});

Deno.test("a run whose files cannot be written tells nothing of the host's files", async () => {
  const on = await started();
  on.host.store.writeFile = () => Promise.reject(new StoreError('write to "/home/me/local.db"', new Error("no")));
  const task = await ended(on, { type: "success", value: "done" });
  assert.equal(task.stateDetail, "result.json could not be written: an internal error (store_failed)");
});

Deno.test("start() runs an attempt once", async () => {
  const on = await started();
  await on.executor.start(on.task);
  assert.equal(on.host.calls.length, 1);
});

Deno.test("start() goes on with a new attempt under the same key and leaves the old one", async () => {
  const on = await started();
  const next = (await on.registry.update(SESSION, on.task.id, { incrementAttempt: true }))!;
  await on.executor.start(next);
  const [first, second] = on.host.calls;
  assert.deepEqual([first?.call.signal?.aborted, second?.call.idempotencyKey], [true, on.task.id]);
  second?.end({ type: "success", value: "again" });
  await on.clock.advanceAsync(0);
  assert.deepEqual([(await on.now()).summary, await on.log()], ["again", "[attempt 2: the tool is run again]\n"]);
});

Deno.test("start() does nothing for a task that has ended", async () => {
  const on = await started({ state: "succeeded" });
  assert.equal(on.host.calls.length, 0);
});

for (const spec of [{}, { tool: "crunch" }, { tool: "crunch", arguments: [] }, { tool: 1, arguments: {} }]) {
  Deno.test(`start() refuses a task with the spec ${JSON.stringify(spec)}`, async () => {
    await assert.rejects(started({ spec }), { code: "task_unusable" });
  });
}

Deno.test("only a run whose tool may be repeated can be gone on with", async () => {
  const { registry, executor } = setting();
  const can = async (spec: JsonObject): Promise<boolean | undefined> =>
    executor.canReattach?.(
      await registry.create({ sessionId: SESSION, kind: "background_tool", displayName: "", spec }),
    );
  assert.deepEqual([await can({ reattachable: true }), await can({ reattachable: false }), await can({})], [
    true,
    false,
    false,
  ]);
});

Deno.test("a closed runtime leaves the task for whoever goes on with it", async () => {
  const on = await started();
  const task = await failed(on, new RuntimeClosedError("run a tool"));
  assert.deepEqual([task.state, task.error, await on.result(), on.clock.pending], ["running", undefined, {}, 0]);
});

Deno.test("a closed registry stops the run and leaves the task", async () => {
  const on = await started();
  const get = on.registry.get.bind(on.registry);
  on.registry.get = () => Promise.reject(new RuntimeClosedError("read a task"));
  await on.clock.advanceAsync(2_000);
  on.registry.get = get;
  assert.deepEqual([on.held.call.signal?.aborted, (await on.now()).state, on.clock.pending], [true, "running", 0]);
});

Deno.test("a run goes on when its task cannot be read for a while", async () => {
  const on = await started();
  const get = on.registry.get.bind(on.registry);
  on.registry.get = () => Promise.reject(new RuntimeError("store_busy", "busy"));
  await on.clock.advanceAsync(6_000);
  on.registry.get = get;
  assert.equal((await ended(on, { type: "success", value: "done" })).state, "succeeded");
});

Deno.test("a task is settled as soon as its store is no longer busy", async () => {
  const on = await started();
  const update = on.registry.update.bind(on.registry);
  on.registry.update = () => Promise.reject(new RuntimeError("store_busy", "busy"));
  await ended(on, { type: "success", value: "done" });
  await on.clock.advanceAsync(2_000);
  on.registry.update = update;
  await on.clock.advanceAsync(2_000);
  assert.equal((await on.now()).state, "succeeded");
});

Deno.test("a run gives up on a store that stays busy and leaves no timer behind", async () => {
  const on = await started();
  on.registry.update = () => Promise.reject(new RuntimeError("store_busy", "busy"));
  await ended(on, { type: "success", value: "done" });
  await on.clock.advanceAsync(60_000);
  assert.deepEqual([(await on.now()).state, on.clock.pending], ["running", 0]);
});

Deno.test("a tool that runs too long is stopped and its task fails with timeout", async () => {
  const on = await started({}, 5_000);
  await on.clock.advanceAsync(4_000);
  assert.equal((await on.now()).state, "running");
  await on.clock.advanceAsync(2_000);
  const task = await on.now();
  assert.deepEqual([task.state, task.error?.kind, on.held.call.signal?.aborted], ["failed", "timeout", true]);
});
