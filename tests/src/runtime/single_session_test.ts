/** The single-session helper: what it stores, in whatever order it was told. */

import assert from "node:assert/strict";
import {
  defineClientTool,
  idFromSeed,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  RuntimeBackends,
  RuntimeError,
  type SingleSessionBuilder,
  type TurnContext,
} from "../../../mod.ts";
import { say, simRuntime } from "../_support/runtime.ts";

async function build(describe: (single: SingleSessionBuilder) => SingleSessionBuilder): Promise<InProcessRuntime> {
  return await new InProcessRuntimeBuilder().llmSim(LlmSimConfig.fixed("ok")).singleSession(describe).build();
}

async function load(describe: (single: SingleSessionBuilder) => SingleSessionBuilder): Promise<TurnContext> {
  await using runtime = await build(describe);
  return await runtime.loadContext(runtime.defaultSessionId);
}

Deno.test("singleSession() seeds a session that runs", async () => {
  await using runtime = await build((single) => single.harness("assistant", "You are helpful."));
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "ok");
});

Deno.test("singleSession() runs without an agent", async () => {
  const context = await load((single) => single.harness("assistant", "You are helpful."));
  assert.equal(context.agent, undefined);
  assert.equal(context.session.agentId, undefined);
});

Deno.test("singleSession() pins the ids it is given", async () => {
  const context = await load((single) =>
    single.harness("h").agent("a")
      .sessionId(idFromSeed("session", 5)).harnessId(idFromSeed("harness", 6)).agentId(idFromSeed("agent", 7))
  );
  assert.deepEqual([context.session.id, context.harnessChain[0]?.id, context.agent?.id], [
    idFromSeed("session", 5),
    idFromSeed("harness", 6),
    idFromSeed("agent", 7),
  ]);
});

Deno.test("a pinned session is the default one", async () => {
  await using runtime = await build((single) => single.sessionId(idFromSeed("session", 5)).harness("h"));
  assert.equal(runtime.defaultSessionId, idFromSeed("session", 5));
});

Deno.test("singleSession() makes a new session each time none is pinned", async () => {
  await using one = await build((single) => single.harness("h"));
  await using two = await build((single) => single.harness("h"));
  assert.notEqual(one.defaultSessionId, two.defaultSessionId);
});

Deno.test("a pinned session that is stored goes on with its history", async () => {
  const backends = RuntimeBackends.inMemory();
  const pinned = { backends, session: (single: SingleSessionBuilder) => single.sessionId(idFromSeed("session", 5)) };
  await using first = await simRuntime("one", pinned);
  await say(first, "first");
  await using second = await simRuntime("two", { ...pinned, prompt: "New prompt." });
  assert.equal((await second.messages(second.defaultSessionId)).length, 2);
  const { runtimeAgent } = await second.loadContext(second.defaultSessionId);
  assert.equal(runtimeAgent.systemPrompt, "New prompt.");
});

Deno.test("the harness keeps its network policy when harness() is called later", async () => {
  const access = { allowed: ["api.example.com"] };
  const context = await load((single) => single.harnessNetworkAccess(access).harness("h", "Prompt."));
  assert.deepEqual(context.harnessChain[0]?.networkAccess, access);
  assert.deepEqual(context.runtimeAgent.networkAccess, access);
});

Deno.test("the agent keeps its network policy when agent() is called later", async () => {
  const access = { blocked: ["bad.example.com"] };
  const context = await load((single) => single.agentNetworkAccess(access).harness("h").agent("a", "Prompt."));
  assert.deepEqual(context.agent?.networkAccess, access);
});

const STEPS: readonly ((single: SingleSessionBuilder) => SingleSessionBuilder)[] = [
  (single) => single.harness("harness name", "Harness."),
  (single) => single.agent("agent name", "Agent."),
  (single) => single.withCapability("current_time"),
  (single) => single.agentCapability("test_math"),
  (single) => single.sessionCapability({ ref: "stateless_todo_list", config: { a: 1 } }),
  (single) => single.harnessDisplayName("H").harnessDescription("h text"),
  (single) => single.agentDisplayName("A").agentDescription("a text"),
  (single) => single.sessionTitle("Title").locale("de-CH").tag("one").tag("two"),
  (single) => single.sessionModelId(idFromSeed("model", 1)).agentDefaultModelId(idFromSeed("model", 2)),
  (single) => single.harnessDefaultModelId(idFromSeed("model", 3)),
  (single) => single.agentMaxIterations(7).sessionMaxIterations(3),
  (single) => single.agentTool(defineClientTool({ name: "open", description: "" })),
  (single) => single.sessionTool(defineClientTool({ name: "close", description: "" })),
  (single) => single.sessionMcpServers({ docs: { url: "https://docs.example" } }),
  (single) => single.sessionNetworkAccess({ blocked: ["c.example"] }).openrouterAttribution("https://x.example", "X"),
];

