/** loadContext(): the merged context, and that it is the one a turn uses. */

import assert from "node:assert/strict";
import { idFromSeed, NotFoundError, RuntimeBackends, textOf } from "../../../mod.ts";
import { eventsOf, say, scriptedRuntime, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

const LAYERED: SimOptions = {
  prompt: "Harness.",
  session: (single) =>
    single.agent("agent", "Agent.").withCapability("test_math").sessionCapability("current_time")
      .locale("de-CH").sessionMaxIterations(4).harnessNetworkAccess({ allowed: ["*.example.com"] }),
};

Deno.test("loadContext() matches the merged layers", async () => {
  await using runtime = await simRuntime("ok", LAYERED);
  const context = await runtime.loadContext(runtime.defaultSessionId);
  const { runtimeAgent } = context;
  assert.match(runtimeAgent.systemPrompt, /^Harness\.\n\nAgent\.\n\n<locale>/);
  assert.equal(runtimeAgent.model, "llmsim-model");
  assert.equal(runtimeAgent.maxIterations, 4);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), [
    "add",
    "subtract",
    "multiply",
    "divide",
    "get_current_time",
  ]);
  assert.deepEqual(runtimeAgent.networkAccess, { allowed: ["*.example.com"] });
  assert.deepEqual(context.resolvedCapabilityConfigs.map(({ ref }) => ref), ["test_math", "current_time"]);
  assert.deepEqual([context.resolvedLocale, context.agent?.name], ["de-CH", "agent"]);
});

Deno.test("loadContext() works before the first message and shows the conversation after it", async () => {
  await using runtime = await simRuntime("ok");
  assert.deepEqual((await runtime.loadContext(runtime.defaultSessionId)).messages, []);
  await say(runtime, "hi");
  const { messages } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(messages.map(({ content }) => textOf(content)), ["hi", "ok"]);
});

Deno.test("a turn sends exactly the prompt and tools loadContext() shows", async () => {
  await using sim = await scriptedRuntime(["ok"], LAYERED);
  const { runtimeAgent } = await sim.runtime.loadContext(sim.runtime.defaultSessionId);
  await say(sim.runtime);
  assert.equal(sim.requests[0]?.systemPrompt, runtimeAgent.systemPrompt);
  assert.deepEqual(sim.requests[0]?.tools, runtimeAgent.tools);
});

Deno.test("a session with empty prompts everywhere sends no system prompt", async () => {
  await using sim = await scriptedRuntime(["ok"], {
    prompt: "  ",
    session: (single) => single.agent("agent", "\n"),
    capabilities: [{ id: "quiet", name: "Quiet", systemPrompt: () => undefined }],
  });
  assert.equal((await sim.runtime.loadContext(sim.runtime.defaultSessionId)).runtimeAgent.systemPrompt, "");
  await say(sim.runtime);
  assert.equal(sim.requests[0]?.systemPrompt, "");
  assert.equal(sim.requests[0]?.messages.some(({ role }) => role === "system"), false);
});

Deno.test("a session's goal is part of the prompt", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await simRuntime("ok", { backends });
  const session = await backends.slots.sessionStore.getSession(runtime.defaultSessionId);
  await backends.slots.sessionStore.addSession({ ...session!, goal: "Ship it.", updatedAt: session!.updatedAt + 1 });
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  assert.match(runtimeAgent.systemPrompt, /<session-goal>\nShip it\.\n<\/session-goal>/);
});

Deno.test("loadContext() writes nothing", async () => {
  await using runtime = await simRuntime("ok", LAYERED);
  await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(runtime.events(), []);
  assert.equal(await runtime.status(runtime.defaultSessionId), "started");
});

Deno.test("loadContext(), previewRequest() and listCommands() do not wait for ever for a prompt function", async () => {
  const clock = new WatchedClock();
  const asked: (() => void)[] = [];
  const hang = () => {
    asked.shift()?.();
    return new Promise<string>(() => {});
  };
  await using runtime = await simRuntime("ok", {
    capabilities: [{ id: "slow", name: "Slow", systemPrompt: hang }],
    configure: (builder) => builder.clock(clock).limits({ hookMs: 100 }),
  });
  const id = runtime.defaultSessionId;
  for (
    const look of [() => runtime.loadContext(id), () => runtime.previewRequest(id), () => runtime.listCommands(id)]
  ) {
    const began = new Promise<void>((resolve) => void asked.push(resolve));
    const refused = assert.rejects(look(), { code: "deadline_exceeded", message: /no answer within 200 ms/ });
    await began;
    clock.advance(200);
    await refused;
  }
});

Deno.test("loadContext() refuses ids of no session", async () => {
  await using runtime = await simRuntime("ok");
  await assert.rejects(async () => await runtime.loadContext(idFromSeed("session", 99)), NotFoundError);
  await assert.rejects(async () => await runtime.loadContext("session_1"), TypeError);
});

Deno.test("a model nobody registered is a warning that names the one used instead", async () => {
  const missing = idFromSeed("model", 9);
  await using runtime = await simRuntime("ok", { session: (single) => single.sessionModelId(missing) });
  await say(runtime, "hi");
  const words = `Model "${missing}" is not registered; "llmsim-model" is used instead`;
  assert.deepEqual((await runtime.loadContext(runtime.defaultSessionId)).warnings, [words]);
  assert.deepEqual(eventsOf(runtime, "runtime.warning").map(({ data }) => data), [
    { code: "configuration", message: words },
  ]);
});
