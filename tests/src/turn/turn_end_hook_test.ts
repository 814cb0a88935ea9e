/** turnEnd hooks: when they run, what they are told, and that they cannot hurt the turn. */

import assert from "node:assert/strict";
import {
  type Capability,
  type CapabilityHooks,
  defineTool,
  LlmSimConfig,
  RuntimeBackends,
  type TurnResult,
} from "../../../mod.ts";
import { RecordingJournal } from "../_support/journals.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

function ending(turnEnd: NonNullable<CapabilityHooks["turnEnd"]>, change: Partial<Capability> = {}): Capability {
  return { id: "ending", name: "Ending", hooks: { turnEnd }, ...change };
}

Deno.test("a turnEnd hook runs when a turn completes, with its result", async () => {
  const seen: TurnResult[] = [];
  await using runtime = await simRuntime("hello", { capabilities: [ending((result) => void seen.push(result))] });
  const result = await say(runtime);
  assert.deepEqual(seen, [result]);
  assert.equal(seen[0]?.success, true);
});

Deno.test("a turnEnd hook runs when a turn failed", async () => {
  const seen: unknown[] = [];
  await using runtime = await simRuntime(LlmSimConfig.error("authentication"), {
    capabilities: [ending(({ success, error }) => void seen.push(success, error?.code))],
  });
  await say(runtime);
  assert.deepEqual(seen, [false, "provider_misconfigured"]);
});

Deno.test("a turnEnd hook runs after the last reply is stored and before the end is", async () => {
  const journal = new RecordingJournal();
  const stored: number[] = [];
  await using runtime = await simRuntime("hello", {
    capabilities: [ending(() => void stored.push(journal.steps.length))],
    backends: RuntimeBackends.inMemory().withJournal(journal),
  });
  await say(runtime);
  assert.deepEqual(stored, [2]);
  const last = journal.steps.slice(1).map(({ events }) => events.map(({ type }) => type));
  assert.deepEqual(last, [
    ["llm.generation", "output.message.completed", "reason.completed"],
    ["turn.completed", "session.idled"],
  ]);
  const closing = journal.steps[1]?.checkpoint?.closing;
  assert.deepEqual([closing?.status, closing?.events.map(({ type }) => type)], [
    "completed",
    ["turn.completed", "session.idled"],
  ]);
});

Deno.test("turnEnd hooks of several capabilities run in their order", async () => {
  const seen: string[] = [];
  const named = (id: string) => ending(() => Promise.resolve().then(() => void seen.push(id)), { id });
  await using runtime = await simRuntime("hello", { capabilities: [named("one"), named("two")] });
  await say(runtime);
  assert.deepEqual(seen, ["one", "two"]);
});

Deno.test("a turnEnd hook that throws is reported and changes nothing", async () => {
  await using runtime = await simRuntime("hello", {
    capabilities: [ending(() => Promise.reject(new Error("no goodbye")))],
  });
  const result = await say(runtime);
  assert.deepEqual([result.success, result.response], [true, "hello"]);
  assert.deepEqual(eventsOf(runtime, "runtime.warning").map(({ data }) => data.message), [
    'Hook turnEnd of capability "ending" failed: no goodbye',
  ]);
  assert.equal(eventsOf(runtime, "session.idled").length, 1);
});

Deno.test("a turnEnd hook that never answers is given up", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const mute = ending(() => {
    asked.resolve();
    return new Promise(() => {});
  });
  await using runtime = await simRuntime("hello", { clock, capabilities: [mute], limits: { hookMs: 1000 } });
  const running = say(runtime);
  await asked.promise;
  await clock.armed();
  clock.advance(1000);
  assert.equal((await running).response, "hello");
});

Deno.test("a turnEnd hook of a capability that is not available is skipped", async () => {
  let runs = 0;
  await using runtime = await simRuntime("hello", {
    capabilities: [ending(() => void runs++, { status: "disabled" })],
  });
  await say(runtime);
  assert.equal(runs, 0);
});

Deno.test("a turnEnd hook does not run when a turn is cancelled", async () => {
  let runs = 0;
  const started = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    execute: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  await using sim = await scriptedRuntime([callTools("hang")], {
    tools: [hang],
    capabilities: [ending(() => void runs++)],
  });
  const turn = sim.runtime.startTurn(sim.runtime.defaultSessionId, "go");
  await started.promise;
  turn.cancel();
  assert.equal((await turn.result).status, "cancelled");
  assert.equal(runs, 0);
});