/** Everything the records say, without ids and times. */
function recordsOf({ harnessChain, agent, session }: TurnContext): unknown {
  const drop = (key: string, value: unknown) =>
    /^(id|harnessId|agentId|workspaceId)$|At$/.test(key) ? undefined : value;
  return JSON.parse(JSON.stringify([harnessChain, agent, session], drop));
}

Deno.test("singleSession() stores the same records whatever the order of the calls", async () => {
  const forward = await load((single) => STEPS.reduce((each, step) => step(each), single));
  const backward = await load((single) => STEPS.toReversed().reduce((each, step) => step(each), single));
  assert.deepEqual(recordsOf(backward), recordsOf(forward));
});

Deno.test("singleSession() stores everything it was told", async () => {
  const { harnessChain: [harness], agent, session, runtimeAgent, resolvedCapabilityConfigs, embedderMetadata } =
    await load((single) => STEPS.reduce((each, step) => step(each), single));
  assert.deepEqual([harness?.name, harness?.displayName, harness?.description], ["harness name", "H", "h text"]);
  assert.deepEqual([agent?.name, agent?.displayName, agent?.description], ["agent name", "A", "a text"]);
  assert.deepEqual([session.title, session.locale], ["Title", "de-CH"]);
  assert.deepEqual([harness?.tags, agent?.tags, session.tags], [["one", "two"], ["one", "two"], ["one", "two"]]);
  assert.deepEqual([session.modelId, agent?.defaultModelId, harness?.defaultModelId], [
    idFromSeed("model", 1),
    idFromSeed("model", 2),
    idFromSeed("model", 3),
  ]);
  assert.deepEqual([agent?.maxIterations, session.maxIterations, runtimeAgent.maxIterations], [7, 3, 3]);
  assert.deepEqual(resolvedCapabilityConfigs.map(({ ref, config }) => [ref, { ...config }]), [
    ["current_time", {}],
    ["test_math", {}],
    ["stateless_todo_list", { a: 1 }],
  ]);
  assert.deepEqual(runtimeAgent.tools.slice(-2).map(({ name }) => name), ["open", "close"]);
  assert.deepEqual({ ...embedderMetadata }, { openrouter_http_referer: "https://x.example", openrouter_x_title: "X" });
  assert.deepEqual(session.mcpServers, { docs: { url: "https://docs.example" } });
});

Deno.test("what is said about the agent counts only when agent() names one", async () => {
  const context = await load((single) => single.harness("h").agentCapability("test_math").agentMaxIterations(3));
  assert.equal(context.agent, undefined);
  assert.deepEqual(context.resolvedCapabilityConfigs, []);
});

Deno.test("singleSession() may be told nothing at all", async () => {
  const context = await load((single) => single);
  assert.equal(context.runtimeAgent.systemPrompt, "");
});

Deno.test("a runtime without singleSession() has no default session", async () => {
  await using runtime = await new InProcessRuntimeBuilder().llmSim(LlmSimConfig.fixed("ok")).build();
  assert.throws(
    () => runtime.defaultSessionId,
    (error) => error instanceof RuntimeError && error.code === "no_default_session",
  );
});

Deno.test("singleSession() refuses blank names, wrong ids and iteration limits below 1", async () => {
  const wrong: readonly ((single: SingleSessionBuilder) => SingleSessionBuilder)[] = [
    (single) => single.harness(" "),
    (single) => single.agent(""),
    (single) => single.sessionId(idFromSeed("agent", 1) as never),
    (single) => single.sessionModelId("gpt" as never),
  ];
  for (const describe of wrong) await assert.rejects(build(describe), TypeError);
  for (const count of [0, -1, 1.5, NaN]) {
    await assert.rejects(build((single) => single.sessionMaxIterations(count)), RangeError);
  }
});
