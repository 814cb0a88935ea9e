/** Which tool calls of one reply run at the same time. */

import assert from "node:assert/strict";
import { type LlmSimToolCall, type ModelMessage, RuntimeBackends } from "../../../mod.ts";
import { runScheduled } from "../../../src/turn/scheduler.ts";
import { Gate } from "../_support/gates.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions } from "../_support/runtime.ts";

function call(name: string, id: string): LlmSimToolCall {
  return { name, arguments: { id } };
}

function toolAnswers(messages: readonly ModelMessage[] | undefined): readonly string[] {
  return messages?.flatMap((message) => message.role === "tool" ? [message.content] : []) ?? [];
}

/** Runs one batch of calls; `drive` opens the gate. */
async function batch(calls: readonly LlmSimToolCall[], drive: (gate: Gate) => Promise<void>, options: SimOptions = {}) {
  const gate = new Gate();
  const tools = [
    gate.tool("free"),
    gate.tool("write", { concurrencyClass: "files" }),
    gate.tool("query", { concurrencyClass: "database" }),
    gate.tool("charge", { effect: "at_most_once" }),
  ];
  await using sim = await scriptedRuntime([callTools(...calls), "done"], { tools, ...options });
  const running = say(sim.runtime);
  await drive(gate);
  const result = await running;
  assert.equal(result.response, "done");
  const stored = eventsOf(sim.runtime, "tool.completed").map(({ data }) => data.result);
  return { gate, stored, answers: toolAnswers(sim.requests[1]?.messages) };
}

Deno.test("calls of tools that share a class run one after another, in order", async () => {
  const { gate } = await batch([call("write", "a"), call("write", "b"), call("write", "c")], async (gate) => {
    for (let i = 0; i < 3; i++) {
      await gate.held(1);
      await gate.release();
    }
  });
  assert.equal(gate.most, 1);
  assert.deepEqual(gate.log, ["start a", "end a", "start b", "end b", "start c", "end c"]);
});

Deno.test("calls of tools without a class run at the same time", async () => {
  const { gate } = await batch([call("free", "a"), call("free", "b"), call("free", "c")], async (gate) => {
    await gate.held(3);
    for (let i = 0; i < 3; i++) await gate.release();
  });
  assert.equal(gate.most, 3);
});

Deno.test("at_most_once calls without a class run at the same time too", async () => {
  const { gate } = await batch([call("charge", "a"), call("charge", "b")], async (gate) => {
    await gate.held(2);
    for (let i = 0; i < 2; i++) await gate.release();
  });
  assert.equal(gate.most, 2);
});

Deno.test("a mixed batch runs each class in order and the rest beside it", async () => {
  const calls = [call("write", "w1"), call("free", "f1"), call("write", "w2"), call("query", "q1"), call("free", "f2")];
  const { gate } = await batch(calls, async (gate) => {
    await gate.held(4);
    assert.deepEqual(gate.log, ["start w1", "start f1", "start q1", "start f2"]);
    await gate.release("w1");
    await gate.held(4);
    for (let i = 0; i < 4; i++) await gate.release();
  });
  assert.ok(gate.log.indexOf("end w1") < gate.log.indexOf("start w2"));
});

Deno.test("calls of different classes run at the same time", async () => {
  const { gate } = await batch([call("write", "a"), call("query", "b")], async (gate) => {
    await gate.held(2);
    for (let i = 0; i < 2; i++) await gate.release();
  });
  assert.equal(gate.most, 2);
});

Deno.test("parallelToolCalls: false of a capability runs all calls one after another", async () => {
  const serial = { id: "serial", name: "Serial", parallelToolCalls: false };
  const { gate } = await batch([call("free", "a"), call("free", "b"), call("write", "c")], async (gate) => {
    for (let i = 0; i < 3; i++) {
      await gate.held(1);
      await gate.release();
    }
  }, { capabilities: [serial] });
  assert.equal(gate.most, 1);
});

