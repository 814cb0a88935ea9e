/** Stores that fail at any call: a StoreError with its cause, and a session that goes on when the store is well. */

import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { BackendSlots } from "../../../src/runtime/backend_slots.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import {
  calls,
  FAULT,
  type FaultKind,
  faultRuntime,
  FaultSwitch,
  Ledger,
  logOf,
  ofType,
  Process,
  SESSION,
  text,
  tick,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const MODEL = idFromSeed("model", 1);
const KEY = { idempotencyKey: "order-1" };

/** The methods a turn needs, by slot. */
const METHODS: Readonly<Partial<Record<keyof BackendSlots, readonly string[]>>> = {
  sessionStore: ["getSession"],
  harnessStore: ["getHarnessChain"],
  agentStore: ["getAgent"],
  providerStore: ["getResolvedModel", "getModelProfile"],
  messageStore: ["storeMessages", "loadMessages"],
  turnStore: ["getHead", "compareAndAppend", "turnForKey", "connect"],
};

/** A runtime one of whose stores obeys a switch. */
async function open(slot: keyof BackendSlots) {
  const disk = RuntimeBackends.inMemory();
  Object.assign(disk.slots.providerStore, { getModelProfile: () => Promise.resolve(undefined) });
  const fault = new FaultSwitch();
  const clock = new FakeClock();
  const ledger = new Ledger();
  const runtime = await faultRuntime({
    backends: fault.wrapSlot(disk, slot),
    clock,
    tools: [ledger.tool("pay", "at_most_once")],
    respond: ({ messages }) => {
      const last = messages.at(-1);
      return last?.role === "tool" ? text("done") : last?.role === "user" && isGo(last) ? calls("pay") : text("ok");
    },
    session: (single) => void single.agent("helper").sessionModelId(MODEL),
    configure: (builder) => void builder.model(MODEL, { model: "m", providerType: "fault" }),
  });
  return { runtime, disk, fault, clock, ledger };
}

function isGo(message: { readonly content: readonly unknown[] }): boolean {
  return JSON.stringify(message.content).includes('"go"');
}

/** What became of a promise, the clock being moved until it is settled. */
async function outcomeOf<T>(promise: Promise<T>, clock: FakeClock): Promise<{ value?: T; error?: unknown }> {
  let outcome: { value?: T; error?: unknown } | undefined;
  promise.then((value) => outcome = { value }, (error: unknown) => outcome = { error });
  for (let round = 0; round < 300 && outcome === undefined; round++) {
    await tick();
    if (round > 10) await clock.advanceAsync(10_000);
  }
  assert.ok(outcome !== undefined, "it is not settled");
  return outcome;
}

function assertStoreError(error: unknown, kind: FaultKind): void {
  assert.ok(error instanceof StoreError, `${String(error)} is no StoreError`);
  assert.equal(error.code, "store_failed");
  if (kind !== "hangs") assert.equal(error.cause, FAULT);
}

for (const [slot, methods] of Object.entries(METHODS) as [keyof BackendSlots, readonly string[]][]) {
  for (const method of methods) {
    for (const kind of ["throws", "rejects", "hangs"] as const) {
      Deno.test(`a ${slot} whose ${method}() ${kind} at any call of a turn costs at most that turn`, async () => {
        let hit = 0;
        for (let skip = 0;; skip++) {
          const { runtime, disk, fault, clock, ledger } = await open(slot);
          fault.arm(method, kind, { skip, times: 1 });
          const { value, error } = await outcomeOf(runtime.runTurn(SESSION, "go", KEY), clock);
          const hits = fault.hits;
          fault.disarm();
          if (error === undefined) assert.equal(value?.success, true, JSON.stringify(value));
          else assertStoreError(error, kind);
          if (error === undefined && hits > 0) assert.fail(`nobody noticed call ${skip} of ${method}()`);
          hit += hits;
          // The repeat finds the turn, finished, or begins it; its effect happens once at most.
          const repeat = await outcomeOf(runtime.runTurn(SESSION, "go", KEY), clock);
          assert.equal(repeat.value?.response, "done");
          const next = await outcomeOf(runtime.runTurn(SESSION, "next"), clock);
          assert.equal(next.value?.response, "ok");
          await assertSession(runtime, disk, { acked: ["go", "next"], ledger });
          assert.equal(ofType(await logOf(disk), "turn.started").length, 2);
          await runtime.close();
          if (hits === 0) break;
          assert.ok(skip < 60);
        }
        assert.ok(hit > 0, `${method}() is never called`);
      });
    }
  }
}

/** What a host may ask besides turns, and the store it goes to. */
const QUESTIONS: Readonly<
  Record<string, readonly [keyof BackendSlots, string, (runtime: InProcessRuntime) => Promise<unknown>]>
