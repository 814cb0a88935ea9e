/** A repeated idempotency key returns the first turn, whatever became of it. */

import assert from "node:assert/strict";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  isSettled,
  logOf,
  ofType,
  Process,
  script,
  SESSION,
  stalls,
  text,
  tool,
  until,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const KEY = { idempotencyKey: "order-1" };

async function open(options: FaultOptions = {}) {
  const backends = options.backends ?? RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

/** How many inputs and turns are stored. */
async function counts(backends: RuntimeBackends): Promise<readonly [inputs: number, turns: number]> {
  const events = await logOf(backends);
  return [ofType(events, "input.message").length, ofType(events, "turn.started").length];
}

Deno.test("a repeated input returns the ended turn and stores nothing", async () => {
  await using world = await open({ respond: script(text("one"), text("two")) });
  const { runtime, backends } = world;
  const first = await runtime.runTurn(SESSION, "go", KEY);
  const second = await runtime.runTurn(SESSION, "go", KEY);
  assert.deepEqual(second, first);
  assert.deepEqual(await counts(backends), [1, 1]);
  assert.equal((await runtime.runTurn(SESSION, "go", { idempotencyKey: "order-2" })).response, "two");
});

Deno.test("a repeated input of a failed, a cancelled and a refused turn returns the same result", async () => {
  await using world = await open({
    respond: async function* (request, options, call) {
      if (call === 1) throw new Error("broken");
      yield* stalls()(request, options, call);
    },
  });
  const { runtime } = world;
  const failed = await runtime.runTurn(SESSION, "a", { idempotencyKey: "a" });
  const again = await runtime.runTurn(SESSION, "a", { idempotencyKey: "a" });
  assert.deepEqual(again, failed);

  const handle = runtime.startTurn(SESSION, "b", { idempotencyKey: "b" });
  await handle.accepted;
  handle.cancel("enough");
  const cancelled = await handle.result;
  assert.deepEqual(await runtime.runTurn(SESSION, "b", { idempotencyKey: "b" }), cancelled);
});

Deno.test("a repeated input of a turn that was cut short returns what it had said and done by then", async () => {
  const never = Promise.withResolvers<void>();
  await using world = await open({
    tools: [
      tool("look", () => "seen"),
      tool("hang", () => {
        never.resolve();
        return new Promise(() => {});
      }),
    ],
    respond: script([{ type: "text", delta: "Let me look." }, ...calls("look")], calls("look", "hang")),
  });
  const { runtime } = world;
  const handle = runtime.startTurn(SESSION, "go", KEY);
  await never.promise;
  await until(() => runtime.events().filter(({ type }) => type === "tool.completed").length === 2);
  handle.cancel("enough");
  const cancelled = await handle.result;
  assert.deepEqual([cancelled.response, cancelled.toolCallsCount], ["Let me look.", 2]);
  assert.deepEqual(await runtime.runTurn(SESSION, "go", KEY), cancelled);
});

Deno.test("a repeated input of a sealed turn says why it was sealed", async () => {
  const guard = defineCapability({
    id: "guard",
    name: "Guard",
    hooks: {
      beforeModelCall: ({ turn }) =>
        turn.iteration === 1 ? { action: "proceed" } : { action: "stop", reason: "budget", detail: "all spent" },
    },
  });
  await using world = await open({
    capabilities: [guard],
    tools: [tool("look", () => "seen")],
    respond: script([{ type: "text", delta: "Let me look." }, ...calls("look")]),
  });
  const { runtime } = world;
  const sealed = await runtime.runTurn(SESSION, "go", KEY);
  assert.deepEqual(sealed.sealed, { reason: "budget", detail: "all spent" });
  assert.deepEqual(await runtime.runTurn(SESSION, "go", KEY), sealed);
});

Deno.test("a repeated input waits for the running turn and returns it", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = await open({
    respond: async function* () {
      await gate.promise;
      yield* text("ok");
    },
  });
  const { runtime, backends } = world;
  const first = runtime.startTurn(SESSION, "go", KEY);
  await first.accepted;
  const second = runtime.startTurn(SESSION, "go", KEY);
  assert.equal(await isSettled(second.result), false);
  gate.resolve();
  assert.deepEqual(await second.result, await first.result);
  await second.accepted;
  assert.deepEqual(await counts(backends), [1, 1]);
});

