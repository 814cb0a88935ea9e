/** Running tasks whose work is done by a child session. */

import assert from "node:assert/strict";
import { defineCapability, defineClientTool, defineTool, RuntimeError, StoreError } from "../../../mod.ts";
import { subagentExecutor } from "../../../src/capabilities/subagents/executor.ts";
import { permitsOf } from "../../../src/kit/background_permits.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { Gate } from "../_support/gates.ts";
import { toolsCapability } from "../_support/runtime.ts";
import { childTask, eventually, executorOf, inState, now, world } from "./subagent_support.ts";

Deno.test("a task succeeds with the last message, cut to 2048 characters and never through a character", async () => {
  await using it = await world(() => `${"x".repeat(2047)}😀!`);
  const task = await childTask(it);
  await executorOf(it).start(task);
  assert.equal((await inState(it, task, "succeeded")).summary, "x".repeat(2047));
});

Deno.test("a task fails with the kind of its child's end", async () => {
  const failing = async (answer: "throw" | "loop"): Promise<SessionTask["error"]> => {
    const again = toolsCapability([defineTool({ name: "again", description: "", execute: () => "more" })]);
    await using it = await world(() => {
      if (answer === "throw") throw new Error("no");
      return [{ name: "again" }];
    }, { capabilities: [again] });
    const task = await childTask(it);
    const child = (await it.platform.getSession(task.child))!;
    await it.backends.slots.sessionStore.addSession({ ...child, maxIterations: 2 });
    await executorOf(it).start(task);
    return (await inState(it, task, "failed")).error;
  };
  assert.deepEqual(await failing("throw"), { kind: "failed", message: "Its turn failed: processing_error" });
  assert.deepEqual(await failing("loop"), {
    kind: "max_iterations_reached",
    message: "It reached its limit of steps",
  });
});

Deno.test("a task whose child cannot run tells nothing of the host's files", async () => {
  await using it = await world(() => "1");
  const task = await childTask(it);
  const platform = Object.create(it.platform, {
    sendMessage: { value: () => Promise.reject(new StoreError('write to "/home/me/local.db"', new Error("no"))) },
  });
  await subagentExecutor(it.registry, platform).start(task);
  const { error } = await inState(it, task, "failed");
  assert.deepEqual(error, { kind: "error", message: "The agent could not run: an internal error (store_failed)" });
});

Deno.test("a message to a running child joins its turn", async () => {
  const gate = new Gate();
  await using it = await world(
    ({ text, results }) => text === "count" && results.length === 0 ? [{ name: "work" }] : `did: ${text}`,
    { capabilities: [toolsCapability([gate.tool("work")])] },
  );
  const task = await childTask(it);
  await executorOf(it).start(task);
  await gate.held(1);
  const delivered = executorOf(it).deliver?.(task, "faster");
  await gate.release();
  await delivered;
  assert.equal((await inState(it, task, "succeeded")).summary, "did: faster");
  assert.equal(gate.most, 1);
  const turns = it.runtime.events().filter((event) => event.sessionId === task.child && event.type === "turn.started");
  assert.equal(turns.length, 1);
});

Deno.test("a message that comes before the child's turn is answered before the task is settled", async () => {
  await using it = await world(({ text }) => `did: ${text}`);
  const task = await childTask(it);
  await executorOf(it).start(task);
  await executorOf(it).deliver?.(task, "also this");
  await it.clock.advanceAsync(250);
  assert.equal((await inState(it, task, "succeeded")).summary, "did: also this");
});

Deno.test("a message to a task that has ended is refused: nobody would hear the answer", async () => {
  await using it = await world(() => "done");
  const task = await childTask(it);
  await executorOf(it).start(task);
  const ended = await inState(it, task, "succeeded");
  await assert.rejects(async () => await executorOf(it).deliver?.(ended, "more"), /it has ended \(succeeded\)/);
});

Deno.test("start() in another runtime gets what the first turn came to, and asks no model again", async () => {
  await using first = await world(() => "counted");
  const task = await childTask(first);
  // The process died after the turn and before the task was settled.
  await first.platform.sendMessage(task.child, "count", { idempotencyKey: `task:${task.id}` });
  await using second = await world(() => "counted again", { backends: first.backends, registry: first.registry });
  const executor = subagentExecutor(first.registry, second.platform, { clock: second.clock });
  assert.equal(executor.canReattach?.(task), true);
  await executor.start(task);
  assert.equal((await inState(first, task, "succeeded")).summary, "counted");
  assert.equal(second.model.asked.length, 0);
});

