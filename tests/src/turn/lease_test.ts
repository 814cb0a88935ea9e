/** Two runtimes over the same stores: one runs a session at a time, and who lost the right to write cannot. */

import assert from "node:assert/strict";
import { LeaseLostError, SessionBusyError } from "../../../src/errors.ts";
import { textOf } from "../../../src/records/content.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  isSettled,
  Ledger,
  logOf,
  ofType,
  Process,
  type Respond,
  SESSION,
  stalls,
  text,
  tool,
  until,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

/** A process whose turn hangs in a tool. */
async function hanging(disk: RuntimeBackends, options: FaultOptions = {}) {
  const process = new Process(disk);
  const gate = Promise.withResolvers<string>();
  const ledger = new Ledger();
  const pay = ledger.tool("pay", "at_most_once");
  const tools = [{
    ...pay,
    execute: async (...args: Parameters<typeof pay.execute>) => {
      await pay.execute(...args);
      return { type: "success" as const, value: await gate.promise };
    },
  }];
  const respond: Respond = ({ messages }) => {
    const answer = messages.find(({ role }) => role === "tool");
    return answer?.role === "tool" ? text(answer.content) : calls("pay");
  };
  const runtime = await faultRuntime({ tools, respond, ...options, backends: process.backends });
  const turn = runtime.runTurn(SESSION, "go");
  turn.catch(() => {});
  await until(() => ledger.count("pay") === 1);
  return { process, runtime, turn, gate, ledger, options: { tools: [pay], respond } };
}

/** Who holds the session. */
async function holderOf(disk: RuntimeBackends): Promise<string | undefined> {
  return (await disk.slots.turnStore.getHead(SESSION))?.owner;
}

Deno.test("while one runtime runs a turn another one is told at once who holds the session", async () => {
  const disk = RuntimeBackends.inMemory();
  const { runtime, turn, gate } = await hanging(disk);
  const clock = new FakeClock();
  await using second = await faultRuntime({ backends: disk, clock });
  const holder = await holderOf(disk);
  const isBusy = (error: unknown): boolean => {
    assert.ok(error instanceof SessionBusyError);
    assert.deepEqual([error.sessionId, error.holder], [SESSION, holder]);
    return true;
  };
  await assert.rejects(second.runTurn(SESSION, "mine"), isBusy);
  await assert.rejects(second.deliver(SESSION, "mine"), isBusy);
  await assert.rejects(second.resumeTurn(SESSION, {}), isBusy);
  await assert.rejects(second.cancelTurn(SESSION), isBusy);
  assert.equal(await second.status(SESSION), "active");
  assert.deepEqual(await second.recover(), []);
  assert.equal(clock.monotonic(), 0);
  gate.resolve("paid");
  assert.equal((await turn).response, "paid");
  assert.equal((await second.runTurn(SESSION, "mine")).success, true);
  await assertSession(second, disk, { acked: ["go", "mine"] });
  await runtime.close();
});

Deno.test("runtimes over the same stores take turns and see each other's history", async () => {
  const disk = RuntimeBackends.inMemory();
  const respond: Respond = ({ messages }) => text(`${messages.length}`);
  await using first = await faultRuntime({ backends: disk, respond });
  await using second = await faultRuntime({ backends: disk, respond });
  const lengths: string[] = [];
  for (let turn = 0; turn < 6; turn++) {
    lengths.push((await (turn % 2 === 0 ? first : second).runTurn(SESSION, `input ${turn}`)).response);
  }
  assert.deepEqual(lengths, ["1", "3", "5", "7", "9", "11"]);
  await assertSession(second, disk, { acked: Array.from({ length: 6 }, (_, turn) => `input ${turn}`) });
});

Deno.test("of two runtimes that start a turn together one runs it and the other one stores nothing", async () => {
  const disk = RuntimeBackends.inMemory();
  await using first = await faultRuntime({ backends: disk });
  await using second = await faultRuntime({ backends: disk });
  const results = await Promise.allSettled([first.runTurn(SESSION, "a"), second.runTurn(SESSION, "b")]);
  const acked = results.flatMap((result, index) => result.status === "fulfilled" ? [index === 0 ? "a" : "b"] : []);
  assert.ok(acked.length >= 1);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    assert.ok(["lease_lost", "session_busy", "sequence_conflict"].includes(result.reason.code), result.reason.code);
  }
  const stored = ofType(await logOf(disk), "input.message").map(({ data }) => textOf(data.message.content));
  assert.deepEqual([...stored].sort(), acked);
  await assertSession(second, disk, { acked });
});

Deno.test("after its holder is dead another runtime takes the session over and finishes the turn", async () => {
  const disk = RuntimeBackends.inMemory();
  const { process, ledger, options } = await hanging(disk);
  await using second = await faultRuntime({ ...options, backends: disk });
  assert.deepEqual(await second.recover(), []);
  await process.kill();
  const [recovered] = await second.recover();
  assert.match(recovered?.result?.response ?? "", /outcome unknown/);
  await assertSession(second, disk, { acked: ["go"], ledger });
});

