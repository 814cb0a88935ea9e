/** Background work over local backends and a runtime together: wakes inside a turn, and what a dead process left. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { ToolEffect } from "../../src/records/tool.ts";
import type { Capability } from "../../src/ports/capability.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { LlmSimToolCall } from "../../src/drivers/llmsim/script.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { defineCapability } from "../../src/kit/define_capability.ts";
import { defineTool } from "../../src/kit/define_tool.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { textOf } from "../../src/records/content.ts";
import type { SessionTask } from "../../src/records/task.ts";
import { CorruptRecordError } from "../../local/errors.ts";
import { type OpenRuntime, openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

/** A tool that answers when its gate is open. */
interface Gate {
  readonly capability: Capability;
  /** The idempotency key of each start. */
  readonly keys: string[];
  readonly started: Promise<void>;
  open(): void;
}

const SUBAGENT = {
  name: "spawn_agent",
  arguments: { name: "reader", instructions: "Please wait.", target: { type: "subagent" } },
};
const BACKGROUND = { name: "spawn_background", arguments: { tool: "wait", args: {}, title: "Wait" } };

Deno.test("a task that ends during a turn wakes its session inside that turn, once", async () => {
  using folder = tempFolder();
  const gate = closedGate("pure");
  await using here = await open(folder.path, gate, [{ name: "wait", arguments: {} }]);
  const { taskRegistry } = here.local;
  const { id } = await taskRegistry.create({
    sessionId: SESSION,
    kind: "note",
    displayName: "Report",
    state: "running",
    wakePolicy: "on_terminal",
  });
  const turn = here.runtime.startTurn(SESSION, "go");
  await gate.started;
  await taskRegistry.update(SESSION, id, { state: "succeeded", summary: "42 pages" });
  // Everything that can go on without the gate has: the wake waits for the next step of the turn.
  await setImmediate();
  gate.open();
  // An echo of the newest thing the model was told.
  assert.match((await turn.result).response, /^Echo: Background task "Report" .*succeeded.*42 pages/s);
  assert.match((await here.runtime.runTextTurn(SESSION, "anything else?")).response, /^Echo: anything else\?$/);
  assert.deepEqual((await inputsOf(here)).map((text) => text.includes("42 pages")), [false, true, false]);
});

Deno.test("shutdown() of background work waits for what is being delivered", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  const { scheduleStore, wakeRoutes } = here.local;
  const route = wakeRoutes.register(SESSION);
  await scheduleStore.createSchedule({ sessionId: SESSION, description: "Tea time.", scheduledAt: 0 });
  const background = here.local.startBackground();
  assert.equal((await route.next()).value?.text, "Tea time.");
  const down = background.shutdown();
  route[Symbol.dispose]();
  await down;
  assert.deepEqual((await scheduleStore.listSchedules(SESSION)).map(({ triggerCount }) => triggerCount), [1]);
});

Deno.test("a wake and a schedule that wait for a long step of a turn have not failed, however long it takes", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  const gate = closedGate("pure");
  await using here = await open(folder.path, gate, [{ name: "wait", arguments: {} }], clock);
  const { taskRegistry, scheduleStore, wakes } = here.local;
  const tea = await scheduleStore.createSchedule({
    sessionId: SESSION,
    description: "Tea time.",
    scheduledAt: clock.now() + 1000,
  });
  await using _background = here.local.startBackground();
  const turn = here.runtime.startTurn(SESSION, "go");
  await gate.started;
  const { id } = await taskRegistry.create({
    sessionId: SESSION,
    kind: "note",
    displayName: "Report",
    state: "running",
    wakePolicy: "on_terminal",
  });
  await taskRegistry.update(SESSION, id, { state: "succeeded" });
  for (let minute = 0; minute < 40; minute++) await clock.advanceAsync(60_000);
  assert.deepEqual(wakes.pending().map(({ tries }) => tries), [0]);
  assert.equal(await scheduleStore.lastDeliveryError(tea.id), undefined);
  // However often they were tried: there is room for what people say.
  const steered = turn.steer("And sugar.");
  gate.open();
  assert.equal((await steered).joined, true);
  await turn.result;
  await clock.advanceAsync(2000);
  assert.deepEqual(wakes.pending(), []);
  assert.deepEqual((await scheduleStore.listSchedules(SESSION)).map(({ triggerCount }) => triggerCount), [1]);
  const inputs = await inputsOf(here);
  assert.equal(inputs.length, 4);
  assert.equal(inputs.filter((text) => text === "Tea time.").length, 1);
});

