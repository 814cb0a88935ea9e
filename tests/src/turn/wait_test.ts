/** Turns that wait for their client: its own tools, and decisions about calls that need approval. */

import assert from "node:assert/strict";
import { TurnWaitingError } from "../../../src/errors.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import type { TurnResult } from "../../../src/records/turn.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  Ledger,
  logOf,
  ofType,
  type Respond,
  SESSION,
  text,
  tool,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const ASK = defineClientTool({ name: "ask", description: "Asks the user" });

/** Calls these tools, then quotes the results. */
function callThenQuote(...names: readonly string[]): Respond {
  return ({ messages }) => {
    const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    return results.length === 0 ? calls(...names) : text(results.join(" | "));
  };
}

async function open(options: FaultOptions) {
  const backends = RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ clientTools: [ASK], ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

/** The ids of the calls a turn waits for. */
function idsOf({ waitingFor }: TurnResult): readonly string[] {
  return waitingFor.map(({ id }) => id);
}

Deno.test("a turn with a client-side call waits, holds no lease and is not interrupted", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime, backends } = world;
  const result = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([result.status, result.success, result.stopReason], ["waiting", true, "waiting"]);
  assert.deepEqual(result.waitingFor.map(({ name }) => name), ["ask"]);
  assert.equal(await runtime.status(SESSION), "waiting_for_tool_results");
  assert.equal((await backends.slots.turnStore.getHead(SESSION))?.owner, undefined);
  assert.deepEqual(await runtime.recover(), []);
  await assertSession(runtime, backends, { acked: ["go"], waiting: true });
});

Deno.test("resumeTurn() with all answers goes on with them", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  const done = await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: id!, result: "yes" }] });
  assert.deepEqual([done.status, done.response], ["completed", "yes"]);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("resumeTurn() stores partial answers and waits for the rest", async () => {
  await using world = await open({ respond: callThenQuote("ask", "ask", "ask") });
  const { runtime, backends } = world;
  const [a, b, c] = idsOf(await runtime.runTurn(SESSION, "go"));
  const partial = await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: b!, result: 2 }] });
  assert.equal(partial.status, "waiting");
  assert.deepEqual(idsOf(partial), [a, c]);
  assert.equal(ofType(await logOf(backends), "tool.completed").length, 1);
  const done = await runtime.resumeTurn(SESSION, {
    toolResults: [{ toolCallId: c!, error: "gone" }, { toolCallId: a!, result: { x: 1 } }],
  });
  assert.equal(done.response, '{"x":1} | 2 | gone');
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("the same answer again is a no-op, another one is an answer_conflict", async () => {
  await using world = await open({ respond: callThenQuote("ask", "ask") });
  const { runtime, backends } = world;
  const [a, b] = idsOf(await runtime.runTurn(SESSION, "go"));
  const answer = { toolResults: [{ toolCallId: a!, result: { n: 1 } }] };
  await runtime.resumeTurn(SESSION, answer);
  const before = await logOf(backends);
  assert.deepEqual(idsOf(await runtime.resumeTurn(SESSION, answer)), [b]);
  assert.deepEqual(await logOf(backends), before);
  for (const other of [{ result: { n: 2 } }, { error: "no" }, { result: null }]) {
    await assert.rejects(
      runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: a!, ...other }] }),
      { code: "answer_conflict" },
    );
  }
  assert.deepEqual(await logOf(backends), before);
});

Deno.test("two different answers to one call in one resumeTurn() are an answer_conflict, and none is stored", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  const before = await logOf(backends);
  await assert.rejects(
    runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: id!, result: 1 }, { toolCallId: id!, result: 2 }] }),
    { code: "answer_conflict" },
  );
  assert.deepEqual(await logOf(backends), before);
});

