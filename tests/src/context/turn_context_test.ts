/** The turn context: what is in it, and that executing and inspecting share one assembly. */

import assert from "node:assert/strict";
import {
  assembleTurnContext,
  type Capability,
  type ContextRequest,
  defineClientTool,
  defineTool,
  idFromSeed,
  inspectTurnContext,
  NotFoundError,
  RuntimeError,
  type TurnContext,
} from "../../../mod.ts";
import { AGENT, HARNESS, SESSION, type SourceOptions, testSources, userText } from "../_support/sources.ts";

async function contextOf(options: SourceOptions = {}, request: Partial<ContextRequest> = {}): Promise<TurnContext> {
  const sources = await testSources(options);
  await sources.providers.setDefaultModel({ model: "m", providerType: "llmsim" });
  return await assembleTurnContext(sources, { sessionId: SESSION, messages: [userText("hi")], now: 5, ...request });
}

function tool(name: string) {
  return defineTool({ name, description: "", execute: () => name });
}

function clientTool(name: string) {
  return defineClientTool({ name, description: "" });
}

Deno.test("assembleTurnContext() holds the layers it was made from", async () => {
  const parent = { name: "root", id: idFromSeed("harness", 8) };
  const context = await contextOf({ parents: [parent], harness: { parentHarnessId: parent.id }, agent: {} });
  assert.deepEqual(context.harnessChain.map(({ id }) => id), [parent.id, HARNESS]);
  assert.equal(context.agent?.id, AGENT);
  assert.equal(context.session.id, SESSION);
});

Deno.test("assembleTurnContext() has no agent when the session has none", async () => {
  assert.equal("agent" in await contextOf(), false);
});

Deno.test("assembleTurnContext() merges prompts, policy, limits and metadata into the runtime agent", async () => {
  const context = await contextOf({
    harness: {
      systemPrompt: "Harness.",
      networkAccess: { allowed: ["*.example.com"] },
      embedderMetadata: { app: "x" },
    },
    agent: { systemPrompt: "Agent.", maxIterations: 9 },
    session: { parallelToolCalls: false, networkAccess: { allowed: ["api.example.com"] } },
  });
  const { runtimeAgent } = context;
  assert.equal(runtimeAgent.systemPrompt, "Harness.\n\nAgent.");
  assert.equal(runtimeAgent.maxIterations, 9);
  assert.equal(runtimeAgent.parallelToolCalls, false);
  assert.deepEqual(runtimeAgent.networkAccess, { allowed: ["api.example.com"] });
  assert.equal(runtimeAgent.model, "m");
  assert.deepEqual({ ...context.embedderMetadata }, { app: "x" });
});

Deno.test("assembleTurnContext() allows 500 iterations when nobody says otherwise", async () => {
  assert.equal((await contextOf()).runtimeAgent.maxIterations, 500);
});

Deno.test("assembleTurnContext() names model, its id and locale as resolved", async () => {
  const sources = await testSources({ session: { modelId: idFromSeed("model", 1), locale: "de-CH" } });
  await sources.providers.addModel(idFromSeed("model", 1), { model: "near", providerType: "llmsim" });
  const context = await assembleTurnContext(sources, { sessionId: SESSION, messages: [userText("hi")], now: 5 });
  assert.equal(context.modelWithProvider?.model, "near");
  assert.equal(context.resolvedModelId, idFromSeed("model", 1));
  assert.equal(context.resolvedLocale, "de-CH");
  assert.match(context.runtimeAgent.systemPrompt, /de-CH/);
});

Deno.test("assembleTurnContext() follows the newest user message's wishes", async () => {
  const sources = await testSources({ session: { locale: "de-CH" } });
  await sources.providers.addModel(idFromSeed("model", 1), { model: "wished", providerType: "llmsim" });
  const messages = [userText("hi", { controls: { modelId: idFromSeed("model", 1), locale: "fr" } })];
  const context = await assembleTurnContext(sources, { sessionId: SESSION, messages, now: 5 });
  assert.deepEqual([context.modelWithProvider?.model, context.resolvedLocale], ["wished", "fr"]);
});

