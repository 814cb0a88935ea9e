/** Waiting turns survive their process: another one answers, cancels or goes on with them. */

import assert from "node:assert/strict";
import { TurnWaitingError } from "../../../src/errors.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { calls, type FaultOptions, faultRuntime, Ledger, logOf, ofType, Process } from "../_support/faults.ts";
import { type Respond, SESSION, text } from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const ASK = defineClientTool({ name: "ask", description: "Asks the user" });

function callThenQuote(...names: readonly string[]): Respond {
  return ({ messages }) => {
    const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    return results.length === 0 ? calls(...names) : text(results.join(" | "));
  };
}

/** A process whose turn waits for `ask` and for a decision about `pay`, and then dies. */
async function waitAndDie(ledger: Ledger) {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk);
  const options: FaultOptions = {
    clientTools: [ASK],
    tools: [ledger.tool("pay", "at_most_once", { policy: "requires_approval" })],
    respond: callThenQuote("ask", "pay"),
  };
  const dying = await faultRuntime({ ...options, backends: process.backends });
  const { status, waitingFor } = await dying.runTurn(SESSION, "go");
  assert.equal(status, "waiting");
  await process.kill();
  const [ask, pay] = waitingFor.map(({ id }) => id);
  return { disk, options, ask: ask!, pay: pay! };
}

Deno.test("resumeTurn() without answers tells another process what the turn waits for", async () => {
  const { disk, options, ask, pay } = await waitAndDie(new Ledger());
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const { status, waitingFor } = await runtime.resumeTurn(SESSION, {});
  assert.equal(status, "waiting");
  assert.deepEqual(waitingFor.map(({ id, needsApproval }) => [id, needsApproval]), [[ask, undefined], [pay, true]]);
});

Deno.test("another process names the calls of a waiting turn, and leaves it alone when it recovers", async () => {
  const { disk, options, ask, pay } = await waitAndDie(new Ledger());
  await using runtime = await faultRuntime({ ...options, backends: disk });
  assert.deepEqual(await runtime.recover(), []);
  assert.deepEqual(await runtime.recover({ sessions: [SESSION] }), [{ sessionId: SESSION }]);
  assert.equal(await runtime.status(SESSION), "waiting_for_tool_results");
  await assert.rejects(runtime.runTurn(SESSION, "next"), (error) => {
    assert.ok(error instanceof TurnWaitingError);
    assert.deepEqual(error.calls, [{ id: ask, name: "ask" }, { id: pay, name: "pay", needsApproval: true }]);
    return true;
  });
});

Deno.test("another process takes the answers of a waiting turn, one after the other", async () => {
  const ledger = new Ledger();
  const { disk, options, ask, pay } = await waitAndDie(ledger);
  const second = new Process(disk);
  const middle = await faultRuntime({ ...options, backends: second.backends });
  const partial = await middle.resumeTurn(SESSION, { toolResults: [{ toolCallId: ask, result: "yes" }] });
  assert.deepEqual(partial.waitingFor.map(({ id }) => id), [pay]);
  await second.kill();
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const answer = { toolResults: [{ toolCallId: ask, result: "yes" }] };
  assert.equal((await runtime.resumeTurn(SESSION, answer)).status, "waiting");
  const done = await runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: pay, approved: true }] });
  assert.equal(done.response, "yes | pay done");
  assert.equal(ledger.count("pay"), 1);
  await assertSession(runtime, disk, { acked: ["go"], ledger });
});

Deno.test("two living processes may answer a waiting turn in turn: a partial answer keeps no lease", async () => {
  const { disk, options, ask, pay } = await waitAndDie(new Ledger());
  await using first = await faultRuntime({ ...options, backends: disk });
  await using second = await faultRuntime({ ...options, backends: disk });
  await first.resumeTurn(SESSION, { toolResults: [{ toolCallId: ask, result: "yes" }] });
  assert.equal((await disk.slots.turnStore.getHead(SESSION))?.owner, undefined);
  const done = await second.resumeTurn(SESSION, { decisions: [{ toolCallId: pay, approved: true }] });
  assert.equal(done.response, "yes | pay done");
});

Deno.test("another process cancels a waiting turn", async () => {
  const { disk, options } = await waitAndDie(new Ledger());
  await using runtime = await faultRuntime({ ...options, backends: disk });
  assert.equal(await runtime.cancelTurn(SESSION, "enough"), true);
  assert.equal(ofType(await logOf(disk), "tool.completed").length, 2);
  await assertSession(runtime, disk, { acked: ["go"] });
  assert.equal((await runtime.runTurn(SESSION, "next")).success, true);
});

