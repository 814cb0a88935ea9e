/** Failed turns: they are results with stable codes, and what their users are told. */

import assert from "node:assert/strict";
import {
  type Capability,
  createHarness,
  defineTool,
  InMemoryProviderStore,
  LlmSimConfig,
  NotFoundError,
  ProviderError,
  type ResolvedModel,
  RuntimeBackends,
  textOf,
  type TurnResult,
  userMessage,
} from "../../../mod.ts";
import { failingDriver, useDriver } from "../_support/drivers.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

async function failWith(thrown: unknown, options: SimOptions = {}, controls = {}) {
  await using runtime = await simRuntime("unused", { ...options, configure: useDriver(failingDriver(thrown)) });
  const result = await runtime.runTurn(runtime.defaultSessionId, userMessage("hi", { controls }));
  const [failed] = eventsOf(runtime, "turn.failed");
  const [answer] = eventsOf(runtime, "output.message.completed");
  return { result, failed: failed?.data, answer: answer?.data };
}

const REJECTED = new ProviderError("provider_rejected_request", "field x is wrong", { status: 400 });

Deno.test("runTurn() completes a provider failure as a failed result, not a throw", async () => {
  const { result } = await failWith(REJECTED);
  assert.deepEqual([result.success, result.status, result.stopReason], [false, "failed", "error"]);
  assert.deepEqual([result.response, result.iterations, result.toolCallsCount], ["", 1, 0]);
  assert.deepEqual(result.error, {
    code: "provider_rejected_request",
    message: "field x is wrong",
    fields: { status: 400 },
  });
});

Deno.test("runTurn() keeps code and fields of a failure in turn.failed", async () => {
  const fields = { limit: 5, currency: "USD" };
  const { result, failed } = await failWith(new ProviderError("budget_exhausted", "spent", { fields }));
  assert.deepEqual([result.error?.code, result.error?.fields], ["budget_exhausted", fields]);
  assert.deepEqual([failed?.errorCode, failed?.errorFields], ["budget_exhausted", fields]);
});

Deno.test("runTurn() calls a driver's unexpected error processing_error", async () => {
  const { result } = await failWith(new TypeError("x is undefined"));
  assert.deepEqual([result.error?.code, result.error?.message], ["processing_error", "x is undefined"]);
});

Deno.test("runTurn() survives a driver that throws something that is no error", async () => {
  const { result } = await failWith(null);
  assert.equal(result.error?.code, "processing_error");
});

Deno.test("runTurn() reports no tool calls and every iteration of a turn that failed after tools", async () => {
  await using sim = await scriptedRuntime(
    [callTools("ping"), { type: "error", kind: "authentication" }],
    { tools: [defineTool({ name: "ping", description: "", execute: () => "pong" })] },
  );
  const result = await say(sim.runtime);
  assert.deepEqual([result.iterations, result.toolCallsCount, result.response], [2, 0, ""]);
});

Deno.test("runTurn() fails with driver_not_registered when the default model names an unknown driver", async () => {
  await using runtime = await simRuntime("unused", {
    configure: (builder) => builder.defaultModel({ model: "gpt-x", providerType: "openai" }),
  });
  const { error, success } = await say(runtime);
  assert.deepEqual([success, error?.code], [false, "driver_not_registered"]);
  assert.match(error?.message ?? "", /"openai" is not registered \(registered: llmsim\)/);
});

Deno.test("runTurn() fails with provider_misconfigured when a driver that needs a key gets none", async () => {
  for (const model of [{}, { apiKey: "" }]) {
    await using runtime = await simRuntime("unused", {
      configure: (builder) =>
        useDriver({ ...failingDriver(REJECTED), requiresApiKey: true })(builder)
          .defaultModel({ model: "m", providerType: "test", ...model }),
    });
    assert.equal((await say(runtime)).error?.code, "provider_misconfigured");
  }
});

Deno.test("runTurn() fails with model_not_configured when no model can be resolved", async () => {
  class Forgetful extends InMemoryProviderStore {
    forgets = false;
    override getDefaultModel(): Promise<ResolvedModel | undefined> {
      return this.forgets ? Promise.resolve(undefined) : super.getDefaultModel();
    }
  }
  const store = new Forgetful();
  await using runtime = await simRuntime("unused", { backends: RuntimeBackends.inMemory().withProviderStore(store) });
  store.forgets = true;
  assert.equal((await say(runtime)).error?.code, "model_not_configured");
});