Deno.test("the same answer twice in one resumeTurn() counts once", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  const answer = { toolCallId: id!, result: 1 };
  assert.equal((await runtime.resumeTurn(SESSION, { toolResults: [answer, { ...answer }] })).response, "1");
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("an answer to a call the turn does not have is an unknown_call, and nothing is stored", async () => {
  await using world = await open({
    respond: callThenQuote("ask", "look", "missing"),
    tools: [tool("look", () => "seen")],
  });
  const { runtime, backends } = world;
  const result = await runtime.runTurn(SESSION, "go");
  const before = await logOf(backends);
  const done = ofType(before, "tool.completed").map(({ data }) => data.toolCallId);
  const others = ["call_00000000000000000000000000000001", "", "__proto__", ...done];
  for (const toolCallId of others) {
    await assert.rejects(
      runtime.resumeTurn(SESSION, {
        toolResults: [{ toolCallId: idsOf(result)[0]!, result: 1 }, { toolCallId, result: 1 }],
      }),
      ({ code }: { code: string }) => code === "unknown_call" || code === "answer_conflict",
    );
    await assert.rejects(
      runtime.resumeTurn(SESSION, { decisions: [{ toolCallId, approved: true }] }),
      { code: "unknown_call" },
    );
  }
  assert.deepEqual(await logOf(backends), before);
});

Deno.test("resumeTurn() without a waiting turn is turn_not_waiting", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime } = world;
  await assert.rejects(runtime.resumeTurn(SESSION, {}), { code: "turn_not_waiting" });
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  const answer = { toolResults: [{ toolCallId: id!, result: 1 }] };
  await runtime.resumeTurn(SESSION, answer);
  await assert.rejects(runtime.resumeTurn(SESSION, answer), { code: "turn_not_waiting" });
});

Deno.test("calls that can run do so before the turn waits, once", async () => {
  const ledger = new Ledger();
  await using world = await open({
    respond: callThenQuote("pay", "ask"),
    tools: [ledger.tool("pay", "at_most_once")],
  });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  assert.equal(ledger.count("pay"), 1);
  const done = await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: id!, result: "yes" }] });
  assert.equal(done.response, "pay done | yes");
  assert.equal(ledger.count("pay"), 1);
  await assertSession(runtime, backends, { acked: ["go"], ledger });
});

Deno.test("a call that needs approval runs once when it is approved", async () => {
  const ledger = new Ledger();
  const pay = ledger.tool("pay", "at_most_once", { policy: "requires_approval" });
  await using world = await open({ respond: callThenQuote("pay"), tools: [pay] });
  const { runtime, backends } = world;
  const waiting = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([waiting.status, ledger.count("pay")], ["waiting", 0]);
  const done = await runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: idsOf(waiting)[0]!, approved: true }] });
  assert.deepEqual([done.response, ledger.count("pay")], ["pay done", 1]);
  await assertSession(runtime, backends, { acked: ["go"], ledger });
});

Deno.test("a waiting turn tells which calls need a decision and which a result", async () => {
  const pay = new Ledger().tool("pay", "at_most_once", { policy: "requires_approval" });
  await using world = await open({ respond: callThenQuote("ask", "pay"), tools: [pay] });
  const { runtime } = world;
  const key = { idempotencyKey: "once" };
  const waiting = await runtime.runTurn(SESSION, "go", key);
  assert.deepEqual(waiting.waitingFor.map((call) => [call.name, call.needsApproval]), [["ask", undefined], [
    "pay",
    true,
  ]]);
  assert.deepEqual((await runtime.runTurn(SESSION, "go", key)).waitingFor, waiting.waitingFor);
});

Deno.test("a call that is denied gets an error result with the reason, and does not run", async () => {
  const ledger = new Ledger();
  const pay = ledger.tool("pay", "at_most_once", { policy: "requires_approval" });
  await using world = await open({ respond: callThenQuote("pay"), tools: [pay] });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  const done = await runtime.resumeTurn(SESSION, {
    decisions: [{ toolCallId: id!, approved: false, reason: "too expensive" }],
  });
  assert.deepEqual([done.response, ledger.count("pay")], ["Denied by the user: too expensive", 0]);
  await assertSession(runtime, backends, { acked: ["go"], ledger });
});