/** Answers everything, whatever has been answered before. */
async function answerAll(runtime: InProcessRuntime, ask: string, pay: string): Promise<void> {
  await runtime.resumeTurn(SESSION, {
    toolResults: [{ toolCallId: ask, result: "yes" }],
    decisions: [{ toolCallId: pay, approved: true }],
  });
}

Deno.test("a process that dies at any step of an answered turn leaves one that another finishes", async () => {
  for (let commit = 1;; commit++) {
    for (const when of ["before", "after"] as const) {
      const ledger = new Ledger();
      const { disk, options, ask, pay } = await waitAndDie(ledger);
      const second = new Process(disk, { commit, when });
      const dying = await faultRuntime({ ...options, backends: second.backends });
      await answerAll(dying, ask, pay).catch(() => {});
      if (!second.dead) return await dying.close();
      await using runtime = await faultRuntime({ ...options, backends: disk });
      await runtime.recover();
      // Nothing of the answers was stored: the client gives them again.
      if (await runtime.status(SESSION) === "waiting_for_tool_results") await answerAll(runtime, ask, pay);
      await assertSession(runtime, disk, { acked: ["go"], ledger });
      assert.ok(ledger.count("pay") <= 1);
      assert.equal(ofType(await logOf(disk), "turn.completed").length, 1);
    }
    assert.ok(commit < 10);
  }
});

Deno.test("a process that dies at any step on the way to waiting leaves a turn that waits or runs again", async () => {
  for (let commit = 1;; commit++) {
    for (const when of ["before", "after"] as const) {
      const disk = RuntimeBackends.inMemory();
      const process = new Process(disk, { commit, when });
      const options: FaultOptions = { clientTools: [ASK], respond: callThenQuote("ask") };
      const dying = await faultRuntime({ ...options, backends: process.backends });
      const first = await dying.runTurn(SESSION, "go").catch(() => undefined);
      if (!process.dead) {
        assert.equal(first?.status, "waiting");
        return await dying.close();
      }
      await using runtime = await faultRuntime({ ...options, backends: disk });
      const [recovered] = await runtime.recover();
      if (recovered !== undefined) assert.equal(recovered.result?.status, "waiting");
      const nothingStored = commit === 1 && when === "before";
      await assertSession(runtime, disk, { acked: nothingStored ? [] : ["go"], waiting: true });
      assert.equal(await runtime.status(SESSION), nothingStored ? "started" : "waiting_for_tool_results");
      if (!nothingStored) await runtime.cancelTurn(SESSION);
      await assertSession(runtime, disk);
    }
    assert.ok(commit < 10);
  }
});

Deno.test("a client-side tool that is gone after a restart can still be answered", async () => {
  const { disk, options, ask, pay } = await waitAndDie(new Ledger());
  await using runtime = await faultRuntime({ ...options, clientTools: [], backends: disk });
  await runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: ask, result: "yes" }] });
  const done = await runtime.resumeTurn(SESSION, { decisions: [{ toolCallId: pay, approved: true }] });
  assert.equal(done.response, "yes | pay done");
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("a decision about a call whose tool is gone, or needs no approval any more, is taken", async () => {
  for (const tools of [[], [new Ledger().tool("pay", "at_most_once")]]) {
    const { disk, options, ask, pay } = await waitAndDie(new Ledger());
    await using runtime = await faultRuntime({ ...options, tools, backends: disk });
    const done = await runtime.resumeTurn(SESSION, {
      toolResults: [{ toolCallId: ask, result: "yes" }],
      decisions: [{ toolCallId: pay, approved: true }],
    });
    assert.match(done.response, tools.length === 0 ? /^yes \| Tool definition not found: pay/ : /^yes \| pay done/);
    await assertSession(runtime, disk, { acked: ["go"] });
  }
});

Deno.test("a turn that waits only for what is gone goes on without an answer", async () => {
  const { disk, options, ask } = await waitAndDie(new Ledger());
  await using runtime = await faultRuntime({ ...options, clientTools: [], tools: [], backends: disk });
  const done = await runtime.resumeTurn(SESSION, {});
  assert.equal(done.response, "Tool definition not found: ask | Tool definition not found: pay");
  assert.equal(ofType(await logOf(disk), "tool.completed")[0]?.data.toolCallId, ask);
  await assertSession(runtime, disk, { acked: ["go"] });
});
