/** What a client's answers count for, how much of them is stored, and that stored calls cannot be changed. */

import assert from "node:assert/strict";
import { defineClientTool, type TurnResult } from "../../../mod.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  logOf,
  ofType,
  Process,
  script,
  SESSION,
  text,
  tool,
  until,
} from "../_support/faults.ts";

const ASK = defineClientTool({ name: "ask", description: "Asks the user" });
const GUARDED = tool("guarded", () => "done", { policy: "requires_approval" });

async function open(options: FaultOptions) {
  const backends = RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ clientTools: [ASK], ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

function idsOf({ waitingFor }: TurnResult): string[] {
  return waitingFor.map(({ id }) => id);
}

Deno.test("a client's answers count as calls that were acted on", async () => {
  await using world = await open({ respond: script(calls("ask", "ask"), text("ok")) });
  const { runtime, backends } = world;
  const [a, b] = idsOf(await runtime.runTurn(SESSION, "go"));
  const done = await runtime.resumeTurn(SESSION, {
    toolResults: [{ toolCallId: a!, result: 1 }, { toolCallId: b!, error: "gone" }],
  });
  assert.equal(done.toolCallsCount, 2);
  const log = await logOf(backends);
  const acted = ofType(log, "act.completed").map(({ data }) => [data.successCount, data.errorCount]);
  assert.deepEqual(acted, [[1, 1]]);
  assert.equal(ofType(log, "turn.completed")[0]?.data.toolCallsActed, 2);
});

Deno.test("answers in parts, calls run before and calls run after the wait are each counted once", async () => {
  await using world = await open({
    tools: [tool("look", () => "seen"), GUARDED],
    respond: script(calls("look", "ask", "guarded", "ask"), calls("look"), text("ok")),
  });
  const { runtime, backends } = world;
  const [a, guarded, b] = idsOf(await runtime.runTurn(SESSION, "go"));
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: a!, error: "no" }] });
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: b!, result: 1 }] });
  const done = await runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: guarded!, approved: true }] });
  assert.deepEqual([done.status, done.toolCallsCount], ["completed", 5]);
  const acted = ofType(await logOf(backends), "act.completed");
  assert.deepEqual(acted.map(({ data }) => [data.successCount, data.errorCount]), [[3, 1], [1, 0]]);
});

Deno.test("results stored before a crash in the middle of an act step count as calls that were acted on", async () => {
  const disk = RuntimeBackends.inMemory();
  const stored = Promise.withResolvers<void>();
  const tools = [tool("look", () => "seen"), tool("slow", () => stored.promise)];
  const respond = script(calls("look", "slow"), text("ok"));
  // The third step is the result of `look`; the process dies before the one of `slow`.
  const life = new Process(disk, { commit: 3, when: "after" });
  const dead = await faultRuntime({ backends: life.backends, tools, respond });
  const lost = assert.rejects(dead.runTurn(SESSION, "go"));
  await until(() => life.dead);
  stored.resolve();
  await lost;
  await using runtime = await faultRuntime({ backends: disk, tools, respond: script(text("ok")) });
  const [recovered] = await runtime.recover();
  assert.equal(recovered?.result?.toolCallsCount, 2);
  assert.deepEqual(ofType(await logOf(disk), "turn.completed").map(({ data }) => data.toolCallsActed), [2]);
});

Deno.test("what was answered before a waiting turn was cancelled counts", async () => {
  const disk = RuntimeBackends.inMemory();
  const options = { clientTools: [ASK], backends: disk, respond: script(calls("ask", "ask")) };
  await using runtime = await faultRuntime(options);
  const [a] = idsOf(await runtime.runTurn(SESSION, "go", { idempotencyKey: "key" }));
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: a!, result: 1 }] });
  await runtime.cancelTurn(SESSION);
  const cancelled = await runtime.runTurn(SESSION, "go", { idempotencyKey: "key" });
  assert.deepEqual([cancelled.status, cancelled.toolCallsCount], ["cancelled", 1]);
});

Deno.test("the error a client answers with is cut to 8 KiB, and the same answer again is still the same", async () => {
  await using world = await open({ respond: script(calls("ask", "ask"), text("ok")) });
  const { runtime, backends } = world;
  const [a] = idsOf(await runtime.runTurn(SESSION, "go"));
  const answer = { toolResults: [{ toolCallId: a!, error: "x".repeat(1_000_000) }] };
  await runtime.resumeTurn(SESSION, answer);
  await runtime.resumeTurn(SESSION, answer);
  const stored = ofType(await logOf(backends), "tool.completed");
  assert.equal(stored.length, 1);
  assert.equal(stored[0]?.data.error, `${"x".repeat(8192)} [cut]`);
});

Deno.test("the arguments of a stored call cannot be changed through messages()", async () => {
  await using world = await open({ respond: script(calls(["look", { list: [{ n: 1 }] }]), text("ok")) });
  const { runtime } = world;
  await runtime.runTurn(SESSION, "go");
  const part = (await runtime.messages(SESSION))[1]?.content[0];
  assert.ok(part?.type === "tool_call");
  const args = part.arguments as { list: { n: number }[] };
  for (const change of [() => args.list = [], () => args.list.push({ n: 2 }), () => args.list[0]!.n = 5]) {
    assert.throws(change, TypeError);
  }
});
