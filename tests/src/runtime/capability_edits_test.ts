/** Switching capabilities of a running session on and off. */

import assert from "node:assert/strict";
import {
  type Capability,
  defineTool,
  idFromSeed,
  InMemorySessionStore,
  NotFoundError,
  RuntimeBackends,
  RuntimeError,
  type RuntimeSessionStore,
} from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions, simRuntime } from "../_support/runtime.ts";

const PING = defineTool({ name: "ping", description: "", execute: () => "pong" });

const EXTRA: Capability = {
  id: "extra",
  name: "Extra",
  aliases: ["more"],
  systemPrompt: "Extra text.",
  tools: [PING],
  commands: [{ name: "help", description: "Helps", execute: () => ({ output: "helped" }) }],
  validateConfig: (config) => config["level"] === 99 ? "level is too high" : undefined,
};

const KNOWN: SimOptions = { registered: [EXTRA] };

function withCode(code: string) {
  return (error: unknown) => error instanceof RuntimeError && error.code === code;
}

Deno.test("activateCapability() switches prompt, tools and commands on", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const id = runtime.defaultSessionId;
  const delta = await runtime.activateCapability(id, "extra");
  assert.deepEqual(delta, { capabilityId: "extra", changed: true, active: true, surfacesDirty: true });
  const { runtimeAgent } = await runtime.loadContext(id);
  assert.match(runtimeAgent.systemPrompt, /Extra text\./);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["ping"]);
  assert.deepEqual((await runtime.listCommands(id)).map(({ name }) => name), ["help"]);
});

Deno.test("activateCapability() again changes nothing", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const id = runtime.defaultSessionId;
  await runtime.activateCapability(id, { ref: "extra", config: { level: 1 } });
  const again = await runtime.activateCapability(id, { ref: "extra", config: { level: 1 } });
  assert.deepEqual(again, { capabilityId: "extra", changed: false, active: true, surfacesDirty: false });
  assert.equal(eventsOf(runtime, "session.capability.changed").length, 1);
});

Deno.test("activateCapability() with another configuration changes it in place", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const id = runtime.defaultSessionId;
  await runtime.activateCapability(id, { ref: "extra", config: { level: 1 } });
  const delta = await runtime.activateCapability(id, { ref: "extra", config: { level: 2 } });
  assert.equal(delta.changed, true);
  const { resolvedCapabilityConfigs } = await runtime.loadContext(id);
  assert.deepEqual(resolvedCapabilityConfigs.map(({ ref, config }) => [ref, { ...config }]), [["extra", { level: 2 }]]);
});

Deno.test("an alias means its capability, on the way in and out", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const id = runtime.defaultSessionId;
  assert.equal((await runtime.activateCapability(id, "more")).capabilityId, "extra");
  assert.equal((await runtime.activateCapability(id, "extra")).changed, false);
  assert.equal((await runtime.deactivateCapability(id, "more")).changed, true);
});

Deno.test("activateCapability() replaces a reference the session made by alias", async () => {
  await using runtime = await simRuntime("ok", { ...KNOWN, session: (single) => single.sessionCapability("more") });
  const id = runtime.defaultSessionId;
  await runtime.activateCapability(id, { ref: "extra", config: { level: 3 } });
  const { session, resolvedCapabilityConfigs } = await runtime.loadContext(id);
  assert.deepEqual(session.capabilities, [{ ref: "extra", config: { level: 3 } }]);
  assert.equal(resolvedCapabilityConfigs.length, 1);
});

Deno.test("activateCapability() changes nothing when anything about it is invalid", async () => {
  const soon: Capability = { id: "soon", name: "Soon", status: "coming_soon" };
  const needy: Capability = { id: "needy", name: "Needy", dependencies: ["nowhere"] };
  await using runtime = await simRuntime("ok", { registered: [EXTRA, soon, needy] });
  const id = runtime.defaultSessionId;
  const before = (await runtime.loadContext(id)).session;
  const attempts = [
    ["nobody", "capability_unknown"],
    ["soon", "capability_unavailable"],
    ["needy", "capability_unknown"],
    [{ ref: "extra", config: { level: 99 } }, "capability_config_invalid"],
  ] as const;
  for (const [ref, code] of attempts) await assert.rejects(runtime.activateCapability(id, ref), withCode(code));
  assert.equal((await runtime.loadContext(id)).session, before);
  assert.deepEqual(runtime.events(), []);
});

