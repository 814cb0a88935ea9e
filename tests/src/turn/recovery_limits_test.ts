/** Recovery of turns that cannot be gone on with, and of those that only look finished. */

import assert from "node:assert/strict";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { TurnCheckpoint } from "../../../src/records/checkpoint.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import {
  calls,
  faultRuntime,
  FaultSwitch,
  Ledger,
  logOf,
  ofType,
  Process,
  type Respond,
  script,
  SESSION,
  text,
  tool,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

/** A session whose process died with one call open, and whose checkpoint was then replaced. */
async function withCheckpoint(change: (checkpoint: TurnCheckpoint) => unknown): Promise<RuntimeBackends> {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 3, when: "before" });
  const runtime = await faultRuntime({
    tools: [tool("look", () => "seen")],
    respond: script(calls("look"), text("done")),
    backends: process.backends,
  });
  await assert.rejects(runtime.runTurn(SESSION, "go"));
  const { turnStore } = disk.slots;
  const head = await turnStore.getHead(SESSION);
  assert.ok(head?.checkpoint !== undefined);
  // Whatever another version of the runtime may have written.
  const checkpoint = change(head.checkpoint) as TurnCheckpoint;
  assert.ok(
    await turnStore.compareAndAppend({
      sessionId: SESSION,
      expected: head,
      head: { ...head, checkpoint },
      events: [],
    }),
  );
  return disk;
}

const UNREADABLE: Readonly<Record<string, (checkpoint: TurnCheckpoint) => unknown>> = {
  "of a newer version": (checkpoint) => ({ ...checkpoint, version: 2 }),
  "whose state is of a newer version": (checkpoint) => ({ ...checkpoint, state: { ...checkpoint.state, version: 7 } }),
  "of a newer version that waits": (checkpoint) => ({
    version: 2,
    state: { ...checkpoint.state, phase: "wait" },
  }),
  "without a state": () => ({ version: 2, opaque: "later" }),
  "that is no object": () => "later",
};

for (const [what, change] of Object.entries(UNREADABLE)) {
  Deno.test(`recover() ends a turn with a checkpoint ${what} as failed, with its calls closed`, async () => {
    const disk = await withCheckpoint(change);
    await using runtime = await faultRuntime({ backends: disk });
    const recovered = await runtime.recover();
    assert.deepEqual(recovered.map(({ error }) => error), [undefined]);
    assert.equal(recovered[0]?.result?.error?.code, "checkpoint_unreadable");
    const events = await logOf(disk);
    assert.equal(ofType(events, "turn.failed").length, 1);
    assert.equal(ofType(events, "tool.completed").length, 1);
    await assertSession(runtime, disk, { acked: ["go"] });
    assert.equal((await runtime.runTurn(SESSION, "next")).response, "ok");
    await assertSession(runtime, disk, { acked: ["go", "next"] });
  });

  Deno.test(`the next turn, status() and cancelTurn() bear a checkpoint ${what}`, async () => {
    const disk = await withCheckpoint(change);
    await using runtime = await faultRuntime({ backends: disk });
    assert.ok(["idle", "active"].includes(await runtime.status(SESSION)));
    await assert.rejects(runtime.resumeTurn(SESSION, {}), { code: "turn_not_waiting" });
    assert.equal((await runtime.runTurn(SESSION, "next")).response, "ok");
    await assertSession(runtime, disk, { acked: ["go", "next"] });

    const other = await withCheckpoint(change);
    await using canceller = await faultRuntime({ backends: other });
    assert.equal(await canceller.cancelTurn(SESSION), true);
    await assertSession(canceller, other, { acked: ["go"] });
  });
}

Deno.test("a turn whose message with the calls is missing is ended as failed, not stuck for ever", async () => {
  const disk = await withCheckpoint((checkpoint) => ({
    ...checkpoint,
    state: { ...checkpoint.state, callMessageId: idFromSeed("message", 9) },
  }));
  await using runtime = await faultRuntime({ backends: disk });
  await runtime.recover();
  assert.equal((await runtime.runTurn(SESSION, "next")).response, "ok");
  await assertSession(runtime, disk, { acked: ["go", "next"] });
});

Deno.test("build() recovers nothing", async () => {
  const disk = await withCheckpoint((checkpoint) => checkpoint);
  const before = await logOf(disk);
  await using _ = await faultRuntime({ backends: disk });
  assert.deepEqual(await logOf(disk), before);
});

