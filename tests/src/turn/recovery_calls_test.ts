/** What becomes of the tool calls of a turn whose process died. */

import assert from "node:assert/strict";
import { ToolError } from "../../../src/errors.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import { userMessage } from "../../../src/records/message.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  Ledger,
  logOf,
  ofType,
  Process,
  type Respond,
  SESSION,
  text,
  tool,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const UNKNOWN = "interrupted, outcome unknown, not run again";

/** Calls these tools once, then answers with the results it was sent. */
function callThenQuote(...names: readonly string[]): Respond {
  return ({ messages }) => {
    const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    return results.length === 0 ? calls(...names) : text(results.join(" | "));
  };
}

/** Runs a turn in a process that dies at a step: 1 accept, 2 reason, 3 started mark or first result. */
async function dieAt(
  commit: number,
  when: "before" | "after",
  options: FaultOptions,
): Promise<RuntimeBackends> {
  const disk = RuntimeBackends.inMemory();
  const process = new Process(disk, { commit, when });
  const runtime = await faultRuntime({ ...options, backends: process.backends });
  await assert.rejects(runtime.runTurn(SESSION, "go"));
  assert.ok(process.dead);
  return disk;
}

Deno.test("a started at_most_once call is not run again: its outcome is unknown, and the log says so", async () => {
  const ledger = new Ledger();
  const options = { tools: [ledger.tool("pay", "at_most_once")], respond: callThenQuote("pay") };
  const disk = await dieAt(4, "before", options);
  assert.equal(ledger.count("pay"), 1);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const [recovered] = await runtime.recover();
  assert.equal(recovered?.result?.response, UNKNOWN);
  assert.equal(ledger.count("pay"), 1);
  const events = await logOf(disk);
  assert.deepEqual(ofType(events, "tool.completed").map(({ data }) => data.status), ["interrupted"]);
  assert.deepEqual(ofType(events, "transcript.repaired").map(({ data }) => data.action), ["synthesize"]);
  await assertSession(runtime, disk, { acked: ["go"], ledger });
});

Deno.test("a call whose process died between its mark and its effect is not run at all", async () => {
  const ledger = new Ledger();
  const options = { tools: [ledger.tool("pay", "at_most_once")], respond: callThenQuote("pay") };
  const disk = await dieAt(3, "after", options);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  assert.equal((await runtime.recover())[0]?.result?.response, UNKNOWN);
  assert.equal(ledger.count("pay"), 0);
});

Deno.test("an at_most_once call without a mark runs once after a crash", async () => {
  const ledger = new Ledger();
  const options = { tools: [ledger.tool("pay", "at_most_once")], respond: callThenQuote("pay") };
  const disk = await dieAt(2, "after", options);
  assert.equal(ledger.count("pay"), 0);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  assert.equal((await runtime.recover())[0]?.result?.response, "pay done");
  assert.equal(ledger.count("pay"), 1);
});

for (const effect of ["pure", "idempotent"] as const) {
  Deno.test(`a call of a tool with effect ${effect} runs again under the same idempotency key`, async () => {
    const ledger = new Ledger();
    const options = { tools: [ledger.tool("put", effect)], respond: callThenQuote("put") };
    const disk = await dieAt(3, "before", options);
    assert.equal(ledger.count("put"), 1);
    await using runtime = await faultRuntime({ ...options, backends: disk });
    assert.equal((await runtime.recover())[0]?.result?.response, "put done");
    const [first, second] = ledger.effects;
    assert.equal(ledger.effects.length, 2);
    assert.equal(second?.key, first?.key);
    assert.match(first?.key ?? "", /^session_[0-9a-f]{32}\/turn_[0-9a-f]{32}\/call_[0-9a-f]{32}$/);
  });
}

