import assert from "node:assert/strict";
import { StoreError, ToolError } from "../../../src/errors.ts";
import { backgroundExecution } from "../../../src/capabilities/background/capability.ts";
import { backgroundToolExecutor } from "../../../src/capabilities/background/executor.ts";
import type { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { permitsOf } from "../../../src/kit/background_permits.ts";
import type { Tool, ToolContext } from "../../../src/ports/tool.ts";
import { isId } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { backgroundTool, contextWith, FakeHost, SESSION, taskRegistry, toolMap } from "./_background_support.ts";
import { call, toolContext, toolOf } from "./_tool_context.ts";

const spawn = toolOf(backgroundExecution, "spawn_background");

interface Setting {
  readonly clock: FakeClock;
  readonly registry: InMemorySessionTaskRegistry;
  readonly host: FakeHost;
  readonly context: ToolContext;
  readonly run: (args: JsonObject, more?: Partial<ToolContext>) => Promise<JsonObject>;
}

let keys = 0;

function setting(...tools: readonly Tool[]): Setting {
  const clock = new FakeClock();
  const registry = taskRegistry(clock);
  const host = new FakeHost();
  registry.executors.register(backgroundToolExecutor(registry, host, { clock }));
  const context = contextWith({
    tasks: registry,
    tools: toolMap(spawn, ...(tools.length === 0 ? [backgroundTool()] : tools)),
  });
  const run: Setting["run"] = (args, more = {}) =>
    call(spawn, args, { ...context, idempotencyKey: `key-${keys++}`, ...more });
  return { clock, registry, host, context, run };
}

const CRUNCH = { tool: "crunch", args: { n: 1 } };

Deno.test("spawn_background returns at once while the tool runs", async () => {
  const { registry, host, run } = setting();
  const answer = await run({ ...CRUNCH, title: "Crunch it" });
  const task = (await registry.list(SESSION))[0]!;
  assert.deepEqual(answer, {
    run_id: task.id,
    task_id: task.id,
    tool: "crunch",
    title: "Crunch it",
    status: "running",
    output_path: `/.background/${task.id}/output.log`,
    result_path: `/.background/${task.id}/result.json`,
  });
  assert.deepEqual(host.calls.map(({ call: { name, arguments: args } }) => [name, { ...(args as JsonObject) }]), [
    ["crunch", { n: 1 }],
  ]);
});

Deno.test("spawn_background creates a running task of this process with everything its executor needs", async () => {
  const { registry, run } = setting();
  await run(CRUNCH);
  const task = (await registry.list(SESSION))[0]!;
  assert.deepEqual([task.kind, task.state, task.workerId, task.displayName], [
    "background_tool",
    "running",
    "worker-1",
    "crunch",
  ]);
  assert.deepEqual(task.spec, {
    tool: "crunch",
    arguments: { n: 1 },
    reattachable: false,
    signal_on_completion: true,
  });
});

for (
  const [what, options, reattachable] of [
    ["pure", { effect: "pure" }, true],
    ["idempotent", { effect: "idempotent" }, true],
    ["read-only", { hints: { supportsBackground: true, readonly: true } }, true],
    ["at most once", { effect: "at_most_once" }, false],
  ] as const
) {
  Deno.test(`spawn_background notes that a tool that is ${what} may${reattachable ? "" : " not"} be run again`, async () => {
    const { registry, run } = setting(backgroundTool(options));
    await run(CRUNCH);
    assert.equal((await registry.list(SESSION))[0]?.spec["reattachable"], reattachable);
  });
}

for (
  const [args, policy] of [
    [{}, "on_terminal"],
    [{ signal_on_completion: true }, "on_terminal"],
    [{ signal_on_completion: false }, "silent"],
  ] as const
) {
  Deno.test(`spawn_background with ${JSON.stringify(args)} makes a task that wakes ${policy}`, async () => {
    const { registry, run } = setting();
    await run({ ...CRUNCH, ...args });
    assert.equal((await registry.list(SESSION))[0]?.wakePolicy, policy);
  });
}

for (
  const [what, args, tools, message] of [
    ["an unknown tool", { tool: "crush", args: {} }, [], /no tool of this name; tools that can .*: crunch/],
    ["itself", { tool: "spawn_background", args: CRUNCH }, [], /it only starts other tools/],
    [
      "a tool without the hint",
      CRUNCH,
      [backgroundTool({ hints: {} })],
      /only runs in the foreground; no tool of this/,
    ],
    [
      "a tool that needs approval",
      CRUNCH,
      [backgroundTool({ policy: "requires_approval" })],
      /needs the user's approval/,
    ],
    ["arguments that do not fit", { tool: "crunch", args: { n: "one" } }, [], /do not fit/],
    ["missing arguments", { tool: "crunch" }, [], /invalid arguments/],
  ] as const
) {
  Deno.test(`spawn_background refuses ${what} and starts nothing`, async () => {
    const { registry, host, run } = setting(...tools);
    assert.match(JSON.stringify(await run(args)), message);
    assert.deepEqual([(await registry.list(SESSION)).length, host.calls.length], [0, 0]);
  });
}

Deno.test("spawn_background says what to do when the host keeps no tasks", async () => {
  const answer = await call(spawn, CRUNCH, { ...toolContext(), tools: toolMap(backgroundTool()) });
  assert.match(JSON.stringify(answer), /keeps no task registry; do the work/);
});

Deno.test("spawn_background says what to do when the host runs no background tools", async () => {
  const answer = await call(spawn, CRUNCH, contextWith({ tasks: taskRegistry(), tools: toolMap(backgroundTool()) }));
  assert.match(JSON.stringify(answer), /runs no background tools; call the tool itself/);
});

Deno.test("spawn_background starts a call once however often it is run", async () => {
  const { registry, host, run } = setting();
  const first = await run(CRUNCH, { idempotencyKey: "same" });
  const second = await run(CRUNCH, { idempotencyKey: "same" });
  assert.deepEqual(second, first);
  assert.deepEqual([(await registry.list(SESSION)).length, host.calls.length], [1, 1]);
  assert.equal(spawn.definition.effect, "idempotent");
});

Deno.test("spawn_background leaves a run of a process that died to whoever goes on with it", async () => {
  const { registry, run } = setting();
  const first = await run(CRUNCH, { idempotencyKey: "same" });
  const host = new FakeHost();
  registry.executors.register(backgroundToolExecutor(registry, host));
  assert.deepEqual([await run(CRUNCH, { idempotencyKey: "same" }), host.calls.length], [first, 0]);
});

Deno.test("spawn_background mints task ids", async () => {
  assert.ok(isId("task", (await setting().run(CRUNCH))["task_id"]));
});

Deno.test("spawn_background starts five runs of a session and names the limit for the sixth", async () => {
  const { registry, run } = setting();
  for (let index = 0; index < 5; index++) assert.equal((await run(CRUNCH))["status"], "running");
  assert.match(JSON.stringify(await run(CRUNCH)), /this session may run 5 at once and this would be number 6/);
  assert.equal((await registry.list(SESSION)).length, 5);
});

Deno.test("spawn_background starts five of six runs whose calls come together", async () => {
  const { run } = setting();
  const answers = await Promise.all(Array.from({ length: 6 }, () => run(CRUNCH)));
  const refused = answers.filter((answer) => JSON.stringify(answer).includes("this would be number 6"));
  assert.deepEqual([answers.filter(({ status }) => status === "running").length, refused.length], [5, 1]);
});

Deno.test("spawn_background counts a run once, also while it is being started", async () => {
  const { registry, run } = setting();
  const held = Promise.withResolvers<void>();
  let begun = Promise.withResolvers<void>();
  registry.executors.register({
    kind: "background_tool",
    start: ({ sessionId }) => {
      permitsOf(registry).resume(sessionId);
      begun.resolve();
      return held.promise;
    },
  });
  const runs: Promise<JsonObject>[] = [];
  for (let index = 0; index < 5; index++) {
    begun = Promise.withResolvers<void>();
    const started = run(CRUNCH);
    runs.push(started);
    await Promise.race([begun.promise, started]);
  }
  held.resolve();
  assert.deepEqual((await Promise.all(runs)).map(({ status }) => status), Array(5).fill("running"));
});

Deno.test("spawn_background starts another run when one has ended", async () => {
  const { clock, host, run } = setting();
  for (let index = 0; index < 5; index++) await run(CRUNCH);
  host.calls[2]?.end({ type: "success", value: "done" });
  await clock.advanceAsync(0);
  assert.equal((await run(CRUNCH))["status"], "running");
});

Deno.test("spawn_background gives its permit back when the task cannot be stored", async () => {
  const { registry, run } = setting();
  const failing = new Proxy(registry, {
    get: (target, member) => {
      if (member === "create") return () => Promise.reject(new ToolError("full"));
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  for (let index = 0; index < 6; index++) assert.deepEqual(await run(CRUNCH, { tasks: failing }), { error: "full" });
  for (let index = 0; index < 5; index++) permitsOf(failing).acquire(SESSION);
});

Deno.test("spawn_background fails the task when its run cannot be started", async () => {
  const { registry, run } = setting();
  registry.executors.register({ kind: "background_tool", start: () => Promise.reject(new ToolError("no room")) });
  assert.match(JSON.stringify(await run(CRUNCH)), /could not be started: no room/);
  const [task] = await registry.list(SESSION);
  assert.deepEqual([task?.state, task?.error?.kind], ["failed", "error"]);
});

Deno.test("spawn_background tells nothing of the host's files when its run cannot be started", async () => {
  const { registry, run } = setting();
  const failure = new StoreError('write to "/home/me/local.db"', new Error("no"));
  registry.executors.register({ kind: "background_tool", start: () => Promise.reject(failure) });
  assert.match(JSON.stringify(await run(CRUNCH)), /could not be started: an internal error \(store_failed\)"/);
});

Deno.test("the model is told which tools can run in the background", () => {
  const rewrite = backgroundExecution.hooks?.toolDefinitions;
  const approved = backgroundTool({ name: "approved", policy: "requires_approval" });
  const tools = [spawn, backgroundTool(), approved].map(({ definition }) => definition);
  const context = {} as Parameters<NonNullable<typeof rewrite>>[1];
  const [offered, ...others] = rewrite?.(tools, context, []) ?? [];
  assert.match(offered?.description ?? "", /\(tools that can run in the background: crunch\)$/);
  assert.deepEqual(others, tools.slice(1));
});