Deno.test("start() goes on with a turn that a dead process left open", async () => {
  await using first = await world(({ hang }) => hang());
  const task = await childTask(first);
  await executorOf(first).start(task);
  await eventually(() => first.model.hanging === 1);
  const owner = (await first.backends.slots.turnStore.getHead(task.child))?.owner;
  await first.backends.slots.turnStore.disconnect(owner!);
  await first.registry.update(first.sessionId, task.id, { incrementAttempt: true });
  await using second = await world(() => "counted", { backends: first.backends, registry: first.registry });
  const executor = subagentExecutor(first.registry, second.platform, { clock: second.clock });
  await executor.start(await now(first, task));
  assert.equal((await inState(first, task, "succeeded")).summary, "counted");
  const messages = await second.platform.getMessages(task.child);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "agent"]);
});

Deno.test("start() waits for a child that another living process runs, and gets what it came to", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using first = await world(() => held.then(() => "counted there"));
  const task = await childTask(first);
  const turn = first.platform.sendMessage(task.child, "count", { idempotencyKey: `task:${task.id}` });
  await eventually(() => first.model.asked.length === 1);
  await using second = await world(() => "counted here", { backends: first.backends, registry: first.registry });
  const executor = subagentExecutor(first.registry, second.platform, { clock: second.clock });
  await executor.start(task);
  assert.match(await executor.cancel?.(task) ?? "", /runs in another process/);
  await second.clock.advanceAsync(2_000);
  assert.equal((await now(first, task)).state, "running");
  release();
  await turn;
  await second.clock.advanceAsync(2_000);
  assert.equal((await inState(first, task, "succeeded")).summary, "counted there");
});

Deno.test("a store that is busy for a while does not leave an ended task running", async () => {
  await using it = await world(() => "counted");
  const task = await childTask(it);
  const { registry } = it;
  const update = registry.update.bind(registry);
  let tries = 0;
  registry.update = (...args) => {
    return ++tries < 3 ? Promise.reject(new RuntimeError("store_busy", "busy")) : update(...args);
  };
  await executorOf(it).start(task);
  await eventually(() => tries === 1);
  await it.clock.advanceAsync(10_000);
  await inState(it, task, "succeeded");
  assert.equal(tries, 3);
});

Deno.test("a task is settled by whoever watches it, not by reconcile() before", async () => {
  await using it = await world(({ hang }) => hang());
  const task = await childTask(it);
  const executor = subagentExecutor(it.registry, it.platform, { clock: it.clock, limitMs: 1_000 });
  const { registry } = it;
  const update = registry.update.bind(registry);
  registry.update = () => Promise.reject(new RuntimeError("store_busy", "busy"));
  await executor.start(task);
  await eventually(() => it.model.hanging === 1);
  await it.clock.advanceAsync(1_000);
  await eventually(async () => await it.platform.getStatus(task.child) === "cancelled");
  await it.clock.advanceAsync(0);
  registry.update = update;
  await executor.reconcile?.(task);
  assert.equal((await now(it, task)).state, "running");
  await it.clock.advanceAsync(5_000);
  assert.equal((await inState(it, task, "failed")).error?.kind, "timeout");
});

Deno.test("a started task holds one permit until its child's work is over", async () => {
  await using it = await world(({ hang }) => hang());
  const permits = permitsOf(it.registry);
  const task = await childTask(it);
  await Promise.all([executorOf(it).start(task), executorOf(it).start(task)]);
  await eventually(() => it.model.hanging === 1);
  const rest = [1, 2, 3, 4].map(() => permits.acquire(it.sessionId));
  assert.throws(() => permits.acquire(it.sessionId), /number 6/);
  // Settling may take as long as it likes.
  const settling = Promise.withResolvers<undefined>();
  it.registry.update = () => settling.promise;
  await it.platform.cancelTurn(task.child);
  await eventually(async () => await it.platform.getStatus(task.child) === "cancelled");
  await it.clock.advanceAsync(0);
  permits.acquire(it.sessionId);
  assert.equal(rest.length, 4);
  settling.resolve(undefined);
});

Deno.test("closing the runtime aborts its children, and their tasks are canceled", async () => {
  await using it = await world(({ hang }) => hang());
  const task = await childTask(it);
  await executorOf(it).start(task);
  await eventually(() => it.model.hanging === 1);
  await it.runtime.close();
  await inState(it, task, "canceled");
  assert.equal(it.clock.pending, 0);
});

Deno.test("start() twice runs one turn", async () => {
  await using it = await world(() => "counted");
  const task = await childTask(it);
  await Promise.all([executorOf(it).start(task), executorOf(it).start(task)]);
  await inState(it, task, "succeeded");
  assert.equal(it.model.asked.length, 1);
});

Deno.test("what a superseded attempt comes to is dropped", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using it = await world(() => held.then(() => "late"));
  const task = await childTask(it);
  await executorOf(it).start(task);
  await eventually(() => it.model.asked.length === 1);
  await it.registry.update(it.sessionId, task.id, { incrementAttempt: true });
  release();
  await it.platform.sendMessage(task.child, "count", { idempotencyKey: `task:${task.id}` });
  await it.clock.advanceAsync(0);
  assert.deepEqual([(await now(it, task)).state, (await now(it, task)).summary], ["running", undefined]);
});

