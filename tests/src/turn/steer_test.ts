/** Inputs that join a running turn: stored once, before the next model call, and never lost. */

import assert from "node:assert/strict";
import { QueueFullError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { ModelMessage } from "../../../src/ports/driver.ts";
import { textOf } from "../../../src/records/content.ts";
import type { SteerReceipt, TurnHandle } from "../../../src/turn/turn_handle.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  isSettled,
  logOf,
  ofType,
  type Respond,
  script,
  SESSION,
  stalls,
  text,
  tool,
  until,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

/** A runtime with a log that can be looked at. */
async function open(options: FaultOptions) {
  const backends = RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

/** The texts of the user's messages in a request. */
function userTexts(messages: readonly ModelMessage[]): readonly string[] {
  return messages.flatMap((message) => message.role === "user" ? [textOf(message.content)] : []);
}

/** A model that answers "n inputs" and waits for a gate before each answer. */
function gated(): { respond: Respond; asked: string[][]; release(): void } {
  let gate = Promise.withResolvers<void>();
  const asked: string[][] = [];
  return {
    asked,
    release: () => {
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    respond: async function* ({ messages }) {
      asked.push([...userTexts(messages)]);
      await gate.promise;
      yield* text(`${userTexts(messages).length} inputs`);
    },
  };
}

/** The turns that began, and the inputs each of them stored. */
async function inputsByTurn(backends: RuntimeBackends): Promise<readonly (readonly string[])[]> {
  const byTurn = new Map<string, string[]>();
  for (const { data, context } of ofType(await logOf(backends), "input.message")) {
    const id = context.turnId ?? "none";
    byTurn.set(id, [...byTurn.get(id) ?? [], textOf(data.message.content)]);
  }
  return [...byTurn.values()];
}

Deno.test("steer() stores the input before the next model call and resolves after its commit", async () => {
  const gate = Promise.withResolvers<void>();
  const asked: (readonly string[])[] = [];
  const steps = script(calls("look"), text("done"));
  await using world = await open({
    tools: [tool("look", () => gate.promise)],
    respond: (request, ...rest) => {
      asked.push(userTexts(request.messages));
      return steps(request, ...rest);
    },
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await handle.accepted;
  const steering = handle.steer("left");
  assert.equal(await isSettled(steering), false);
  assert.deepEqual(await inputsByTurn(backends), [["go"]]);
  gate.resolve();
  assert.deepEqual(await steering, { joined: true });
  assert.deepEqual(await inputsByTurn(backends), [["go", "left"]]);
  await handle.result;
  assert.deepEqual(asked, [["go"], ["go", "left"]]);
  await assertSession(runtime, backends, { acked: ["go", "left"] });
});

Deno.test("steering while a would-be-final reply is made forces one more iteration", async () => {
  const model = gated();
  await using world = await open({ respond: model.respond });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => model.asked.length === 1);
  const steering = handle.steer("wait");
  model.release();
  await steering;
  await until(() => model.asked.length === 2);
  model.release();
  const result = await handle.result;
  assert.deepEqual([result.response, result.iterations], ["2 inputs", 2]);
  await assertSession(runtime, backends, { acked: ["go", "wait"] });
});

Deno.test("an input steered before the turn began joins it", async () => {
  await using world = await open({});
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  const receipts = await Promise.all([handle.steer("one"), handle.steer("two"), handle.result]);
  assert.deepEqual(receipts.slice(0, 2), [{ joined: true }, { joined: true }]);
  assert.deepEqual(await inputsByTurn(backends), [["go", "one", "two"]]);
  await assertSession(runtime, backends, { acked: ["go", "one", "two"] });
});

Deno.test("an input steered at a queued turn joins that turn, not the one that runs", async () => {
  const model = gated();
  await using world = await open({ respond: model.respond });
  const { runtime, backends } = world;
  const first = runtime.startTurn(SESSION, "first");
  const second = runtime.startTurn(SESSION, "second");
  const steering = second.steer("for the second");
  await until(() => model.asked.length === 1);
  model.release();
  await first.result;
  await steering;
  await until(() => model.asked.length === 2);
  model.release();
  await second.result;
  assert.deepEqual(await inputsByTurn(backends), [["first"], ["second", "for the second"]]);
});

async function assertStartedNext(
  runtime: InProcessRuntime,
  backends: RuntimeBackends,
  steering: Promise<SteerReceipt>,
  inputs: readonly (readonly string[])[],
): Promise<TurnHandle> {
  const receipt = await steering;
  assert.equal(receipt.joined, false);
  assert.ok(!receipt.joined);
  await receipt.turn.result;
  assert.deepEqual(await inputsByTurn(backends), inputs);
  const started = ofType(await logOf(backends), "turn.started").map(({ data }) => data.turnId);
  assert.equal(started.at(-1), receipt.turn.turnId);
  await assertSession(runtime, backends, { acked: inputs.flat() });
  return receipt.turn;
}

Deno.test("steer() after the turn has ended starts the next turn and says so", async () => {
  await using world = await open({});
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await handle.result;
  await assertStartedNext(runtime, backends, handle.steer("more"), [["go"], ["more"]]);
});

Deno.test("steer() once the closing step is decided starts the next turn and says so", async () => {
  const gate = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<void>();
  const hooked = defineCapability({
    id: "hooked",
    name: "Hooked",
    hooks: {
      turnEnd: async () => {
        ending.resolve();
        await gate.promise;
      },
    },
  });
  await using world = await open({ capabilities: [hooked] });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await ending.promise;
  const steering = handle.steer("late");
  gate.resolve();
  const next = await assertStartedNext(runtime, backends, steering, [["go"], ["late"]]);
  assert.notEqual(next.turnId, handle.turnId);
});

Deno.test("inputs left over when a turn is cancelled start the next turn together, and say so", async () => {
  const stalling = stalls();
  await using world = await open({
    respond: (request, options, call) => call === 1 ? stalling(request, options, call) : text("ok"),
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await handle.accepted;
  const one = handle.steer("one");
  const two = handle.steer("two");
  await until(() => runtime.events().some(({ type }) => type === "output.message.started"));
  handle.cancel();
  assert.equal((await handle.result).status, "cancelled");
  const next = await assertStartedNext(runtime, backends, one, [["go"], ["one", "two"]]);
  const second = await two;
  assert.ok(!second.joined);
  assert.equal(second.turn.turnId, next.turnId);
});

Deno.test("inputs left over when a turn fails start the next turn", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = await open({
    respond: async function* (_, __, call) {
      await gate.promise;
      if (call === 1) throw new Error("broken");
      yield* text("ok");
    },
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => runtime.events().some(({ type }) => type === "output.message.started"));
  const steering = handle.steer("more");
  gate.resolve();
  assert.equal((await handle.result).status, "failed");
  await assertStartedNext(runtime, backends, steering, [["go"], ["more"]]);
});

Deno.test("an input that joins a turn at its iteration limit is stored in the next turn, not lost", async () => {
  const gate = Promise.withResolvers<void>();
  await using world = await open({
    session: (single) => void single.sessionMaxIterations(1),
    respond: async function* () {
      await gate.promise;
      yield* text("ok");
    },
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => runtime.events().some(({ type }) => type === "output.message.started"));
  const steering = handle.steer("more");
  gate.resolve();
  assert.equal((await handle.result).stopReason, "max_turn_requests");
  await assertStartedNext(runtime, backends, steering, [["go"], ["more"]]);
});

Deno.test("deliver() joins the running turn and stores the input once", async () => {
  const model = gated();
  await using world = await open({ respond: model.respond });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => model.asked.length === 1);
  const delivered = runtime.deliver(SESSION, "wake");
  model.release();
  await delivered;
  await until(() => model.asked.length === 2);
  model.release();
  await handle.result;
  assert.deepEqual(await inputsByTurn(backends), [["go", "wake"]]);
});

Deno.test("deliver() to a resting session starts a turn and resolves when the input is stored", async () => {
  const model = gated();
  await using world = await open({ respond: model.respond });
  const { runtime, backends } = world;
  await runtime.deliver(SESSION, "wake");
  assert.deepEqual(await inputsByTurn(backends), [["wake"]]);
  await until(() => model.asked.length === 1);
  assert.equal(await runtime.status(SESSION), "active");
  model.release();
});

Deno.test("deliver() rejects when its input could not be stored", async () => {
  const asking = Promise.withResolvers<void>();
  const guard = defineCapability({
    id: "guard",
    name: "Guard",
    hooks: {
      userPromptSubmit: () => {
        asking.resolve();
        return new Promise(() => {});
      },
    },
  });
  await using world = await open({ capabilities: [guard] });
  const { runtime, backends } = world;
  const delivered = runtime.deliver(SESSION, "wake");
  await asking.promise;
  await runtime.cancelTurn(SESSION);
  await assert.rejects(delivered, { code: "turn_cancelled" });
  assert.deepEqual(await logOf(backends), []);
});

Deno.test("a turn takes a bounded number of inputs; the next one is refused and not stored", async () => {
  const model = gated();
  await using world = await open({ respond: model.respond, limits: { maxQueue: 2 } });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => model.asked.length === 1);
  const kept = [handle.steer("a"), handle.steer("b")];
  await assert.rejects(handle.steer("c"), QueueFullError);
  await assert.rejects(runtime.deliver(SESSION, "d"), QueueFullError);
  model.release();
  await Promise.all(kept);
  await until(() => model.asked.length === 2);
  model.release();
  await handle.result;
  assert.deepEqual(await inputsByTurn(backends), [["go", "a", "b"]]);
});

Deno.test("a turn that has not begun takes a bounded number of inputs too", async () => {
  await using world = await open({ limits: { maxQueue: 2 } });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  const kept = [handle.steer("a"), handle.steer("b")];
  await assert.rejects(handle.steer("c"), QueueFullError);
  await Promise.all(kept);
  await handle.result;
  assert.deepEqual(await inputsByTurn(backends), [["go", "a", "b"]]);
});