Deno.test("of concurrent inputs with one key a single one is stored, and all return its turn", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const results = await Promise.all(Array.from({ length: 20 }, () => runtime.runTurn(SESSION, "go", KEY)));
  assert.equal(new Set(results.map(({ turnId }) => turnId)).size, 1);
  assert.deepEqual(await counts(backends), [1, 1]);
});

Deno.test("a repeated input returns the turn that waits, with the calls it waits for", async () => {
  await using world = await open({
    respond: script(calls("ask"), text("done")),
    clientTools: [defineClientTool({ name: "ask", description: "Asks" })],
  });
  const { runtime, backends } = world;
  const first = await runtime.runTurn(SESSION, "go", KEY);
  assert.equal(first.status, "waiting");
  assert.deepEqual(await runtime.runTurn(SESSION, "go", KEY), first);
  assert.deepEqual(await counts(backends), [1, 1]);
  await using restarted = await faultRuntime({
    backends,
    clientTools: [defineClientTool({ name: "ask", description: "Asks" })],
  });
  assert.deepEqual(await restarted.runTurn(SESSION, "go", KEY), first);
});

Deno.test("a repeated input returns the ended turn after a rebuild over the same backends", async () => {
  const backends = RuntimeBackends.inMemory();
  await using first = await faultRuntime({ backends });
  const result = await first.runTurn(SESSION, "go", KEY);
  await first.close();
  await using second = await faultRuntime({ backends, respond: () => text("another") });
  assert.deepEqual(await second.runTurn(SESSION, "go", KEY), result);
  assert.deepEqual(await counts(backends), [1, 1]);
});

Deno.test("an input whose process died before anything was stored is stored by the repeat", async () => {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 1, when: "before" });
  const dying = await faultRuntime({ backends: process.backends });
  await assert.rejects(dying.runTurn(SESSION, "go", KEY));
  await using runtime = await faultRuntime({ backends: disk });
  assert.equal((await runtime.runTurn(SESSION, "go", KEY)).response, "ok");
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("an input whose process died after it was stored is not stored again by the repeat", async () => {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 1, when: "after" });
  const dying = await faultRuntime({ backends: process.backends });
  await assert.rejects(dying.runTurn(SESSION, "go", KEY));
  await using runtime = await faultRuntime({ backends: disk });
  assert.equal((await runtime.runTurn(SESSION, "go", KEY)).response, "ok");
  assert.deepEqual(await counts(disk), [1, 1]);
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("a repeated steering input is accepted and stored once", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = await open({
    tools: [tool("look", () => gate.promise)],
    respond: script(calls("look"), text("done")),
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await handle.accepted;
  const steering = [handle.steer("left", KEY), handle.steer("left", KEY), runtime.deliver(SESSION, "left", KEY)];
  gate.resolve();
  await Promise.all(steering);
  const result = await handle.result;
  await handle.steer("left", KEY);
  await runtime.deliver(SESSION, "left", KEY);
  assert.deepEqual(await counts(backends), [2, 1]);
  assert.equal((await runtime.runTurn(SESSION, "left", KEY)).turnId, result.turnId);
  await assertSession(runtime, backends, { acked: ["go", "left"] });
});

Deno.test("steering inputs with other keys are stored beside a repeated one", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  await runtime.runTurn(SESSION, "first", KEY);
  const handle = runtime.startTurn(SESSION, "go");
  await Promise.all([
    handle.steer("repeat", KEY),
    handle.steer("a", { idempotencyKey: "a" }),
    handle.steer("plain"),
    handle.steer("b", { idempotencyKey: "b" }),
  ]);
  await handle.result;
  await assertSession(runtime, backends, { acked: ["first", "go", "a", "plain", "b"] });
  assert.deepEqual(await counts(backends), [5, 2]);
});