Deno.test("assembleTurnContext() has an empty model name when none is configured", async () => {
  const context = await assembleTurnContext(await testSources(), {
    sessionId: SESSION,
    messages: [userText("hi")],
    now: 5,
  });
  assert.equal(context.modelWithProvider, undefined);
  assert.equal(context.runtimeAgent.model, "");
});

Deno.test("assembleTurnContext() never shows a model's key", async () => {
  const sources = await testSources();
  await sources.providers.setDefaultModel({ model: "m", providerType: "openai", apiKey: "sk-very-secret" });
  const context = await assembleTurnContext(sources, { sessionId: SESSION, messages: [userText("hi")], now: 5 });
  assert.equal(JSON.stringify(context).includes("sk-very-secret"), false);
  assert.equal(Deno.inspect(context, { depth: 20 }).includes("sk-very-secret"), false);
});

Deno.test("assembleTurnContext() lists the resolved capabilities with their configurations", async () => {
  const context = await contextOf({
    capabilities: [{ id: "app", name: "App", dependencies: ["base"] }, { id: "base", name: "Base" }],
    harness: { capabilities: [{ ref: "app", config: { level: 2 } }] },
  });
  assert.deepEqual(context.resolvedCapabilityConfigs.map(({ ref, config }) => [ref, { ...config }]), [
    ["base", {}],
    ["app", { level: 2 }],
  ]);
});

Deno.test("assembleTurnContext() offers capability tools, then servers' tools, then client tools", async () => {
  const context = await contextOf({
    capabilities: [{ id: "one", name: "One", tools: [tool("a")], clientTools: [clientTool("d")] }],
    harness: { capabilities: ["one"], mcpServers: { docs: { url: "https://docs.example" } } },
    sourceTools: [tool("mcp_docs__b")],
    agent: { tools: [clientTool("c")] },
  });
  assert.deepEqual(context.runtimeAgent.tools.map(({ name }) => name), ["a", "mcp_docs__b", "d", "c"]);
});

Deno.test("assembleTurnContext() lets a tool definition hook hide what can still be executed", async () => {
  const context = await contextOf({
    capabilities: [
      { id: "one", name: "One", tools: [tool("a"), tool("b")] },
      { id: "two", name: "Two", hooks: { toolDefinitions: (tools) => tools.filter(({ name }) => name !== "a") } },
    ],
    harness: { capabilities: ["one", "two"] },
  });
  assert.deepEqual(context.runtimeAgent.tools.map(({ name }) => name), ["b"]);
  assert.deepEqual([...context.executableTools.keys()], ["a", "b"]);
});

Deno.test("assembleTurnContext() keeps the first of two tools with one name and says so", async () => {
  const context = await contextOf({
    capabilities: [{ id: "one", name: "One", tools: [tool("a")] }, { id: "two", name: "Two", tools: [tool("a")] }],
    harness: { capabilities: ["one", "two"] },
  });
  assert.equal(context.executableTools.get("a")?.capability?.id, "one");
  assert.equal(context.runtimeAgent.tools.length, 1);
  assert.match(context.warnings.join(), /"a" of capability "two" is hidden/);
});

Deno.test("assembleTurnContext() gives tools made from a configuration the configuration of the layers", async () => {
  const context = await contextOf({
    capabilities: [{ id: "one", name: "One", tools: (config) => [tool(String(config["name"]))] }],
    harness: { capabilities: [{ ref: "one", config: { name: "made" } }] },
  });
  assert.deepEqual([...context.executableTools.keys()], ["made"]);
});