Deno.test("deactivateCapability() switches everything off again", async () => {
  await using runtime = await simRuntime("ok", { ...KNOWN, session: (single) => single.sessionCapability("extra") });
  const id = runtime.defaultSessionId;
  const delta = await runtime.deactivateCapability(id, "extra");
  assert.deepEqual(delta, { capabilityId: "extra", changed: true, active: false, surfacesDirty: true });
  const { runtimeAgent } = await runtime.loadContext(id);
  assert.deepEqual([runtimeAgent.systemPrompt, runtimeAgent.tools], ["You are a test.", []]);
  assert.deepEqual(await runtime.listCommands(id), []);
});

Deno.test("deactivateCapability() of one that is off changes nothing", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const delta = await runtime.deactivateCapability(runtime.defaultSessionId, "extra");
  assert.deepEqual(delta, { capabilityId: "extra", changed: false, active: false, surfacesDirty: false });
});

Deno.test("deactivateCapability() of an inherited one is an error", async () => {
  const layers: readonly SimOptions["session"][] = [
    (single) => single.harnessCapability("extra"),
    (single) => single.agent("a").agentCapability("more"),
  ];
  for (const session of layers) {
    await using runtime = await simRuntime("ok", { ...KNOWN, ...(session === undefined ? {} : { session }) });
    await assert.rejects(
      runtime.deactivateCapability(runtime.defaultSessionId, "extra"),
      withCode("capability_inherited"),
    );
  }
});

Deno.test("edits are events that say what changed", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  const id = runtime.defaultSessionId;
  await runtime.activateCapability(id, "extra");
  await runtime.deactivateCapability(id, "extra");
  assert.deepEqual(eventsOf(runtime, "session.capability.changed").map(({ data }) => data), [
    { capabilityId: "extra", active: true },
    { capabilityId: "extra", active: false },
  ]);
});

Deno.test("edits need a stored session and a store that can edit", async () => {
  await using runtime = await simRuntime("ok", KNOWN);
  await assert.rejects(runtime.activateCapability(idFromSeed("session", 99), "extra"), NotFoundError);
  await assert.rejects(runtime.activateCapability("session_1", "extra"), TypeError);
  const inner = new InMemorySessionStore();
  const fixed: RuntimeSessionStore = {
    getSession: (id) => inner.getSession(id),
    addSession: (session) => inner.addSession(session),
  };
  await using rigid = await simRuntime("ok", {
    ...KNOWN,
    backends: RuntimeBackends.inMemory().withSessionStore(fixed),
  });
  await assert.rejects(rigid.activateCapability(rigid.defaultSessionId, "extra"), withCode("unsupported"));
  await assert.rejects(rigid.deactivateCapability(rigid.defaultSessionId, "extra"), withCode("unsupported"));
});

Deno.test("a capability that is switched on by a tool counts from the next reason step of the same turn", async () => {
  const enable = defineTool({
    name: "enable",
    description: "",
    execute: async (_, { sessionId }) => (await runtime.activateCapability(sessionId, "extra")).active,
  });
  await using sim = await scriptedRuntime([callTools("enable"), callTools("ping"), "done"], {
    ...KNOWN,
    tools: [enable],
  });
  const { runtime } = sim;
  assert.equal((await say(runtime)).response, "done");
  assert.deepEqual(sim.requests.map(({ tools }) => tools.map(({ name }) => name)), [
    ["enable"],
    ["enable", "ping"],
    ["enable", "ping"],
  ]);
  assert.equal(sim.requests[0]?.systemPrompt.includes("Extra text."), false);
  assert.ok(sim.requests[1]?.systemPrompt.includes("Extra text."));
  const last = sim.requests[2]?.messages.at(-1);
  assert.ok(last?.role === "tool");
  assert.equal(last.content, "pong");
});

Deno.test("a tool of a capability that was switched off is not found any more in the same turn", async () => {
  const disable = defineTool({
    name: "disable",
    description: "",
    execute: async (_, { sessionId }) => (await runtime.deactivateCapability(sessionId, "extra")).active,
  });
  await using sim = await scriptedRuntime([callTools("disable"), callTools("ping"), "done"], {
    ...KNOWN,
    tools: [disable],
    session: (single) => single.sessionCapability("extra"),
  });
  const { runtime } = sim;
  assert.equal((await say(runtime)).success, true);
  const last = sim.requests[2]?.messages.at(-1);
  assert.ok(last?.role === "tool");
  assert.equal(last.content, "Tool definition not found: ping");
});