Deno.test("a runtime that was fenced off cannot store anything, and its turn throws LeaseLostError", async () => {
  const disk = RuntimeBackends.inMemory();
  // The first one lives on: it is only believed to be dead.
  const { process, runtime, turn, gate, ledger, options } = await hanging(disk);
  const holder = await holderOf(disk);
  await disk.slots.turnStore.disconnect(holder!);
  await using second = await faultRuntime({ ...options, backends: disk });
  await second.recover();
  const before = await logOf(disk);
  const messages = await second.messages(SESSION);
  gate.resolve("late");
  await assert.rejects(turn, LeaseLostError);
  assert.equal(process.dead, false);
  assert.deepEqual(await logOf(disk), before);
  assert.deepEqual(await disk.slots.messageStore.loadMessages(SESSION), messages);
  await assertSession(second, disk, { acked: ["go"], ledger });
  await runtime.close();
});

Deno.test("a runtime that was fenced off while it streamed cannot store its answer", async () => {
  const disk = RuntimeBackends.inMemory();
  const gate = Promise.withResolvers<void>();
  const late = await faultRuntime({
    backends: disk,
    respond: async function* () {
      await gate.promise;
      yield* text("late");
    },
  });
  const turn = late.runTurn(SESSION, "go");
  await until(() => late.events().some(({ type }) => type === "output.message.started"));
  await disk.slots.turnStore.disconnect((await holderOf(disk))!);
  await using second = await faultRuntime({ backends: disk, respond: () => text("in time") });
  assert.equal((await second.recover())[0]?.result?.response, "in time");
  gate.resolve();
  await assert.rejects(turn, LeaseLostError);
  const texts = (await second.messages(SESSION)).map(({ content }) => textOf(content));
  assert.deepEqual(texts, ["go", "in time"]);
  await assertSession(second, disk, { acked: ["go"] });
  // The one that was fenced off may run turns again, as a new holder.
  assert.equal((await late.runTurn(SESSION, "again")).response, "late");
  await assertSession(second, disk, { acked: ["go", "again"] });
  await late.close();
});

Deno.test("inputs steered at a runtime that was fenced off are refused, or stored by a next turn, never half", async () => {
  const disk = RuntimeBackends.inMemory();
  const { runtime, turn, gate, options } = await hanging(disk);
  const delivered = runtime.deliver(SESSION, "wake").then(() => true, () => false);
  await disk.slots.turnStore.disconnect((await holderOf(disk))!);
  await using second = await faultRuntime({ ...options, backends: disk });
  await second.recover();
  gate.resolve("late");
  await assert.rejects(turn, LeaseLostError);
  const acked = await delivered ? ["go", "wake"] : ["go"];
  await until(() => ofType(runtime.events(), "turn.completed").length > 0 || acked.length === 1);
  await assertSession(second, disk, { acked });
  const inputs = ofType(await logOf(disk), "input.message").length;
  assert.equal(inputs, acked.length);
  await runtime.close();
});

Deno.test("close() frees the sessions of a runtime for others", async () => {
  const disk = RuntimeBackends.inMemory();
  const first = await faultRuntime({ backends: disk, respond: stalls() });
  const turn = first.runTurn(SESSION, "go");
  await until(() => first.events().some(({ type }) => type === "output.message.started"));
  await first.close();
  assert.equal((await turn).status, "cancelled");
  await using second = await faultRuntime({ backends: disk });
  assert.equal((await second.runTurn(SESSION, "next")).response, "ok");
  await assertSession(second, disk, { acked: ["go", "next"] });
});

Deno.test("a queued turn is refused when another runtime took the session meanwhile", async () => {
  const disk = RuntimeBackends.inMemory();
  const { runtime, turn, gate } = await hanging(disk);
  const queued = runtime.runTurn(SESSION, "queued");
  queued.catch(() => {});
  await disk.slots.turnStore.disconnect((await holderOf(disk))!);
  const hold = Promise.withResolvers<void>();
  await using second = await faultRuntime({
    backends: disk,
    tools: [tool("pay", () => "again", { effect: "at_most_once" })],
    respond: async function* () {
      await hold.promise;
      yield* text("mine");
    },
  });
  const recovering = second.recover();
  await until(() => second.events().some(({ type }) => type === "output.message.started"));
  gate.resolve("late");
  await assert.rejects(turn, LeaseLostError);
  await assert.rejects(queued, SessionBusyError);
  assert.equal(await isSettled(recovering), false);
  hold.resolve();
  assert.equal((await recovering)[0]?.result?.response, "mine");
  await assertSession(second, disk, { acked: ["go"] });
  await runtime.close();
});