Deno.test("an input of a schedule names its occurrence, and one of a user does not", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  await using here = await open(folder.path, closedGate("pure"), [], clock);
  const at = clock.now() + 1000;
  const { id } = await here.local.scheduleStore.createSchedule({
    sessionId: SESSION,
    description: "Tea time.",
    scheduledAt: at,
  });
  await using _background = here.local.startBackground();
  await here.runtime.runTurn(SESSION, "Tea?");
  await clock.advanceAsync(2000);
  const inputs = (await here.runtime.messages(SESSION)).filter(({ role }) => role === "user");
  assert.deepEqual(inputs.map(({ content, metadata }) => [textOf(content), metadata?.["wake"]]), [
    ["Tea?", undefined],
    ["Tea time.", `schedule:${id}:${at}`],
  ]);
});

Deno.test("a wake on a route is told again, by a turn, when its process died before the host was done with it", async () => {
  using folder = tempFolder();
  const first = await open(folder.path, openGate("pure"), []);
  const route = first.local.wakeRoutes.register(SESSION);
  const { id } = await first.local.taskRegistry.create({
    sessionId: SESSION,
    kind: "note",
    displayName: "Report",
    state: "running",
    wakePolicy: "on_terminal",
  });
  await first.local.taskRegistry.update(SESSION, id, { state: "succeeded" });
  const { value } = await route.next();
  // Its locks are free, and nothing of it is stored any more.
  await first.local.close();
  await using here = await open(folder.path, openGate("pure"), []);
  await using _background = here.local.startBackground();
  await nextInput(here, 0);
  assert.deepEqual(await inputsOf(here), [value?.text]);
  await first.runtime.close();
});

Deno.test("a wake that the host of a route is done with is told no more", async () => {
  using folder = tempFolder();
  await using here = await open(folder.path, openGate("pure"), []);
  const { taskRegistry, wakeRoutes, wakes } = here.local;
  const route = wakeRoutes.register(SESSION);
  const task = { sessionId: SESSION, kind: "note", displayName: "Report", wakePolicy: "on_terminal" } as const;
  const { id } = await taskRegistry.create({ ...task, state: "running" });
  await taskRegistry.update(SESSION, id, { state: "succeeded" });
  for await (const { key } of route) {
    assert.deepEqual(wakes.pending().map((wake) => `wake:${wake.id}`), [key]);
    break;
  }
  await setImmediate();
  assert.deepEqual(wakes.pending(), []);
  assert.deepEqual(await inputsOf(here), []);
});

Deno.test("a subagent that a dead process left is gone on with, and its session is woken once", async () => {
  using folder = tempFolder();
  const before = closedGate("idempotent");
  const dead = await dieWith(folder.path, before, SUBAGENT);
  const after = openGate("idempotent");
  {
    await using here = await open(folder.path, after, [SUBAGENT]);
    const [task] = await here.local.taskRegistry.list(SESSION);
    assert.equal(task?.state, "running");
    await using _background = here.local.startBackground();
    await nextInput(here, 1);
    const [settled] = await here.local.taskRegistry.list(SESSION);
    assert.deepEqual(summaryOf(settled), ["subagent", "succeeded", 2, "Echo: Please wait."]);
  }
  // The child's call was made again under its key, as an idempotent one may be.
  assert.deepEqual(after.keys.filter((key) => !key.startsWith(SESSION)), before.keys);
  await using later = await open(folder.path, after, []);
  await using _background = later.local.startBackground();
  await setImmediate();
  assert.equal((await inputsOf(later)).length, 2);
  await dead();
});

Deno.test("a background run that may be repeated is gone on with by the next process, under the same key", async () => {
  using folder = tempFolder();
  const before = closedGate("idempotent");
  const dead = await dieWith(folder.path, before, BACKGROUND);
  const after = openGate("idempotent");
  await using here = await open(folder.path, after, [BACKGROUND]);
  await using _background = here.local.startBackground();
  await nextInput(here, 1);
  const [task] = await here.local.taskRegistry.list(SESSION);
  assert.deepEqual(summaryOf(task), ["background_tool", "succeeded", 2, "open"]);
  assert.deepEqual(after.keys, before.keys);
  await dead();
});