Deno.test("an input steered at a repeated turn is stored in a next turn, not lost", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  await runtime.runTurn(SESSION, "go", KEY);
  const repeat = runtime.startTurn(SESSION, "go", KEY);
  const early = repeat.steer("early");
  await repeat.result;
  const receipts = await Promise.all([early, repeat.steer("late")]);
  assert.deepEqual(receipts.map(({ joined }) => joined), [false, false]);
  for (const receipt of receipts) if (!receipt.joined) await receipt.turn.result;
  await assertSession(runtime, backends, { acked: ["go", "early", "late"] });
});

Deno.test("keys of different sessions do not meet", async () => {
  const other = idFromSeed("session", 2);
  await using world = await open();
  const { runtime } = world;
  await runtime.createSession({ id: other, harnessId: idFromSeed("harness", 1) });
  const [first, second] = [await runtime.runTurn(SESSION, "go", KEY), await runtime.runTurn(other, "go", KEY)];
  assert.notEqual(first.turnId, second.turnId);
  assert.deepEqual([first.sessionId, second.sessionId], [SESSION, other]);
});

for (const key of ["", "__proto__", "constructor", "k".repeat(10_000), "a\u0000b", "\ud800"]) {
  Deno.test(`the key ${JSON.stringify(key.slice(0, 12))} (${key.length}) is a key like any other`, async () => {
    await using world = await open();
    const { runtime, backends } = world;
    const first = await runtime.runTurn(SESSION, "go", { idempotencyKey: key });
    assert.deepEqual(await runtime.runTurn(SESSION, "go", { idempotencyKey: key }), first);
    assert.deepEqual(await counts(backends), [1, 1]);
  });
}

Deno.test("a key that another runtime took meanwhile returns that runtime's turn", async () => {
  const backends = RuntimeBackends.inMemory();
  const looked = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  class RacedTurnStore extends InMemoryTurnStore {
    override async turnForKey(...args: Parameters<InMemoryTurnStore["turnForKey"]>) {
      const found = await backends.slots.turnStore.turnForKey(...args);
      // The other runtime takes the key just after this one looked for it.
      looked.resolve();
      await taken.promise;
      return found;
    }
  }
  const { turnStore } = backends.slots;
  const raced = new RacedTurnStore();
  const racing = new Proxy(turnStore, {
    get(target, name) {
      const owner = name === "turnForKey" ? raced : target;
      const member: unknown = Reflect.get(owner, name, owner);
      return typeof member === "function" ? member.bind(owner) : member;
    },
  });
  await using other = await faultRuntime({ backends });
  await using runtime = await faultRuntime({ backends: backends.withTurnStore(racing) });
  const second = runtime.runTurn(SESSION, "go", KEY);
  await looked.promise;
  const first = await other.runTurn(SESSION, "go", KEY);
  taken.resolve();
  assert.deepEqual(await second, first);
  assert.deepEqual(await counts(backends), [1, 1]);
});

Deno.test("the handle of a repeated input names the first turn as soon as it is accepted", async () => {
  await using world = await open({ respond: script(text("one"), text("two")) });
  const { runtime } = world;
  const running = runtime.startTurn(SESSION, "go", KEY);
  const meanwhile = runtime.startTurn(SESSION, "go", KEY);
  await meanwhile.accepted;
  const afterwards = runtime.startTurn(SESSION, "go", KEY);
  await afterwards.accepted;
  assert.deepEqual([meanwhile.turnId, afterwards.turnId], [running.turnId, running.turnId]);
});