for (const approved of ["yes", 1, null, undefined, {}] as const) {
  Deno.test(`a decision whose \`approved\` is ${JSON.stringify(approved)} does not run the call`, async () => {
    const ledger = new Ledger();
    const pay = ledger.tool("pay", "at_most_once", { policy: "requires_approval" });
    await using world = await open({ respond: callThenQuote("pay"), tools: [pay] });
    const { runtime } = world;
    const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
    await Promise.allSettled([
      runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: id!, approved: approved as unknown as boolean }] }),
    ]);
    assert.equal(ledger.count("pay"), 0);
  });
}

Deno.test("a decision may be repeated but not reversed, also within one resumeTurn()", async () => {
  const ledger = new Ledger();
  const pay = ledger.tool("pay", "at_most_once", { policy: "requires_approval" });
  await using world = await open({ respond: callThenQuote("pay", "pay"), tools: [pay] });
  const { runtime, backends } = world;
  const [a, b] = idsOf(await runtime.runTurn(SESSION, "go"));
  const yes = { toolCallId: a!, approved: true };
  const no = { toolCallId: a!, approved: false };
  await assert.rejects(runtime.resumeTurn(SESSION, { decisions: [yes, no] }), { code: "answer_conflict" });
  assert.deepEqual(idsOf(await runtime.resumeTurn(SESSION, { decisions: [yes, yes] })), [b]);
  assert.deepEqual(idsOf(await runtime.resumeTurn(SESSION, { decisions: [yes] })), [b]);
  await assert.rejects(runtime.resumeTurn(SESSION, { decisions: [no] }), { code: "answer_conflict" });
  assert.equal(ledger.count("pay"), 0);
  await runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: b!, approved: false }] });
  assert.equal(ledger.count("pay"), 1);
  assert.equal(ofType(await logOf(backends), "tool.decided").length, 2);
  await assertSession(runtime, backends, { acked: ["go"], ledger });
});

Deno.test("runTurn(), steer() and deliver() on a waiting session name the calls it waits for", async () => {
  await using world = await open({ respond: callThenQuote("ask") });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  const [id] = idsOf(await handle.result);
  const namesIt = (error: unknown): boolean => {
    assert.ok(error instanceof TurnWaitingError);
    assert.deepEqual(error.calls, [{ id, name: "ask" }]);
    return true;
  };
  await assert.rejects(runtime.runTurn(SESSION, "next"), namesIt);
  await assert.rejects(handle.steer("next"), namesIt);
  await assert.rejects(runtime.deliver(SESSION, "next"), namesIt);
  assert.equal(ofType(await logOf(backends), "input.message").length, 1);
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: id!, result: 1 }] });
  assert.equal((await runtime.runTurn(SESSION, "next")).success, true);
});

Deno.test("cancelTurn() closes a waiting turn with results for its calls", async () => {
  await using world = await open({ respond: callThenQuote("ask", "ask") });
  const { runtime, backends } = world;
  const [id] = idsOf(await runtime.runTurn(SESSION, "go"));
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: id!, result: 1 }] });
  assert.equal(await runtime.cancelTurn(SESSION, "enough"), true);
  const events = await logOf(backends);
  assert.deepEqual(ofType(events, "tool.completed").map(({ data }) => data.status), ["success", "cancelled"]);
  assert.equal(ofType(events, "turn.cancelled")[0]?.data.reason, "enough");
  await assertSession(runtime, backends, { acked: ["go"] });
  assert.equal(await runtime.cancelTurn(SESSION), false);
  assert.equal((await runtime.runTurn(SESSION, "next")).success, true);
});

Deno.test("a turn may wait several times", async () => {
  const respond: Respond = ({ messages }) =>
    messages.filter(({ role }) => role === "tool").length < 3 ? calls("ask") : text("done");
  await using world = await open({ respond });
  const { runtime, backends } = world;
  let result = await runtime.runTurn(SESSION, "go");
  for (let answer = 1; result.status === "waiting"; answer++) {
    result = await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: idsOf(result)[0]!, result: answer }] });
  }
  assert.deepEqual([result.response, result.iterations], ["done", 4]);
  await assertSession(runtime, backends, { acked: ["go"] });
});
