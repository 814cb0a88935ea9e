/** What the builder and createSession() refuse. */

import assert from "node:assert/strict";
import {
  CapabilityRegistry,
  ConfigurationError,
  defineClientTool,
  DriverRegistry,
  idFromSeed,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  type MemoryStore,
  PlatformDefinition,
  type ProviderRetryConfig,
  RuntimeBackends,
  RuntimeError,
} from "../../../mod.ts";
import { simRuntime } from "../_support/runtime.ts";

const HARNESS = idFromSeed("harness", 1);
const MISSING = idFromSeed("harness", 9);
const AGENT = idFromSeed("agent", 1);
const SESSION = idFromSeed("session", 1);

function simulated(): InProcessRuntimeBuilder {
  return new InProcessRuntimeBuilder().llmSim(LlmSimConfig.fixed("ok"));
}

const refused: readonly Readonly<Record<string, unknown>>[] = [
  ...["maxRetries", "initialBackoffMs", "maxBackoffMs", "multiplier", "jitter", "maxElapsedMs"].flatMap((name) =>
    [NaN, -1, Infinity, "1", null].map((value) => ({ [name]: value }))
  ),
  { maxRetries: 1.5 },
  { multiplier: 0.9 },
  { jitter: 1.01 },
  { maxElapsedMs: 0 },
];
for (const config of refused) {
  Deno.test(`providerRetryConfig() refuses ${Deno.inspect(config)}`, () => {
    const [[name]] = Object.entries(config) as [[string, unknown]];
    assert.throws(
      () => simulated().providerRetryConfig(config as Partial<ProviderRetryConfig>),
      (error: unknown) => error instanceof RangeError && error.message.includes(`"${name}"`),
    );
  });
}

Deno.test("providerRetryConfig() takes the ends of every range", () => {
  simulated()
    .providerRetryConfig({ maxRetries: 0, initialBackoffMs: 0, maxBackoffMs: 0, multiplier: 1, jitter: 0 })
    .providerRetryConfig({ jitter: 1, maxElapsedMs: 0.5 })
    .providerRetryConfig({});
});

const twice: readonly (readonly [what: string, builder: () => InProcessRuntimeBuilder, id: string])[] = [
  ["harnesses", () => simulated().harness({ id: HARNESS, name: "a" }).harness({ id: HARNESS, name: "b" }), HARNESS],
  ["agents", () => simulated().agent({ id: AGENT, name: "a" }).agent({ id: AGENT, name: "b" }), AGENT],
  [
    "sessions",
    () =>
      simulated().harness({ id: HARNESS, name: "a" })
        .session({ id: SESSION, harnessId: HARNESS }).session({ id: SESSION, harnessId: HARNESS }),
    SESSION,
  ],
  [
    "a session and the single session",
    () =>
      simulated().harness({ id: MISSING, name: "a" }).session({ id: SESSION, harnessId: MISSING })
        .singleSession((single) => single.sessionId(SESSION)),
    SESSION,
  ],
];
for (const [what, builder, id] of twice) {
  Deno.test(`build() refuses the same id twice: ${what}, and stores nothing`, async () => {
    const backends = RuntimeBackends.inMemory();
    await assert.rejects(
      builder().backends(backends).build(),
      (error: unknown) => error instanceof ConfigurationError && error.message.includes(id),
    );
    assert.deepEqual(await backends.slots.harnessStore.getHarnessChain(HARNESS).catch(() => []), []);
  });
}

Deno.test("build() leaves no session whose harness is missing", async () => {
  const backends = RuntimeBackends.inMemory();
  await assert.rejects(
    simulated().backends(backends).session({ id: SESSION, harnessId: MISSING }).build(),
    ConfigurationError,
  );
  assert.equal(await backends.slots.sessionStore.getSession(SESSION), undefined);
});

Deno.test("createSession() refuses the id of a session there is, which stays as it was", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await simRuntime("ok", { backends });
  const { harnessId } = (await runtime.loadContext(runtime.defaultSessionId)).session;
  const first = await runtime.createSession({ id: SESSION, harnessId, title: "first" });
  await assert.rejects(
    runtime.createSession({ id: SESSION, harnessId, title: "second" }),
    (error: unknown) => error instanceof RuntimeError && error.code === "session_exists",
  );
  assert.deepEqual(await backends.slots.sessionStore.getSession(SESSION), first);
});

Deno.test("createSession() takes everything a session's record has", async () => {
  await using runtime = await simRuntime("ok");
  const { harnessId } = (await runtime.loadContext(runtime.defaultSessionId)).session;
  const { id } = await runtime.createSession({
    harnessId,
    systemPrompt: "Speak Danish.",
    tools: [defineClientTool({ name: "open_door", description: "" })],
    initialFiles: [{ path: "/hello.txt", content: "hej" }],
    workspaceId: runtime.defaultSessionId,
  });
  const { runtimeAgent } = await runtime.loadContext(id);
  assert.match(runtimeAgent.systemPrompt, /Speak Danish\./);
  assert.equal(runtimeAgent.tools.at(-1)?.name, "open_door");
  assert.equal((await runtime.readFile(runtime.defaultSessionId, "/hello.txt")).content, "hej");
});

Deno.test("createSession() leaves nothing behind when the harness or the agent is missing", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await simRuntime("ok", { backends });
  const { harnessId } = (await runtime.loadContext(runtime.defaultSessionId)).session;
  await assert.rejects(runtime.createSession({ id: SESSION, harnessId: MISSING }), { code: "harness_not_found" });
  await assert.rejects(runtime.createSession({ id: SESSION, harnessId, agentId: AGENT }), { code: "agent_not_found" });
  assert.equal(await backends.slots.sessionStore.getSession(SESSION), undefined);
  assert.equal((await runtime.createSession({ id: SESSION, harnessId })).id, SESSION);
});

Deno.test("builtInCapabilities() gives a built-in capability a part of the host", async () => {
  let text = "";
  const store: MemoryStore = {
    read: () => Promise.resolve(text === "" ? undefined : text),
    write: (next) => {
      text = next;
      return Promise.resolve(true);
    },
  };
  const remember = { name: "remember", arguments: { title: "Tea", content: "Green." } };
  await using runtime = await new InProcessRuntimeBuilder()
    .builtInCapabilities({ memory: { store } })
    .llmSim(LlmSimConfig.scripted([{ type: "tool_calls", toolCalls: [remember] }, "done"]))
    .singleSession((s) => s.harness("assistant").withCapability("memory"))
    .build();
  await runtime.runTextTurn(runtime.defaultSessionId, "I like green tea");
  assert.match(text, /Tea[^]*Green\./);
});

Deno.test("builtInCapabilities() beside a platform definition is refused: it would have no effect", async () => {
  const builder = new InProcessRuntimeBuilder()
    .builtInCapabilities({ memory: {} })
    .platformDefinition(
      new PlatformDefinition({ capabilities: new CapabilityRegistry(), drivers: new DriverRegistry() }),
    )
    .llmSim(LlmSimConfig.echo())
    .singleSession((s) => s.harness("assistant"));
  await assert.rejects(builder.build(), { code: "configuration", message: /builtInCapabilities\(\)/ });
});
