/** The request a driver gets: settings, metadata, facts and views. */

import assert from "node:assert/strict";
import {
  type Capability,
  type Controls,
  defineTool,
  DriverRegistry,
  idFromSeed,
  InMemoryProviderStore,
  InProcessRuntimeBuilder,
  type Message,
  type ModelProfile,
  type ModelRequest,
  RuntimeBackends,
  textOf,
  userMessage,
} from "../../../mod.ts";
import { scriptedModel } from "../../../src/testing/scripted_model.ts";
import { RecordingDriver, useDriver } from "../_support/drivers.ts";
import { Gate } from "../_support/gates.ts";
import { callTools, scriptedRuntime, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

const OTHER = idFromSeed("model", 4);

async function requestOf(controls: Controls = {}, options: SimOptions = {}): Promise<ModelRequest> {
  await using sim = await scriptedRuntime(["ok"], options);
  await sim.runtime.runTurn(sim.runtime.defaultSessionId, userMessage("hi", { controls }));
  return sim.requests[0]!;
}

function profile(known: ModelProfile): SimOptions {
  const store = Object.assign(new InMemoryProviderStore(), { getModelProfile: () => Promise.resolve(known) });
  return { backends: RuntimeBackends.inMemory().withProviderStore(store) };
}

Deno.test("a request without any prompt has an empty system prompt", async () => {
  assert.equal((await requestOf({}, { prompt: "" })).systemPrompt, "");
});

Deno.test("a request carries the wishes of the message", async () => {
  const request = await requestOf({ reasoning: { effort: "high" }, speed: "priority", verbosity: "low" });
  assert.deepEqual([request.reasoningEffort, request.speed, request.verbosity], ["high", "priority", "low"]);
});

Deno.test("a request leaves out what nobody wishes", async () => {
  const request = await requestOf();
  for (const member of ["reasoningEffort", "speed", "verbosity", "maxTokens", "promptCacheKey", "parallelToolCalls"]) {
    assert.equal(member in request, false, member);
  }
});

Deno.test("what the driver knows of a model counts where the provider store knows nothing of it", async () => {
  const store = Object.assign(new InMemoryProviderStore(), { getModelProfile: () => Promise.resolve(undefined) });
  const driver = new RecordingDriver("ok");
  const builder = useDriver({ ...driver.descriptor, profile: () => ({ maxOutputTokens: 77 }) })(
    new InProcessRuntimeBuilder().backends(RuntimeBackends.inMemory().withProviderStore(store)),
  );
  await using runtime = await builder.singleSession((s) => s.harness("h", "")).build();
  await runtime.runTextTurn(runtime.defaultSessionId, "hi");
  assert.equal(JSON.parse(String(driver.sent[0]?.body)).maxTokens, 77);
});

Deno.test("an effort of none is asked of models that are known to reason, which some do unasked, and of no other", async () => {
  const wish: Controls = { reasoning: { effort: "none" } };
  assert.equal((await requestOf(wish, profile({ reasoningEfforts: ["low", "high"] }))).reasoningEffort, "none");
  for (const known of [undefined, profile({}), profile({ reasoningEfforts: [] })]) {
    assert.equal("reasoningEffort" in await requestOf(wish, known), false);
  }
});

Deno.test("an effort is dropped for a model that does not reason and kept for an unknown one", async () => {
  const wish: Controls = { reasoning: { effort: "low" } };
  assert.equal("reasoningEffort" in await requestOf(wish, profile({ reasoningEfforts: [] })), false);
  assert.equal((await requestOf(wish, profile({ reasoningEfforts: ["low"] }))).reasoningEffort, "low");
  assert.equal((await requestOf(wish, profile({}))).reasoningEffort, "low");
});

Deno.test("a request names the most output tokens of a known model", async () => {
  assert.equal((await requestOf({}, profile({ maxOutputTokens: 4096 }))).maxTokens, 4096);
});

Deno.test("a request's metadata is stable for the session: ids and the embedder's strings", async () => {
  await using sim = await scriptedRuntime(["one", "two"], {
    session: (single) => single.agent("agent").openrouterAttribution("https://example.com", "Example"),
  });
  const { runtime } = sim;
  await runtime.runTextTurn(runtime.defaultSessionId, "first");
  await runtime.runTextTurn(runtime.defaultSessionId, "second");
  const [first, second] = sim.requests;
  const { session } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual({ ...first?.metadata }, {
    session_id: session.id,
    harness_id: session.harnessId,
    agent_id: session.agentId,
    openrouter_http_referer: "https://example.com",
    openrouter_x_title: "Example",
  });
  assert.deepEqual(second?.metadata, first?.metadata);
});

Deno.test("facts come after the conversation and are the same for every request of a turn", async () => {
  const clock = new WatchedClock({ start: 1000 });
  const facts: Capability = { id: "clock", name: "Clock", facts: ({ now }) => `It is ${now}.` };
  const slow = defineTool({
    name: "slow",
    description: "",
    effect: "pure",
    execute: () => new Promise((resolve) => clock.setTimer(() => resolve("x"), 700)),
  });
  await using sim = await scriptedRuntime([callTools("slow"), "ok"], { clock, tools: [slow], capabilities: [facts] });
  const running = sim.runtime.runTextTurn(sim.runtime.defaultSessionId, "hi");
  await clock.pass(700);
  await running;
  const [first, second] = sim.requests;
  const fact = { role: "system", content: "It is 1000." };
  assert.deepEqual(first?.messages.at(-1), fact);
  assert.deepEqual(second?.messages.at(-1), fact);
  assert.equal(first?.systemPrompt.includes("1000"), false);
  assert.deepEqual(second?.messages.slice(0, 1), first?.messages.slice(0, 1));
});

Deno.test("a prompt function runs once a turn, however many requests the turn makes", async () => {
  let runs = 0;
  const ping = defineTool({ name: "ping", description: "", execute: () => "pong" });
  await using sim = await scriptedRuntime([callTools("ping"), callTools("ping"), "ok", "next"], {
    tools: [ping],
    capabilities: [{ id: "recollection", name: "Memory", systemPrompt: () => `Run ${++runs}.` }],
  });
  await sim.runtime.runTextTurn(sim.runtime.defaultSessionId, "hi");
  assert.equal(runs, 1);
  await sim.runtime.runTextTurn(sim.runtime.defaultSessionId, "again");
  assert.equal(runs, 2);
  assert.deepEqual(sim.requests.map(({ systemPrompt }) => /Run \d/.exec(systemPrompt)?.[0]), [
    "Run 1",
    "Run 1",
    "Run 1",
    "Run 2",
  ]);
});

Deno.test("model views rewrite what is sent, in order of their priority, and store nothing", async () => {
  const append = (id: string, priority: number): Capability => ({
    id,
    name: id,
    modelView: {
      priority,
      apply: (messages) =>
        messages.map((each): Message => ({
          ...each,
          content: [{ type: "text", text: `${textOf(each.content)} ${id}` }],
        })),
    },
  });
  await using sim = await scriptedRuntime(["ok"], { capabilities: [append("late", 20), append("early", 10)] });
  await sim.runtime.runTextTurn(sim.runtime.defaultSessionId, "hi");
  assert.deepEqual(sim.requests[0]?.messages, [{ role: "user", content: [{ type: "text", text: "hi early late" }] }]);
  const [stored] = await sim.runtime.messages(sim.runtime.defaultSessionId);
  assert.equal(textOf(stored!.content), "hi");
});

Deno.test("a message filter narrows what is sent and keeps the head it asks for", async () => {
  await using sim = await scriptedRuntime(["one", "two", "three"], {
    capabilities: [{ id: "tail", name: "Tail", messageFilter: (query) => ({ ...query, limit: 1, keepHead: 1 }) }],
  });
  for (const text of ["first", "second", "third"]) {
    await sim.runtime.runTextTurn(sim.runtime.defaultSessionId, text);
  }
  const sent = sim.requests[2]?.messages.map((each) => each.role === "user" ? textOf(each.content) : each.role);
  assert.deepEqual(sent, ["first", "third"]);
});

Deno.test("a capability may name the prompt's cache key", async () => {
  const cached: Capability = { id: "cache", name: "Cache", promptCacheKey: (session) => `key-${session.id.length}` };
  assert.equal((await requestOf({}, { capabilities: [cached] })).promptCacheKey, "key-40");
});

Deno.test("the requests of a turn name the previous response, the first of the next turn does not", async () => {
  const { config, requests } = scriptedModel([callTools("ping"), "ok", "next"]);
  await using runtime = await simRuntime(config.withResponseId("resp_7"), {
    tools: [defineTool({ name: "ping", description: "", execute: () => "pong" })],
  });
  await runtime.runTextTurn(runtime.defaultSessionId, "hi");
  await runtime.runTextTurn(runtime.defaultSessionId, "again");
  assert.deepEqual(requests.map(({ previousResponseId }) => previousResponseId), [undefined, "resp_7", undefined]);
});

Deno.test("a message may choose the model of its turn, also one of another driver", async () => {
  const driver = new RecordingDriver("from the other driver");
  await using sim = await scriptedRuntime(["from the default"], {
    configure: (builder) => {
      builder.driverRegistry(new DriverRegistry().register(driver.descriptor));
      return builder.model(OTHER, { model: "other-model", providerType: "test" });
    },
  });
  const { runtime } = sim;
  const chosen = await runtime.runTurn(
    runtime.defaultSessionId,
    userMessage("hi", { controls: { modelId: OTHER } }),
  );
  assert.equal(chosen.response, "from the other driver");
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "from the default");
  assert.deepEqual(driver.sent.map(({ url }) => url), ["test://model/other-model"]);
});

Deno.test("the wishes of a steering message count from the next reason step, its model too", async () => {
  const gate = new Gate();
  await using sim = await scriptedRuntime([callTools("work"), "ok"], {
    tools: [gate.tool("work")],
    configure: (builder) => builder.model(OTHER, { model: "other-model", providerType: "llmsim" }),
  });
  const turn = sim.runtime.startTurn(sim.runtime.defaultSessionId, "hi");
  await gate.held(1);
  const wishes: Controls = { modelId: OTHER, reasoning: { effort: "high" } };
  const steered = turn.steer(userMessage("harder", { controls: wishes }));
  await gate.release();
  assert.deepEqual([(await turn.result).response, (await steered).joined], ["ok", true]);
  assert.deepEqual(sim.requests.map(({ model, reasoningEffort }) => [model, reasoningEffort]), [
    ["llmsim-model", undefined],
    ["other-model", "high"],
  ]);
});