Deno.test("assembleTurnContext() tells prompt functions session, configuration, model, locale, files and time", async () => {
  const told: unknown[] = [];
  const spy: Capability = {
    id: "spy",
    name: "Spy",
    systemPrompt: ({ session, config, model, locale, files, now }) => {
      told.push(session.id, { ...config }, model, locale, files.displayRoot, now);
      return "I was here.";
    },
  };
  const context = await contextOf({
    capabilities: [spy],
    harness: { capabilities: [{ ref: "spy", config: { a: 1 } }] },
    session: { locale: "de-CH" },
  });
  assert.deepEqual(told, [SESSION, { a: 1 }, "m", "de-CH", "/workspace", 5]);
  assert.match(context.runtimeAgent.systemPrompt, /<capability id="spy">\nI was here\.\n<\/capability>/);
});

Deno.test("assembleTurnContext() collects facts apart from the prompt", async () => {
  const context = await contextOf({
    capabilities: [
      { id: "clock", name: "Clock", facts: ({ now }) => `It is ${now}. ` },
      { id: "quiet", name: "Quiet", facts: () => undefined },
      { id: "weather", name: "Weather", facts: () => Promise.resolve("It rains.") },
    ],
    harness: { capabilities: ["clock", "quiet", "weather"] },
  });
  assert.equal(context.facts, "It is 5.\nIt rains.");
  assert.equal(context.runtimeAgent.systemPrompt, "");
});

Deno.test("assembleTurnContext() narrows the history by the capabilities' message filters", async () => {
  const messages = ["a", "b", "c", "d"].map((text) => userText(text));
  const context = await contextOf({
    capabilities: [{ id: "tail", name: "Tail", messageFilter: (query) => ({ ...query, limit: 2, keepHead: 1 }) }],
    harness: { capabilities: ["tail"] },
  }, { messages });
  assert.deepEqual(context.messages, [messages[0], messages[2], messages[3]]);
});

Deno.test("assembleTurnContext() refuses a session without messages, inspectTurnContext() does not", async () => {
  const sources = await testSources();
  const request = { sessionId: SESSION, messages: [], now: 5 };
  await assert.rejects(
    assembleTurnContext(sources, request),
    (error) => error instanceof RuntimeError && error.code === "no_messages",
  );
  assert.deepEqual((await inspectTurnContext(sources, request)).messages, []);
});

Deno.test("assembleTurnContext() and inspectTurnContext() give the same context for the same request", async () => {
  const sources = await testSources({
    capabilities: [{ id: "one", name: "One", systemPrompt: "Text.", tools: [tool("a")], facts: () => "Fact." }],
    harness: { capabilities: ["one"], systemPrompt: "Base." },
    agent: { tools: [clientTool("c")] },
  });
  await sources.providers.setDefaultModel({ model: "m", providerType: "llmsim" });
  const request = { sessionId: SESSION, messages: [userText("hi")], now: 5 };
  const [executed, inspected] = [
    await assembleTurnContext(sources, request),
    await inspectTurnContext(sources, request),
  ];
  assert.deepEqual(inspected, executed);
});

Deno.test("assembleTurnContext() refuses retired layers, inspectTurnContext() shows them", async () => {
  for (const retired of [{ harness: { status: "archived" } }, { agent: { status: "deleted" } }] as const) {
    const sources = await testSources(retired);
    const request = { sessionId: SESSION, messages: [userText("hi")], now: 5 };
    await assert.rejects(
      assembleTurnContext(sources, request),
      (error) => error instanceof RuntimeError && error.code === "dependency_unavailable",
    );
    assert.equal((await inspectTurnContext(sources, request)).session.id, SESSION);
  }
});

Deno.test("assembleTurnContext() names the record that is missing", async () => {
  const request = { sessionId: SESSION, messages: [userText("hi")], now: 5 };
  const code = async (change: SourceOptions, sessionId = SESSION) => {
    const sources = await testSources(change);
    const thrown = await assembleTurnContext(sources, { ...request, sessionId }).catch((error: unknown) => error);
    return thrown instanceof NotFoundError ? thrown.code : thrown;
  };
  assert.equal(await code({}, idFromSeed("session", 99)), "session_not_found");
  assert.equal(await code({ session: { harnessId: idFromSeed("harness", 99) } }), "harness_not_found");
  assert.equal(await code({ session: { agentId: idFromSeed("agent", 99) } }), "agent_not_found");
});
