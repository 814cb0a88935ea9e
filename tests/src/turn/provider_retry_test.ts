/** Failed model calls: which are tried again, after how long, and what a retry must not do. */

import assert from "node:assert/strict";
import { defineTool, DriverRegistry, LlmSimConfig, type ModelRequest, type TurnResult } from "../../../mod.ts";
import type { LlmSimErrorKind } from "../../../src/drivers/llmsim/failure.ts";
import type { LlmSimTurn } from "../../../src/drivers/llmsim/script.ts";
import { calls, functionDriver, type Respond, text } from "../_support/faults.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

const TRANSIENT: readonly LlmSimErrorKind[] = ["rate_limit", "timeout", "other", "transport", "overloaded"];
const PERMANENT: readonly LlmSimErrorKind[] = [
  "invalid_response",
  "authentication",
  "quota_exhausted",
  "unsupported_model",
];
const RETRY = { initialBackoffMs: 10, jitter: 0 };

function fails(kind: LlmSimErrorKind, change: { retryAfterMs?: number; text?: string } = {}): LlmSimTurn {
  return { type: "error", kind, ...change };
}

interface Played {
  readonly result: TurnResult;
  readonly requests: readonly ModelRequest[];
  readonly retry: { readonly attempts: number; readonly totalWaitMs: number } | undefined;
}

/** Plays a script and lets the given waits pass, each as soon as somebody waits for exactly that long. */
async function play(
  turns: readonly (string | LlmSimTurn)[],
  waits: readonly number[],
  options: SimOptions = {},
): Promise<Played> {
  const clock = new WatchedClock();
  await using sim = await scriptedRuntime(turns, { clock, retry: RETRY, ...options });
  const running = say(sim.runtime);
  for (const wait of waits) await clock.pass(wait);
  const result = await running;
  return { result, requests: sim.requests, retry: eventsOf(sim.runtime, "llm.generation")[0]?.data.metadata.retry };
}

for (const kind of TRANSIENT) {
  Deno.test(`runTurn() tries a model call again after a ${kind} failure`, async () => {
    const { result, requests } = await play([fails(kind), "recovered"], [10]);
    assert.equal(result.response, "recovered");
    assert.equal(requests.length, 2);
  });
}

for (const kind of PERMANENT) {
  Deno.test(`runTurn() fails fast after a ${kind} failure`, async () => {
    const { result, requests } = await play([fails(kind)], []);
    assert.equal(result.success, false);
    assert.equal(requests.length, 1);
  });
}

Deno.test("runTurn() tries again when a stream ended before it was complete", async () => {
  const { result, requests } = await play([{ type: "stream_drop", text: "half an ans" }, "whole"], [10]);
  assert.equal(result.response, "whole");
  assert.equal(requests.length, 2);
});

Deno.test("runTurn() tries again when a stream is silent for too long", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const model = LlmSimConfig.scripted([{ type: "stream_stall" }, "recovered"]).withRequestCapture(() =>
    asked.resolve()
  );
  await using runtime = await simRuntime(model, { clock, retry: RETRY, limits: { providerStallMs: 4000 } });
  const running = say(runtime);
  await asked.promise;
  await clock.armed();
  clock.advance(4000);
  await clock.pass(10);
  assert.equal((await running).response, "recovered");
  assert.equal(eventsOf(runtime, "llm.generation")[0]?.data.metadata.retry?.attempts, 1);
});

Deno.test("runTurn() waits 10 and then 20 ms before its second retry, 30 ms in all", async () => {
  const { result, retry } = await play([fails("overloaded"), fails("rate_limit"), "recovered"], [10, 20]);
  assert.equal(result.response, "recovered");
  assert.deepEqual(retry, { attempts: 2, totalWaitMs: 30 });
});

Deno.test("runTurn() fails where a retry would have helped when retries are switched off", async () => {
  const { result, requests, retry } = await play([fails("overloaded"), "recovered"], [], {
    retry: { ...RETRY, maxRetries: 0 },
  });
  assert.equal(result.error?.code, "provider_unavailable");
  assert.deepEqual([requests.length, retry], [1, undefined]);
});

Deno.test("runTurn() fails with the last failure when its retries are used up", async () => {
  const turns = [fails("overloaded"), fails("overloaded"), fails("rate_limit"), "too late"];
  const { result, requests, retry } = await play(turns, [10, 20]);
  assert.equal(result.error?.code, "provider_rate_limited");
  assert.deepEqual([requests.length, retry], [3, { attempts: 2, totalWaitMs: 30 }]);
});