Deno.test("a task stays as it is when the runtime is closed", async () => {
  await using it = await world(() => "counted");
  const task = await childTask(it);
  const executor = executorOf(it);
  await it.runtime.close();
  await executor.start(task);
  await it.clock.advanceAsync(0);
  assert.equal((await now(it, task)).state, "running");
  assert.equal(it.clock.pending, 0);
});

Deno.test("a child whose turn waits for its client makes its task ask, and the answer settles it", async () => {
  const asking = defineCapability({
    id: "asking",
    name: "Asking",
    clientTools: [defineClientTool({ name: "ask_user", description: "" })],
  });
  await using it = await world(({ results }) => results.length === 0 ? [{ name: "ask_user" }] : `heard ${results}`, {
    capabilities: [asking],
  });
  const task = await childTask(it);
  await executorOf(it).start(task);
  const { inputRequest } = await inState(it, task, "awaiting_input");
  assert.match(inputRequest?.prompt ?? "", /waits for its client .* ask_user \(call_/);
  await executorOf(it).reconcile?.(task);
  const toolCallId = /call_\w+/.exec(inputRequest!.prompt)![0];
  await it.runtime.resumeTurn(task.child, { toolResults: [{ toolCallId, result: "42" }] });
  await it.clock.advanceAsync(2_000);
  assert.match((await inState(it, task, "succeeded")).summary ?? "", /heard .*42/);
});

Deno.test("cancel() ends a child whose turn waits for its client", async () => {
  const asking = defineCapability({
    id: "asking",
    name: "Asking",
    clientTools: [defineClientTool({ name: "ask_user", description: "" })],
  });
  await using it = await world(() => [{ name: "ask_user" }], { capabilities: [asking] });
  const task = await childTask(it);
  await executorOf(it).start(task);
  await inState(it, task, "awaiting_input");
  await executorOf(it).cancel?.(task);
  await inState(it, task, "canceled");
  assert.equal(await it.platform.getStatus(task.child), "cancelled");
});

Deno.test("a child that runs for over 6 h is aborted, and its task has failed", async () => {
  await using it = await world(({ results }) => results.length === 0 ? [{ name: "work" }] : "done", {
    capabilities: [toolsCapability([defineTool({
      name: "work",
      description: "",
      timeoutMs: 24 * 3_600_000,
      execute: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    })])],
  });
  const task = await childTask(it);
  await executorOf(it).start(task);
  await eventually(async () => await it.platform.getStatus(task.child) === "active");
  it.clock.advance(6 * 3_600_000 - 1);
  assert.equal((await now(it, task)).state, "running");
  it.clock.advance(1);
  assert.equal((await inState(it, task, "failed")).error?.kind, "timeout");
  assert.equal(await it.platform.getStatus(task.child), "cancelled");
});

Deno.test("reconcile() settles a task nobody watches when its child has ended, and no other", async () => {
  await using it = await world(() => "counted");
  const [idle, ended] = [await childTask(it), await childTask(it, { result_schema: {} })];
  await it.platform.sendMessage(ended.child, "count");
  for (const task of [idle, ended]) await executorOf(it).reconcile?.(task);
  assert.equal((await now(it, idle)).state, "running");
  assert.deepEqual([(await now(it, ended)).state, (await now(it, ended)).error?.kind], ["failed", "no_result"]);
});

Deno.test("a task without a child or instructions is refused", async () => {
  await using it = await world(() => "counted");
  const task = await it.registry.create({ sessionId: it.sessionId, kind: "subagent", displayName: "odd" });
  await assert.rejects(executorOf(it).start(task), /needs `links.childSessionId` and `spec.instructions`/);
  assert.equal(executorOf(it).canReattach?.(task), false);
});

Deno.test("a child in the background is no part of the turn that spawned it", async () => {
  const told = Promise.withResolvers<void>();
  const tell = defineTool({
    name: "tell_parent",
    description: "",
    execute: async (_, { platform, sessionId }) => {
      const parent = (await platform!.getSession(sessionId))!.parentSessionId!;
      const sent = platform!.sendMessage(parent, "report");
      told.resolve();
      return (await sent).response;
    },
  });
  await using it = await world(async ({ text, results }) => {
    if (text === "delegate" && results.length === 0) {
      return [{ name: "spawn_agent", arguments: { name: "c", instructions: "count", target: { type: "subagent" } } }];
    }
    if (text === "delegate") return await told.promise.then(() => "spawned");
    if (text === "count" && results.length === 0) return [{ name: "tell_parent" }];
    return text === "count" ? results.join() : `heard ${text}`;
  }, { capabilities: [toolsCapability([tell])] });
  await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.equal((await it.settled()).summary, "heard report");
});