/** A payment that was started in a process that died, and what a tool then says about it. */
async function reconciled(reconcile: Tool["reconcile"], clock?: FakeClock) {
  const ledger = new Ledger();
  const keys: string[] = [];
  const pay: Tool = {
    ...ledger.tool("pay", "at_most_once"),
    reconcile: (key, context) => {
      keys.push(key);
      return reconcile!(key, context);
    },
  };
  const options: FaultOptions = { tools: [pay], respond: callThenQuote("pay"), ...(clock && { clock }) };
  const disk = await dieAt(4, "before", options);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const recovering = runtime.recover();
  if (clock !== undefined) { while (await clock.runToNextTimer()); }
  const response = (await recovering)[0]?.result?.response;
  assert.equal(ledger.count("pay"), 1);
  await assertSession(runtime, disk, { acked: ["go"] });
  return { response, asked: keys, key: ledger.effects[0]?.key, events: await logOf(disk) };
}

Deno.test("reconcile() is asked once, with the key of the call, and its answer becomes the result", async () => {
  const { response, asked, key, events } = await reconciled(() =>
    Promise.resolve({ type: "success", value: "paid 5" })
  );
  assert.equal(response, "paid 5");
  assert.deepEqual(asked, [key]);
  assert.deepEqual(ofType(events, "transcript.repaired").map(({ data }) => data.action), ["replay"]);
});

const NO_ANSWERS: Readonly<Record<string, Tool["reconcile"]>> = {
  "answers undefined": () => Promise.resolve(undefined),
  "rejects": () => Promise.reject(new ToolError("not now")),
  "throws": () => {
    throw new Error("broken");
  },
  "answers something that is no outcome": (() => Promise.resolve("paid")) as never,
  "returns no promise": (() => 7) as never,
};

for (const [what, reconcile] of Object.entries(NO_ANSWERS)) {
  Deno.test(`a reconcile() that ${what} leaves the outcome unknown`, async () => {
    assert.equal((await reconciled(reconcile)).response, UNKNOWN);
  });
}

Deno.test("a reconcile() that never answers ends at the tool's deadline with an unknown outcome", async () => {
  const { response } = await reconciled(() => new Promise(() => {}), new FakeClock());
  assert.equal(response, UNKNOWN);
});

Deno.test("a call whose tool is gone after a restart gets an error result", async () => {
  const ledger = new Ledger();
  const respond = callThenQuote("put");
  const disk = await dieAt(2, "after", { tools: [ledger.tool("put", "pure")], respond });
  await using runtime = await faultRuntime({ respond, backends: disk });
  assert.match((await runtime.recover())[0]?.result?.response ?? "", /Tool definition not found: put/);
  await assertSession(runtime, disk, { acked: ["go"] });
});

Deno.test("a started call whose tool is gone after a restart is reported as unknown, not as missing", async () => {
  const ledger = new Ledger();
  const respond = callThenQuote("pay");
  const disk = await dieAt(4, "before", { tools: [ledger.tool("pay", "at_most_once")], respond });
  await using runtime = await faultRuntime({ respond, backends: disk });
  assert.equal((await runtime.recover())[0]?.result?.response, UNKNOWN);
});

Deno.test("cancelTurn() on an interrupted turn says that a started call has an unknown outcome", async () => {
  const ledger = new Ledger();
  const options = { tools: [ledger.tool("pay", "at_most_once")], respond: callThenQuote("pay") };
  const disk = await dieAt(4, "before", options);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  assert.equal(await runtime.cancelTurn(SESSION), true);
  const results = ofType(await logOf(disk), "tool.completed");
  assert.match(results[0]?.data.error ?? "", /outcome unknown/);
  assert.equal(ofType(await logOf(disk), "turn.cancelled").length, 1);
  await assertSession(runtime, disk, { acked: ["go"], ledger });
});