> = {
  "messages()": ["messageStore", "loadMessages", (runtime) => runtime.messages(SESSION)],
  "status()": ["turnStore", "getHead", (runtime) => runtime.status(SESSION)],
  "status() of its record": ["sessionStore", "getSession", (runtime) => runtime.status(SESSION)],
  "recover()": ["turnStore", "openSessions", (runtime) => runtime.recover()],
  "cancelTurn()": ["turnStore", "getHead", (runtime) => runtime.cancelTurn(SESSION)],
  "resumeTurn()": ["turnStore", "getHead", (runtime) => runtime.resumeTurn(SESSION, {})],
  "loadContext()": ["harnessStore", "getHarnessChain", (runtime) => runtime.loadContext(SESSION)],
  "previewRequest()": ["sessionStore", "getSession", (runtime) => runtime.previewRequest(SESSION, "go")],
  "readFile()": ["sessionStore", "getSession", (runtime) => runtime.readFile(SESSION, "/a")],
  "createSession()": [
    "sessionStore",
    "addSession",
    (runtime) => runtime.createSession({ harnessId: idFromSeed("harness", 1) }),
  ],
  "activateCapability()": [
    "sessionStore",
    "upsertSessionCapability",
    (runtime) => runtime.activateCapability(SESSION, "current_time"),
  ],
  "deliver()": ["turnStore", "compareAndAppend", (runtime) => runtime.deliver(SESSION, "wake")],
};

for (const [name, [slot, method, ask]] of Object.entries(QUESTIONS)) {
  for (const kind of ["throws", "rejects"] as const) {
    Deno.test(`${name} of a store that ${kind} is a StoreError with its cause`, async () => {
      const { runtime, fault, clock } = await open(slot);
      fault.arm(method, kind, { times: 1 });
      const { error } = await outcomeOf(ask(runtime), clock);
      assert.equal(fault.hits, 1);
      fault.disarm();
      assertStoreError(error, kind);
      assert.equal((await outcomeOf(runtime.runTurn(SESSION, "go"), clock)).value?.response, "done");
      await runtime.close();
    });
  }
}

for (const kind of ["throws", "rejects", "hangs"] as const) {
  Deno.test(`a repeated input whose turn cannot be read back from a store that ${kind} is a StoreError`, async () => {
    const { runtime, fault, clock, disk } = await open("turnStore");
    await outcomeOf(runtime.runTurn(SESSION, "go", KEY), clock);
    fault.arm("loadEvents", kind, { times: 1 });
    assertStoreError((await outcomeOf(runtime.runTurn(SESSION, "go", KEY), clock)).error, kind);
    fault.disarm();
    assert.equal((await outcomeOf(runtime.runTurn(SESSION, "go", KEY), clock)).value?.response, "done");
    await assertSession(runtime, disk, { acked: ["go"] });
    await runtime.close();
  });
}

for (const kind of ["throws", "rejects"] as const) {
  Deno.test(`close() of a runtime whose turn store ${kind} at the end says so, and is closed`, async () => {
    const { runtime, fault, clock } = await open("turnStore");
    await outcomeOf(runtime.runTurn(SESSION, "go"), clock);
    fault.arm("disconnect", kind);
    const { error } = await outcomeOf(runtime.close(), clock);
    assertStoreError(error, kind);
    await assert.rejects(runtime.runTurn(SESSION, "next"), { code: "runtime_closed" });
  });
}

Deno.test("close() of a runtime whose store hangs does not hang for ever", async () => {
  const { runtime, fault, clock } = await open("turnStore");
  fault.arm("compareAndAppend", "hangs", { skip: 1 });
  const turn = outcomeOf(runtime.runTurn(SESSION, "go"), clock);
  await tick();
  await outcomeOf(runtime.close(), clock);
  const { value, error } = await turn;
  assert.ok(value?.status === "cancelled" || error instanceof StoreError);
});

Deno.test("cancel() ends a turn whose store hangs before anything is stored", async () => {
  for (const [slot, method] of [["sessionStore", "getSession"], ["turnStore", "getHead"]] as const) {
    const { runtime, fault, disk, clock } = await open(slot);
    fault.arm(method, "hangs", { times: 1 });
    const handle = runtime.startTurn(SESSION, "go");
    await tick();
    handle.cancel();
    assert.equal((await handle.result).status, "cancelled");
    await assert.rejects(handle.accepted, { code: "turn_cancelled" });
    assert.equal(clock.monotonic(), 0);
    // The next turn waits for the store, but no longer than its deadline.
    assert.equal((await outcomeOf(runtime.runTurn(SESSION, "next"), clock)).value?.response, "ok");
    await assertSession(runtime, disk, { acked: ["next"] });
    assert.equal(ofType(await logOf(disk), "input.message").length, 1);
    await runtime.close();
  }
});

Deno.test("a session whose store failed in the middle of a turn is finished by another runtime", async () => {
  const { runtime, fault, disk, ledger, clock } = await open("turnStore");
  fault.arm("compareAndAppend", "rejects", { skip: 3 });
  await outcomeOf(runtime.runTurn(SESSION, "go"), clock);
  await new Process(disk).kill();
  const holder = (await disk.slots.turnStore.getHead(SESSION))?.owner;
  await disk.slots.turnStore.disconnect(holder!);
  await using second = await faultRuntime({ backends: disk, tools: [ledger.tool("pay", "at_most_once")] });
  assert.equal((await second.recover())[0]?.result?.status, "completed");
  await assertSession(second, disk, { acked: ["go"], ledger });
  assert.equal(ledger.count("pay"), 1);
});