Deno.test("parallelToolCalls of a layer counts more than that of a capability", async () => {
  const backends = RuntimeBackends.inMemory();
  const serial = { id: "serial", name: "Serial", parallelToolCalls: false };
  const gate = new Gate();
  await using sim = await scriptedRuntime([callTools(call("free", "a"), call("free", "b")), "done"], {
    tools: [gate.tool("free")],
    capabilities: [serial],
    backends,
  });
  const { sessionStore } = backends.slots;
  const session = await sessionStore.getSession(sim.runtime.defaultSessionId);
  await sessionStore.addSession({ ...session!, parallelToolCalls: true, updatedAt: session!.updatedAt + 1 });
  const running = say(sim.runtime);
  await gate.held(2);
  for (let i = 0; i < 2; i++) await gate.release();
  await running;
  assert.equal(gate.most, 2);
  assert.equal(sim.requests[0]?.parallelToolCalls, true);
});

Deno.test("no more calls run at the same time than toolConcurrency says", async () => {
  const calls = Array.from({ length: 5 }, (_, index) => call("free", `c${index}`));
  const { gate } = await batch(calls, async (gate) => {
    for (let left = 5; left > 0; left--) {
      await gate.held(Math.min(2, left));
      await gate.release();
    }
  }, { limits: { toolConcurrency: 2 } });
  assert.equal(gate.most, 2);
});

Deno.test("the model sees results in the order of the calls, whichever ended first", async () => {
  const { answers, gate } = await batch([call("free", "a"), call("free", "b"), call("free", "c")], async (gate) => {
    await gate.held(3);
    for (const name of ["c", "b", "a"]) await gate.release(name);
  });
  assert.deepEqual(gate.log.slice(3), ["end c", "end b", "end a"]);
  assert.deepEqual(answers, ["done a", "done b", "done c"]);
});

Deno.test("every call of a batch has exactly one stored result", async () => {
  const { stored } = await batch([call("free", "a"), call("write", "b"), call("free", "c")], async (gate) => {
    await gate.held(3);
    await gate.release("c");
    await gate.release("b");
    await gate.release("a");
  });
  assert.deepEqual([...stored].sort(), ["done a", "done b", "done c"]);
});

Deno.test("runScheduled() starts nothing more and rejects when a run rejects", async () => {
  const started: number[] = [];
  const run = (item: number) => {
    started.push(item);
    return item === 2 ? Promise.reject(new Error("stop")) : Promise.resolve();
  };
  await assert.rejects(runScheduled([1, 2, 3, 4], { cap: 1, serial: false, classOf: () => undefined, run }), /stop/);
  assert.deepEqual(started, [1, 2]);
});

Deno.test("runScheduled() resolves at once when there is nothing to run", async () => {
  await runScheduled([], { cap: 1, serial: false, classOf: () => undefined, run: () => Promise.resolve() });
});

Deno.test("parallelToolCalls: false holds also for calls that had to be approved first", async () => {
  const gate = new Gate();
  const { execute, ...free } = gate.tool("free");
  const approved = { ...free, execute, definition: { ...free.definition, policy: "requires_approval" as const } };
  await using sim = await scriptedRuntime([callTools(call("free", "a"), call("free", "b")), "done"], {
    tools: [approved],
    capabilities: [{ id: "serial", name: "Serial", parallelToolCalls: false }],
  });
  const { runtime } = sim;
  const { waitingFor } = await say(runtime);
  const decisions = waitingFor.map(({ id }) => ({ toolCallId: id, approved: true }));
  const running = runtime.resumeTurn(runtime.defaultSessionId, { decisions });
  for (let i = 0; i < 2; i++) {
    await gate.held(1);
    await gate.release();
  }
  assert.equal((await running).response, "done");
  assert.deepEqual(gate.log, ["start a", "end a", "start b", "end b"]);
});
