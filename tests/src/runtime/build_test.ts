/** Building a runtime: records, registries, models and configuration errors. */

import assert from "node:assert/strict";
import {
  CapabilityRegistry,
  ConfigurationError,
  createAgent,
  createHarness,
  createSession,
  DriverRegistry,
  idFromSeed,
  InMemoryProviderStore,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  llmSimDriver,
  PlatformDefinition,
  type ProviderRetryConfig,
  RuntimeBackends,
  type TurnLimits,
} from "../../../mod.ts";
import { say, simBuilder, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

const HARNESS = idFromSeed("harness", 1);
const SESSION = idFromSeed("session", 1);

function simulated(): InProcessRuntimeBuilder {
  return new InProcessRuntimeBuilder().llmSim(LlmSimConfig.fixed("ok"));
}

function isConfigurationError(words: RegExp) {
  return (error: unknown) =>
    error instanceof ConfigurationError && error.code === "configuration" && words.test(error.message);
}

Deno.test("build() needs a default model", async () => {
  await assert.rejects(
    new InProcessRuntimeBuilder().singleSession((single) => single.harness("h")).build(),
    isConfigurationError(/no default model is set; call defaultModel\(\) or llmSim\(\)/),
  );
});

Deno.test("build() takes the default model of the provider store when none is named", async () => {
  const store = new InMemoryProviderStore();
  await store.setDefaultModel({ model: "stored", providerType: "llmsim" });
  await using runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(new DriverRegistry().register(llmSimDriver(LlmSimConfig.fixed("ok"))))
    .backends(RuntimeBackends.inMemory().withProviderStore(store))
    .singleSession((single) => single.harness("h"))
    .build();
  assert.equal((await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent.model, "stored");
  assert.equal((await say(runtime)).response, "ok");
});

Deno.test("llmSim() names its own default model unless one is set, before or after", async () => {
  const model = { model: "mine", providerType: "llmsim" };
  const names = [];
  for (const builder of [simulated(), simulated().defaultModel(model)]) {
    await using runtime = await builder.singleSession((single) => single.harness("h")).build();
    names.push((await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent.model);
  }
  assert.deepEqual(names, ["llmsim-model", "mine"]);
});

Deno.test("model() makes a model that layers and messages may name", async () => {
  const id = idFromSeed("model", 4);
  await using runtime = await simRuntime("ok", {
    configure: (builder) => builder.model(id, { model: "named", providerType: "llmsim" }),
    session: (single) => single.sessionModelId(id),
  });
  const { runtimeAgent, resolvedModelId } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual([runtimeAgent.model, resolvedModelId], ["named", id]);
});

Deno.test("build() succeeds with a default model whose driver is not registered", async () => {
  await using runtime = await new InProcessRuntimeBuilder()
    .defaultModel({ model: "gpt-x", providerType: "openai" })
    .singleSession((single) => single.harness("h"))
    .build();
  const { success, error } = await say(runtime);
  assert.deepEqual([success, error?.code], [false, "driver_not_registered"]);
});

Deno.test("build() refuses a session whose harness or agent is not stored", async () => {
  await assert.rejects(
    simulated().session({ id: SESSION, harnessId: HARNESS }).build(),
    isConfigurationError(/its harness or agent is not stored/),
  );
  await assert.rejects(
    simulated().harness({ id: HARNESS, name: "h" })
      .session({ id: SESSION, harnessId: HARNESS, agentId: idFromSeed("agent", 1) }).build(),
    isConfigurationError(/its harness or agent is not stored/),
  );
});

Deno.test("build() refuses a capability or driver that is registered twice", async () => {
  const capability = { id: "twice", name: "Twice" };
  await assert.rejects(
    simulated().capability(capability).capability(capability).build(),
    isConfigurationError(/twice/),
  );
  const drivers = new DriverRegistry().register(llmSimDriver(LlmSimConfig.fixed("ok")));
  await assert.rejects(simulated().driverRegistry(drivers).build(), isConfigurationError(/llmsim/));
});

Deno.test("build() refuses to seed a file into a session that is not stored", async () => {
  await assert.rejects(
    simulated().seedTextFile(SESSION, "/a.txt", "x").build(),
    isConfigurationError(/Cannot seed file "\/a.txt"/),
  );
});

Deno.test("the builder refuses limits and models of the wrong shape, naming them", () => {
  assert.throws(() => simulated().limits({ toolMs: 0 }), /limit "toolMs" to 0/);
  assert.throws(() => simulated().limits({ toolMs: NaN }), RangeError);
  assert.throws(
    () => simulated().limits({ maxToolResultBytes: 255 }),
    /"maxToolResultBytes" to 255: expected a number from 256/,
  );
  const misspelled = { toolMS: 5 };
  assert.throws(() => simulated().limits(misspelled as Partial<TurnLimits>), /limit "toolMS": there is no such limit/);
  const unknown = { retries: 5 };
  assert.throws(() => simulated().providerRetryConfig(unknown as Partial<ProviderRetryConfig>), /retry "retries"/);
  assert.throws(() => simulated().providerStallTimeout(-1), RangeError);
  assert.throws(() => simulated().defaultModel({ model: "", providerType: "llmsim" }), TypeError);
  assert.throws(() => simulated().model("gpt" as never, { model: "m", providerType: "llmsim" }), TypeError);
  assert.throws(() => simulated().seedTextFile("session_1", "/a", ""), TypeError);
});

Deno.test("build() names the key of a model that is no string", async () => {
  const model = { model: "m", providerType: "llmsim" };
  const named = { name: "TypeError", message: /apiKey: expected a string/ };
  await assert.rejects(simulated().defaultModel({ ...model, apiKey: null as never }).build(), named);
});

Deno.test("a builder may be used again: each build is a runtime of its own", async () => {
  const builder = simBuilder("ok");
  await using one = await builder.build();
  await using two = await builder.build();
  await say(one);
  assert.equal((await one.messages(one.defaultSessionId)).length, 2);
  assert.equal((await two.messages(two.defaultSessionId)).length, 0);
});

Deno.test("record builders keep the times they are given", () => {
  const times = { createdAt: 5, updatedAt: 9 };
  const records = [
    createHarness({ name: "h", ...times }),
    createAgent({ name: "a", ...times }),
    createSession({ harnessId: HARNESS, ...times }),
  ];
  for (const { createdAt, updatedAt } of records) assert.deepEqual([createdAt, updatedAt], [5, 9]);
});

Deno.test("a record that was only created is as old as its creation", () => {
  const { createdAt, updatedAt } = createHarness({ name: "h", createdAt: 5 });
  assert.deepEqual([createdAt, updatedAt], [5, 5]);
});

Deno.test("seeded records keep the times they are given and get the clock's otherwise", async () => {
  const clock = new WatchedClock({ start: 1000 });
  await using runtime = await simulated().clock(clock)
    .harness({ id: HARNESS, name: "h", createdAt: 5, updatedAt: 9 })
    .session({ id: SESSION, harnessId: HARNESS })
    .build();
  const { harnessChain: [harness], session } = await runtime.loadContext(SESSION);
  assert.deepEqual([harness?.createdAt, harness?.updatedAt], [5, 9]);
  assert.deepEqual([session.createdAt, session.updatedAt], [1000, 1000]);
});

Deno.test("several harnesses, agents and sessions may be seeded", async () => {
  await using runtime = await simulated()
    .harness({ id: HARNESS, name: "root", systemPrompt: "Root." })
    .harness({ id: idFromSeed("harness", 2), name: "leaf", systemPrompt: "Leaf.", parentHarnessId: HARNESS })
    .agent({ id: idFromSeed("agent", 1), name: "agent", systemPrompt: "Agent." })
    .session({ id: SESSION, harnessId: HARNESS })
    .session({ id: idFromSeed("session", 2), harnessId: idFromSeed("harness", 2), agentId: idFromSeed("agent", 1) })
    .build();
  const prompts = [];
  for (const seed of [1, 2]) {
    prompts.push((await runtime.loadContext(idFromSeed("session", seed))).runtimeAgent.systemPrompt);
    assert.equal((await runtime.runTextTurn(idFromSeed("session", seed), "hi")).response, "ok");
  }
  assert.deepEqual(prompts, ["Root.", "Root.\n\nLeaf.\n\nAgent."]);
});

Deno.test("the default runtime knows the runtime-safe capabilities, and skips platform ones", async () => {
  await using runtime = await simRuntime("ok", {
    session: (single) => single.withCapability("current_time").withCapability("platform_management"),
  });
  const { resolvedCapabilityConfigs, runtimeAgent, warnings } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(resolvedCapabilityConfigs.map(({ ref }) => ref), ["current_time"]);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["get_current_time"]);
  assert.deepEqual(warnings, ['Capability "platform_management" is not registered and was left out']);
});

Deno.test("a built-in capability's clock is the runtime's", async () => {
  const clock = new WatchedClock({ start: Date.UTC(2030, 0, 2) });
  await using runtime = await simRuntime([
    { type: "tool_calls", toolCalls: [{ name: "get_current_time" }] },
    "done",
  ], { clock, session: (single) => single.withCapability("current_time") });
  await say(runtime);
  const messages = await runtime.messages(runtime.defaultSessionId);
  assert.match(JSON.stringify(messages[2]?.content), /2030-01-02T00:00:00/);
});

Deno.test("a platform definition replaces the built-in capabilities and brings its drivers", async () => {
  const platform = new PlatformDefinition({
    capabilities: new CapabilityRegistry().register({ id: "mine", name: "Mine", systemPrompt: "Mine." }),
    drivers: new DriverRegistry().register(llmSimDriver(LlmSimConfig.fixed("from the platform"))),
  });
  await using runtime = await new InProcessRuntimeBuilder()
    .platformDefinition(platform)
    .defaultModel({ model: "m", providerType: "llmsim" })
    .singleSession((single) => single.harness("h").withCapability("mine").withCapability("current_time"))
    .build();
  const { resolvedCapabilityConfigs } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(resolvedCapabilityConfigs.map(({ ref }) => ref), ["mine"]);
  assert.equal((await say(runtime)).response, "from the platform");
});

Deno.test("what a builder registers does not reach the registries it was given", async () => {
  const capabilities = new CapabilityRegistry();
  const drivers = new DriverRegistry();
  await using _runtime = await simulated()
    .platformDefinition(new PlatformDefinition({ capabilities, drivers }))
    .capability({ id: "more", name: "More" })
    .build();
  assert.deepEqual([capabilities.ids(), drivers.ids()], [[], []]);
});