Deno.test("runTurn() fails with dependency_unavailable when the harness was archived", async () => {
  const backends = RuntimeBackends.inMemory();
  await using sim = await scriptedRuntime(["unused"], { backends });
  const { runtime } = sim;
  const [harness] = (await runtime.loadContext(runtime.defaultSessionId)).harnessChain;
  await backends.slots.harnessStore.addHarness(createHarness({ ...harness!, status: "archived", updatedAt: 1 }));
  const result = await say(runtime);
  assert.equal(result.error?.code, "dependency_unavailable");
  assert.equal(eventsOf(runtime, "turn.failed")[0]?.data.errorCode, "dependency_unavailable");
  assert.equal(sim.requests.length, 0);
});

Deno.test("runTurn() throws for a session that is not stored", async () => {
  await using runtime = await simRuntime("unused");
  await assert.rejects(
    runtime.runTextTurn(`session_${"f".repeat(32)}`, "hi"),
    (error) => error instanceof NotFoundError && error.code === "session_not_found",
  );
});

Deno.test("runTurn() stores a failure as an agent message that later requests leave out", async () => {
  await using sim = await scriptedRuntime([{ type: "error", kind: "authentication" }, "hello"]);
  const { runtime } = sim;
  await say(runtime, "first");
  await say(runtime, "second");
  const messages = await runtime.messages(runtime.defaultSessionId);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "agent", "user", "agent"]);
  assert.equal(messages[1]?.metadata?.["errorCode"], "provider_misconfigured");
  assert.deepEqual(sim.requests[1]?.messages.map(({ role }) => role), ["user", "user"]);
});

function discloses(errorDisclosure: "generic" | "standard" | "detailed"): SimOptions {
  return { capabilities: [{ id: "disclosure", name: "Disclosure", errorDisclosure }] };
}

const TOLD = {
  generic: "Something went wrong while answering.",
  standard: "The model provider refused the request.",
  detailed: "The model provider refused the request. (field x is wrong)",
};

for (const mode of ["generic", "standard", "detailed"] as const) {
  Deno.test(`runTurn() tells users in ${mode} mode "${TOLD[mode]}"`, async () => {
    const { failed, answer } = await failWith(REJECTED, discloses(mode));
    assert.deepEqual([failed?.error, failed?.errorDisclosure], [TOLD[mode], mode]);
    assert.equal(textOf(answer?.message.content ?? []), TOLD[mode]);
    assert.equal(answer?.errorCode, "provider_rejected_request");
  });
}

Deno.test("runTurn() tells users the standard sentence when nobody configures the disclosure", async () => {
  assert.equal((await failWith(REJECTED)).failed?.error, TOLD.standard);
});

Deno.test("a message may narrow the configured disclosure", async () => {
  const { failed } = await failWith(REJECTED, discloses("detailed"), { errorDisclosure: "generic" });
  assert.deepEqual([failed?.error, failed?.errorDisclosure], [TOLD.generic, "generic"]);
});

Deno.test("a message cannot widen the configured disclosure", async () => {
  const { failed } = await failWith(REJECTED, discloses("generic"), { errorDisclosure: "detailed" });
  assert.equal(failed?.error, TOLD.generic);
});

function llmError(hook: NonNullable<NonNullable<Capability["hooks"]>["llmError"]>): SimOptions {
  return { capabilities: [{ id: "amends", name: "Amends", hooks: { llmError: hook } }] };
}

Deno.test("an llmError hook may change what the user is told, not the failure", async () => {
  const seen: unknown[] = [];
  const { result, failed, answer } = await failWith(
    REJECTED,
    llmError((failure, { now }) => {
      seen.push(failure.code, typeof now);
      return Promise.resolve("I will be back at noon.");
    }),
  );
  assert.deepEqual(seen, ["provider_rejected_request", "number"]);
  assert.equal(failed?.error, "I will be back at noon.");
  assert.equal(textOf(answer?.message.content ?? []), "I will be back at noon.");
  assert.equal(result.error?.message, "field x is wrong");
});

Deno.test("an llmError hook that says nothing or throws leaves the words as they are", async () => {
  for (const hook of [() => undefined, () => Promise.reject(new Error("hook broke"))]) {
    assert.equal((await failWith(REJECTED, llmError(hook))).failed?.error, TOLD.standard);
  }
});

Deno.test("an llmError hook runs once, after the last try", async () => {
  let runs = 0;
  const clock = new WatchedClock();
  await using runtime = await simRuntime(LlmSimConfig.error("overloaded"), {
    clock,
    retry: { initialBackoffMs: 10, jitter: 0, maxRetries: 1 },
    ...llmError(() => void runs++),
  });
  const running = say(runtime);
  await clock.pass(10);
  await running;
  assert.equal(runs, 1);
});