Deno.test("a recovered batch stores each result as soon as it is there, also after earlier batches", async () => {
  const slow = Promise.withResolvers<string>();
  const tools = [tool("first", () => "a"), tool("quick", () => "b"), tool("slow", () => slow.promise)];
  const respond: Respond = ({ messages }) => {
    const results = messages.filter(({ role }) => role === "tool").length;
    return results === 0 ? calls("first", "first") : results === 2 ? calls("quick", "slow") : text("done");
  };
  const disk = await dieAt(4, "after", { tools, respond });
  // With a clock that stands still the slow tool is not ended by its deadline.
  await using runtime = await faultRuntime({ tools, respond, backends: disk, clock: new FakeClock() });
  const recovering = runtime.recover();
  const subscription = runtime.subscribe(SESSION, { after: 0 });
  for await (const event of subscription) {
    if (event.type === "tool.completed" && event.data.toolName === "quick" && event.sequence !== undefined) break;
  }
  slow.resolve("c");
  assert.equal((await recovering)[0]?.result?.response, "done");
});

Deno.test("results are stored in the order of their calls and sent to the model in that order", async () => {
  const slow = Promise.withResolvers<string>();
  const tools = [
    tool("slow", () => slow.promise),
    tool("quick", () => {
      queueMicrotask(() => slow.resolve("first"));
      return "second";
    }),
  ];
  await using runtime = await faultRuntime({ tools, respond: callThenQuote("slow", "quick") });
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "first | second");
});

Deno.test("a turn that is cancelled while it is recovered says that a started call has an unknown outcome", async () => {
  const asked = Promise.withResolvers<void>();
  const pay: Tool = {
    ...tool("pay", () => "paid", { effect: "at_most_once" }),
    reconcile: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  };
  const options = { tools: [pay], respond: callThenQuote("pay") };
  const disk = await dieAt(4, "before", options);
  await using runtime = await faultRuntime({ ...options, backends: disk });
  const recovering = runtime.recover();
  await asked.promise;
  assert.equal(await runtime.cancelTurn(SESSION), true);
  assert.equal((await recovering)[0]?.result?.status, "cancelled");
  assert.deepEqual(ofType(await logOf(disk), "tool.completed").map(({ data }) => data.error), [UNKNOWN]);
  await assertSession(runtime, disk, { acked: ["go"] });
});

for (const [what, input] of Object.entries({ "its input": "user", "the user's newest message": "system" } as const)) {
  Deno.test(`a recovered turn is answered as ${what} wished`, async () => {
    const wish = { reasoning: { effort: "high" } };
    const message = { role: input, content: [{ type: "text" as const, text: "go" }] };
    const disk = RuntimeBackends.inMemory();
    const first = await faultRuntime({ backends: disk });
    if (input === "system") await first.runTurn(SESSION, userMessage("please", { controls: wish }));
    await first.close();
    const life = new Process(disk, { commit: 2, when: "before" });
    const dead = await faultRuntime({ backends: life.backends });
    await assert.rejects(dead.runTurn(SESSION, input === "system" ? message : { ...message, controls: wish }));
    const efforts: unknown[] = [];
    await using runtime = await faultRuntime({
      backends: disk,
      respond: ({ reasoningEffort }) => {
        efforts.push(reasoningEffort);
        return text("ok");
      },
    });
    await runtime.recover();
    assert.deepEqual(efforts, ["high"]);
  });
}

Deno.test("a recovered turn keeps the wishes of its input, also when a message without any joined it", async () => {
  const disk = RuntimeBackends.inMemory();
  const own: { steer?: () => Promise<unknown> } = {};
  const look = tool("look", () => void own.steer?.().catch(() => {}));
  // The steps: accept, reason, act, the joined input, and the answer that is never stored.
  const life = new Process(disk, { commit: 5, when: "before" });
  const dead = await faultRuntime({ backends: life.backends, tools: [look], respond: callThenQuote("look") });
  const turn = dead.startTurn(SESSION, userMessage("go", { controls: { reasoning: { effort: "high" } } }));
  own.steer = () => turn.steer("and this");
  await assert.rejects(turn.result);
  const efforts: unknown[] = [];
  await using runtime = await faultRuntime({
    backends: disk,
    tools: [look],
    respond: ({ reasoningEffort, messages }) => {
      efforts.push(reasoningEffort, messages.length);
      return text("ok");
    },
  });
  await runtime.recover();
  assert.deepEqual(efforts, ["high", 4]);
});