Deno.test("a background run that must not be repeated ends as orphaned, and its session is told", async () => {
  using folder = tempFolder();
  const dead = await dieWith(folder.path, closedGate("at_most_once"), BACKGROUND);
  const after = openGate("at_most_once");
  await using here = await open(folder.path, after, [BACKGROUND]);
  await using _background = here.local.startBackground();
  await nextInput(here, 1);
  const [task] = await here.local.taskRegistry.list(SESSION);
  assert.deepEqual([task?.state, task?.error?.kind, after.keys], ["failed", "orphaned", []]);
  assert.match((await inputsOf(here)).at(-1) ?? "", /has ended: failed/);
  await dead();
});

Deno.test("background work tells the host what it could not do for a damaged task", async () => {
  using folder = tempFolder();
  const dead = await dieWith(folder.path, closedGate("pure"), BACKGROUND);
  using db = new DatabaseSync(join(folder.path, "local.db"));
  db.exec("UPDATE task SET body = body || ' '");
  await using here = await open(folder.path, openGate("pure"), []);
  const told = Promise.withResolvers<unknown>();
  await using _background = here.local.startBackground({ tasks: { reportError: told.resolve } });
  assert.ok(await told.promise instanceof CorruptRecordError);
  await dead();
});

Deno.test("a hook that refuses a tool refuses it in the background too", async () => {
  using folder = tempFolder();
  const gate = openGate("pure");
  const guard = defineCapability({
    id: "guard",
    name: "Guard",
    hooks: {
      preToolUse: (call) => call.name === "wait" ? { action: "block", reason: "not today" } : { action: "allow" },
    },
  });
  await using here = await openRuntime(folder.path, {
    model: LlmSimConfig.echo().withConditionalToolCalls("go", [BACKGROUND]),
    capabilities: ["gate", "guard", "background_execution"],
    configure: (builder) => builder.capability(gate.capability).capability(guard),
  });
  await here.runtime.runTextTurn(SESSION, "go");
  await nextInput(here, 1);
  const [task] = await here.local.taskRegistry.list(SESSION);
  assert.deepEqual([task?.state, gate.keys], ["failed", []]);
  assert.match(task?.error?.message ?? "", /Blocked by a pre_tool_use hook: not today/);
});

/** Starts background work and dies; the returned function ends what is left of the process. */
async function dieWith(folder: string, gate: Gate, call: LlmSimToolCall): Promise<() => Promise<void>> {
  const first = await open(folder, gate, [call]);
  assert.equal((await first.runtime.runTextTurn(SESSION, "go")).success, true);
  await gate.started;
  // Its locks are free, and nothing of it is stored any more.
  await first.local.close();
  return async () => {
    gate.open();
    await first.runtime.close().catch(() => {});
  };
}

function open(
  folder: string,
  { capability }: Gate,
  calls: readonly LlmSimToolCall[],
  clock?: Clock,
): Promise<OpenRuntime> {
  const wait = [{ name: "wait", arguments: {} }];
  return openRuntime(folder, {
    ...(clock === undefined ? {} : { clock }),
    model: LlmSimConfig.echo().withConditionalToolCalls("go", calls).withConditionalToolCalls("Please wait", wait),
    capabilities: ["gate", "subagents", "background_execution", "session_tasks"],
    configure: (builder) => builder.capability(capability),
  });
}

function openGate(effect: ToolEffect): Gate {
  const gate = closedGate(effect);
  gate.open();
  return gate;
}

function closedGate(effect: ToolEffect): Gate {
  const passed = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const keys: string[] = [];
  const tool = defineTool({
    name: "wait",
    description: "Waits",
    parameters: { type: "object" },
    effect,
    hints: { supportsBackground: true },
    timeoutMs: 3_600_000,
    execute: async (_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      started.resolve();
      await passed.promise;
      return "open";
    },
  });
  const capability = defineCapability({ id: "gate", name: "Gate", tools: [tool] });
  return { capability, keys, started: started.promise, open: passed.resolve };
}

/** Resolves when the session has got so many inputs after its first one. */
async function nextInput({ runtime }: OpenRuntime, count: number): Promise<void> {
  let inputs = 0;
  for await (const event of runtime.subscribe(SESSION, { after: 0 })) {
    if (event.type === "input.message" && inputs++ === count) return;
  }
}

async function inputsOf({ runtime }: OpenRuntime): Promise<string[]> {
  const messages = await runtime.messages(SESSION);
  return messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
}

function summaryOf(task: SessionTask | undefined): unknown[] {
  return [task?.kind, task?.state, task?.attempt, task?.summary];
}