Deno.test("runTurn() names the time budget when a wait would exceed it", async () => {
  const turns = [fails("overloaded"), fails("overloaded"), "too late"];
  const { result, requests } = await play(turns, [10], { retry: { ...RETRY, maxElapsedMs: 25 } });
  assert.equal(result.error?.code, "provider_unavailable");
  assert.match(result.error?.message ?? "", /time budget of 25 ms/);
  assert.equal(requests.length, 2);
});

Deno.test("runTurn() waits as long as the provider asks", async () => {
  const { result } = await play([fails("rate_limit", { retryAfterMs: 1234 }), "recovered"], [1234]);
  assert.equal(result.response, "recovered");
});

Deno.test("runTurn() ignores a provider that asks for more than a minute", async () => {
  const { result } = await play([fails("rate_limit", { retryAfterMs: 60_001 }), "recovered"], [10]);
  assert.equal(result.response, "recovered");
});

Deno.test("runTurn() sends a retry exactly what it sent before", async () => {
  const { requests } = await play([fails("overloaded"), "recovered"], [10]);
  assert.deepEqual(requests[1], requests[0]);
});

Deno.test("runTurn() repeats no tool call when a later model call is tried again", async () => {
  let charges = 0;
  const charge = defineTool({ name: "charge", description: "", execute: () => ++charges });
  const clock = new WatchedClock();
  await using sim = await scriptedRuntime([callTools("charge"), fails("overloaded"), "done"], {
    clock,
    retry: RETRY,
    tools: [charge],
  });
  const running = say(sim.runtime);
  await clock.pass(10);
  const result = await running;
  assert.deepEqual([result.response, result.toolCallsCount, charges], ["done", 1, 1]);
  assert.deepEqual(sim.requests[2]?.messages, sim.requests[1]?.messages);
  assert.equal(eventsOf(sim.runtime, "tool.completed").length, 1);
});

Deno.test("runTurn() replaces visible text before it tries again and counts offsets from 0", async () => {
  const clock = new WatchedClock();
  await using sim = await scriptedRuntime([{ type: "stream_drop", text: "half" }, "whole"], { clock, retry: RETRY });
  const running = say(sim.runtime);
  await clock.pass(10);
  await running;
  const shown = sim.runtime.events().filter(({ type }) => type.startsWith("output.message.") && !type.endsWith("ted"));
  assert.deepEqual(
    shown.map(({ type, data }) => [type, "delta" in data && data.delta, "offset" in data && data.offset]),
    [
      ["output.message.delta", "half", 0],
      ["output.message.replaced", false, false],
      ["output.message.delta", "whole", 0],
    ],
  );
});

Deno.test("runTurn() replaces nothing when nothing was shown before a retry", async () => {
  const clock = new WatchedClock();
  await using sim = await scriptedRuntime([fails("overloaded"), "whole"], { clock, retry: RETRY });
  const running = say(sim.runtime);
  await clock.pass(10);
  await running;
  assert.equal(eventsOf(sim.runtime, "output.message.replaced").length, 0);
});

Deno.test("runTurn() forgets the calls of a try that broke off after naming them", async () => {
  let charges = 0;
  const clock = new WatchedClock();
  const respond: Respond = (_, __, call) => call === 1 ? calls("charge").slice(0, 1) : text("done");
  await using runtime = await simRuntime("unused", {
    clock,
    retry: RETRY,
    tools: [defineTool({ name: "charge", description: "", execute: () => ++charges })],
    configure: (builder) =>
      builder.driverRegistry(new DriverRegistry().register(functionDriver(respond)))
        .defaultModel({ model: "m", providerType: "fault" }),
  });
  const running = say(runtime);
  await clock.pass(10);
  const result = await running;
  assert.deepEqual([result.response, result.toolCallsCount, charges], ["done", 0, 0]);
});

Deno.test("a subscriber is told that a model call is tried again, why and when", async () => {
  const clock = new WatchedClock();
  await using sim = await scriptedRuntime([fails("rate_limit"), "recovered"], { clock, retry: RETRY });
  const running = say(sim.runtime);
  await clock.pass(10);
  await running;
  const warnings = eventsOf(sim.runtime, "runtime.warning").map(({ data }) => data);
  assert.deepEqual(warnings.map(({ code }) => code), ["model_call_retried"]);
  assert.match(warnings[0]?.message ?? "", /rate.*; tried again in 10 ms$/i);
});
