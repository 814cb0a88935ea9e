/** Cancelling a turn that goes on, or was recovered, and is being stored as waiting again. */

import assert from "node:assert/strict";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import type { Event } from "../../../src/records/event.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { calls, faultRuntime, Process, SESSION } from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

/** Backends that tell of every step just before it is stored. */
function watched(backends: RuntimeBackends) {
  const { turnStore } = backends.slots;
  const told: { step?: (events: readonly Event[]) => Promise<unknown> } = {};
  const store = new Proxy(turnStore, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "compareAndAppend") return member.bind(target);
      return async (...args: Parameters<typeof target.compareAndAppend>) => {
        await told.step?.(args[0].events);
        return await target.compareAndAppend(...args);
      };
    },
  });
  return { backends: backends.withTurnStore(store), told };
}

async function waiting() {
  const disk = RuntimeBackends.inMemory();
  const { backends, told } = watched(disk);
  const runtime = await faultRuntime({
    backends,
    clientTools: [defineClientTool({ name: "ask", description: "Asks the user" })],
    respond: () => calls("ask", "ask"),
  });
  const { waitingFor } = await runtime.runTurn(SESSION, "go");
  const answer = (...places: readonly number[]): { toolResults: { toolCallId: string; result: JsonValue }[] } => ({
    toolResults: places.map((place) => ({ toolCallId: waitingFor[place]?.id ?? "", result: "yes" })),
  });
  return { runtime, told, disk, answer, [Symbol.asyncDispose]: () => runtime.close() };
}

/** Cancels as soon as a step with an event of a type is to be stored. */
function cancelAt(type: string, runtime: InProcessRuntime, outcome: boolean[]) {
  return async (events: readonly Event[]): Promise<void> => {
    if (outcome.length === 0 && events.some((event) => event.type === type)) {
      outcome.push(true);
      outcome[0] = await runtime.cancelTurn(SESSION, "enough");
    }
  };
}

Deno.test("cancelTurn() while a partial answer is stored cancels the turn, which does not wait any longer", async () => {
  await using world = await waiting();
  const { runtime, told, disk, answer } = world;
  const cancelled: boolean[] = [];
  told.step = cancelAt("tool.completed", runtime, cancelled);
  const result = await runtime.resumeTurn(SESSION, answer(0));
  assert.deepEqual(cancelled, [true]);
  assert.deepEqual([result.status, result.success, result.waitingFor], ["cancelled", false, []]);
  assert.equal(await runtime.status(SESSION), "idle");
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("cancelTurn() while a resumed turn is stored as waiting again cancels it", async () => {
  await using world = await waiting();
  const { runtime, told, disk, answer } = world;
  const cancelled: boolean[] = [];
  told.step = cancelAt("turn.waiting", runtime, cancelled);
  const result = await runtime.resumeTurn(SESSION, answer(0, 1));
  assert.deepEqual(cancelled, [true]);
  assert.deepEqual([result.status, result.stopReason], ["cancelled", "cancelled"]);
  assert.equal(await runtime.status(SESSION), "idle");
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("the signal of resumeTurn() counts while the turn is stored as waiting again", async () => {
  await using world = await waiting();
  const { runtime, told, answer } = world;
  const stop = new AbortController();
  told.step = (events) => Promise.resolve(events.some(({ type }) => type === "turn.waiting") && stop.abort());
  const result = await runtime.resumeTurn(SESSION, answer(0, 1), { signal: stop.signal });
  assert.equal(result.status, "cancelled");
  assert.equal(await runtime.status(SESSION), "idle");
});

Deno.test("cancelTurn() while a recovered turn is stored as waiting cancels it", async () => {
  const disk = RuntimeBackends.inMemory();
  const options = {
    clientTools: [defineClientTool({ name: "ask", description: "Asks the user" })],
    respond: () => calls("ask"),
  };
  const life = new Process(disk, { commit: 3, when: "before" });
  const dead = await faultRuntime({ ...options, backends: life.backends });
  await assert.rejects(dead.runTurn(SESSION, "go"));
  const { backends, told } = watched(disk);
  await using runtime = await faultRuntime({ ...options, backends });
  const cancelled: boolean[] = [];
  told.step = cancelAt("turn.waiting", runtime, cancelled);
  const [recovered] = await runtime.recover();
  assert.deepEqual(cancelled, [true]);
  assert.equal(recovered?.result?.status, "cancelled");
  assert.equal(await runtime.status(SESSION), "idle");
  await assertSession(runtime, disk, { acked: ["go"] });
});