Deno.test("runTurn() fails when a capability's prompt function throws, and asks it once", async () => {
  let asked = 0;
  const systemPrompt = () => {
    asked++;
    return Promise.reject(new Error("no memory"));
  };
  await using runtime = await simRuntime("unused", { capabilities: [{ id: "bad", name: "Bad", systemPrompt }] });
  const { error, success } = await say(runtime);
  assert.deepEqual([success, error?.code], [false, "processing_error"]);
  assert.equal(error?.message, 'systemPrompt of capability "bad" failed: no memory');
  assert.equal(asked, 1);
});

Deno.test("runTurn() keeps the input and fails when a capability cannot make its tools", async () => {
  const tools = () => {
    throw new Error("no tools");
  };
  await using sim = await scriptedRuntime(["never"], { capabilities: [{ id: "bad", name: "Bad", tools }] });
  const { error, success } = await say(sim.runtime, "hi");
  assert.deepEqual([success, error?.code, error?.message], [false, "processing_error", "no tools"]);
  assert.equal(sim.requests.length, 0);
  const messages = await sim.runtime.messages(sim.runtime.defaultSessionId);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "agent"]);
});

Deno.test("runTurn() fails when a capability cannot be loaded, and sends nothing past its hooks", async () => {
  let loads = 0;
  const guard: Capability = { id: "guard", name: "Guard", hooks: { userPromptSubmit: () => ({ action: "allow" }) } };
  const load = () => ++loads === 1 ? Promise.reject(new Error("offline")) : Promise.resolve(guard);
  const backends = RuntimeBackends.inMemory();
  await using sim = await scriptedRuntime(["hello"], {
    backends,
    configure: (builder) => builder.capability({ id: "guard", name: "Guard", load }),
  });
  const { runtime } = sim;
  await backends.slots.sessionStore.upsertSessionCapability?.(runtime.defaultSessionId, { ref: "guard" });
  const { error, success } = await say(runtime, "first");
  assert.deepEqual([success, error?.code], [false, "processing_error"]);
  assert.match(error?.message ?? "", /Cannot load capability "guard": offline/);
  assert.deepEqual([sim.requests.length, loads], [0, 1]);
  assert.equal((await say(runtime, "second")).response, "hello");
});

Deno.test("runTurn() fails instead of hanging when a capability never finishes loading", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const load = () => {
    asked.resolve();
    return new Promise<never>(() => {});
  };
  const backends = RuntimeBackends.inMemory();
  await using runtime = await simRuntime("never", {
    clock,
    backends,
    configure: (builder) => builder.capability({ id: "slow", name: "Slow", load }),
  });
  await backends.slots.sessionStore.upsertSessionCapability?.(runtime.defaultSessionId, { ref: "slow" });
  const running = say(runtime);
  await asked.promise;
  await clock.armed();
  clock.advance(30_000);
  assert.match((await running).error?.message ?? "", /load a capability: no answer within 30000 ms/);
});

Deno.test("runTurn() fails instead of hanging when a capability's prompt function never answers", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const systemPrompt = () => {
    asked.resolve();
    return new Promise<undefined>(() => {});
  };
  await using runtime = await simRuntime("unused", {
    clock,
    capabilities: [{ id: "mute", name: "Mute", systemPrompt }],
  });
  const running: Promise<TurnResult> = say(runtime);
  await asked.promise;
  await clock.armed();
  clock.advance(60_000);
  const { error, success } = await running;
  assert.deepEqual([success, error?.code], [false, "processing_error"]);
  assert.match(error?.message ?? "", /assemble the turn context: no answer within 60000 ms/);
});

Deno.test("an interrupted turn whose harness was archived meanwhile ends as failed, its calls closed", async () => {
  const backends = RuntimeBackends.inMemory();
  const started = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    execute: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  const first = await scriptedRuntime([callTools("hang")], { tools: [hang], backends });
  const sessionId = first.runtime.defaultSessionId;
  const lost = first.runtime.runTextTurn(sessionId, "first").catch((error: unknown) => error);
  await started.promise;
  const { harnessStore, turnStore } = backends.slots;
  await turnStore.disconnect((await turnStore.getHead(sessionId))?.owner ?? "");
  const [harness] = (await first.runtime.loadContext(sessionId)).harnessChain;
  await harnessStore.addHarness({ ...harness!, status: "archived", updatedAt: harness!.updatedAt + 1 });

  await using second = await scriptedRuntime(["unused"], { backends });
  const [recovered] = await second.runtime.recover({ sessions: [sessionId] });
  assert.equal(recovered?.error, undefined);
  assert.equal(recovered?.result?.error?.code, "dependency_unavailable");
  const [, call, closed] = await second.runtime.messages(sessionId);
  assert.ok(call?.content[0]?.type === "tool_call" && closed?.content[0]?.type === "tool_result");
  assert.equal(closed.content[0].toolCallId, call.content[0].id);
  await first.runtime.close();
  await lost;
});