Deno.test("the next turn recovers the open one first", async () => {
  const disk = await withCheckpoint((checkpoint) => checkpoint);
  const tools = [tool("look", () => "seen")];
  await using runtime = await faultRuntime({ backends: disk, tools, respond: () => text("done") });
  assert.equal((await runtime.runTurn(SESSION, "next")).response, "done");
  const ends = ofType(await logOf(disk), "turn.completed").map(({ data }) => data.toolCallsActed);
  assert.deepEqual(ends, [1, 0]);
  await assertSession(runtime, disk, { acked: ["go", "next"] });
});

Deno.test("recover() goes on with other sessions when one cannot be finished", async () => {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 3, when: "before" });
  const second = idFromSeed("session", 2);
  const respond: Respond = ({ messages }) => messages.length > 1 ? text("done") : calls("look");
  const tools = [tool("look", () => "seen")];
  const dying = await faultRuntime({ backends: process.backends, tools, respond });
  await dying.createSession({ id: second, harnessId: idFromSeed("harness", 1) });
  await disk.slots.sessionStore.addSession({
    ...(await disk.slots.sessionStore.getSession(second))!,
    capabilities: [{ ref: "fault_tools" }],
  });
  await Promise.allSettled([dying.runTurn(SESSION, "go"), dying.runTurn(second, "go")]);
  await process.kill();

  const fault = new FaultSwitch();
  await using runtime = await faultRuntime({ backends: fault.wrapSlot(disk, "sessionStore"), tools, respond });
  const healthy = (await disk.slots.sessionStore.getSession(SESSION))!;
  await disk.slots.sessionStore.addSession({ ...healthy, harnessId: idFromSeed("harness", 99) });
  const recovered = await runtime.recover();
  assert.deepEqual(recovered.map(({ sessionId }) => sessionId).sort(), [SESSION, second]);
  const broken = recovered.find(({ sessionId }) => sessionId === SESSION);
  assert.equal((broken?.error as { code?: string } | undefined)?.code, "harness_not_found");
  assert.equal(recovered.find(({ sessionId }) => sessionId === second)?.result?.response, "done");

  await disk.slots.sessionStore.addSession(healthy);
  assert.equal((await runtime.recover({ sessions: [SESSION] }))[0]?.result?.response, "done");
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("a turn-end hook runs again when the process died before the closing step", async () => {
  const ended: string[] = [];
  const hooked = defineCapability({
    id: "hooked",
    name: "Hooked",
    hooks: { turnEnd: (result) => void ended.push(result.response) },
  });
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 3, when: "before" });
  const dying = await faultRuntime({ backends: process.backends, capabilities: [hooked], respond: () => text("bye") });
  await assert.rejects(dying.runTurn(SESSION, "go"));
  await using runtime = await faultRuntime({ backends: disk, capabilities: [hooked], respond: () => text("again") });
  const [recovered] = await runtime.recover();
  assert.equal(recovered?.result?.response, "bye");
  assert.deepEqual(ended, ["bye", "bye"]);
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("recovery uses the facts captured when the turn was accepted", async () => {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit: 2, when: "before" });
  const seen: number[] = [];
  const clockwork = defineCapability({
    id: "clockwork",
    name: "Clockwork",
    systemPrompt: ({ now }) => {
      seen.push(now);
      return String(now);
    },
  });
  const dying = await faultRuntime({ backends: process.backends, capabilities: [clockwork] });
  await assert.rejects(dying.runTurn(SESSION, "go"));
  await using runtime = await faultRuntime({ backends: disk, capabilities: [clockwork] });
  await runtime.recover();
  const [started] = ofType(await logOf(disk), "turn.started");
  assert.deepEqual(seen, [started?.data.facts.acceptedAt, started?.data.facts.acceptedAt]);
});

Deno.test("a repeated input of an interrupted turn returns that turn, finished", async () => {
  const disk = RuntimeBackends.inMemory();
  const ledger = new Ledger();
  const options = {
    tools: [ledger.tool("pay", "at_most_once")],
    respond: (({ messages }) => messages.length > 1 ? text("paid") : calls("pay")) satisfies Respond,
  };
  const process = new Process(disk, { commit: 5, when: "before" });
  const dying = await faultRuntime({ ...options, backends: process.backends });
  await assert.rejects(dying.runTurn(SESSION, "go", { idempotencyKey: "order-1" }));
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const repeated = await runtime.runTurn(SESSION, "go", { idempotencyKey: "order-1" });
  assert.equal(repeated.response, "paid");
  assert.equal(ledger.count("pay"), 1);
  assert.equal(ofType(await logOf(disk), "turn.started")[0]?.data.turnId, repeated.turnId);
  await assertSession(runtime, disk, { acked: ["go"], ledger });
});
