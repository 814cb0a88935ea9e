/** What the layers switch on is what a turn runs with. */

import assert from "node:assert/strict";
import { type Capability, createHarness, defineTool, type LlmSimToolCall, RuntimeBackends } from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions } from "../_support/runtime.ts";

function bringing(id: string, change: Partial<Capability> = {}): Capability {
  const tool = defineTool({ name: `${id}_tool`, description: "", execute: () => `from ${id}` });
  return { id, name: id, tools: [tool], ...change };
}

/** Calls the tools of the named capabilities in one batch and says what came back. */
async function callAll(ids: readonly string[], options: SimOptions) {
  const calls: LlmSimToolCall[] = ids.map((id) => ({ name: `${id}_tool` }));
  await using sim = await scriptedRuntime([callTools(...calls), "done"], options);
  await say(sim.runtime);
  const completed = eventsOf(sim.runtime, "tool.completed");
  return {
    offered: sim.requests[0]?.tools.map(({ name }) => name),
    results: completed.map(({ data }) => data.result ?? data.error),
    owners: completed.map(({ data }) => data.capabilityId),
  };
}

Deno.test("a turn runs the tools of the harness's capabilities", async () => {
  const { results, owners } = await callAll(["one"], { capabilities: [bringing("one")] });
  assert.deepEqual([results, owners], [["from one"], ["one"]]);
});

Deno.test("a session with an agent runs the tools of harness, agent and session", async () => {
  const { offered, results } = await callAll(["one", "two", "three"], {
    capabilities: [bringing("one")],
    registered: [bringing("two"), bringing("three")],
    session: (single) => single.agent("agent").agentCapability("two").sessionCapability("three"),
  });
  assert.deepEqual(offered, ["one_tool", "two_tool", "three_tool"]);
  assert.deepEqual(results, ["from one", "from two", "from three"]);
});

Deno.test("a session with an agent runs the tools of transitive dependencies", async () => {
  const { offered, results } = await callAll(["top", "middle", "bottom"], {
    capabilities: [bringing("top", { dependencies: ["middle"] })],
    registered: [bringing("middle", { dependencies: ["bottom"] }), bringing("bottom")],
    session: (single) => single.agent("agent"),
  });
  assert.deepEqual(offered, ["bottom_tool", "middle_tool", "top_tool"]);
  assert.deepEqual(results, ["from top", "from middle", "from bottom"]);
});

Deno.test("a tool of a capability that is not switched on does not exist", async () => {
  const { offered, results } = await callAll(["one"], { registered: [bringing("one")] });
  assert.deepEqual([offered, results], [[], ["Tool definition not found: one_tool"]]);
});

Deno.test("a tool that a hook hides from the model can still be executed", async () => {
  const hide: Capability = { id: "hide", name: "Hide", hooks: { toolDefinitions: () => [] } };
  const { offered, results } = await callAll(["one"], { capabilities: [bringing("one"), hide] });
  assert.deepEqual([offered, results], [[], ["from one"]]);
});

Deno.test("changed records count from the next turn", async () => {
  const backends = RuntimeBackends.inMemory();
  await using sim = await scriptedRuntime(["one", "two"], { backends, prompt: "Old." });
  const { runtime } = sim;
  await say(runtime);
  const [harness] = (await runtime.loadContext(runtime.defaultSessionId)).harnessChain;
  await backends.slots.harnessStore.addHarness(
    createHarness({ ...harness!, systemPrompt: "New.", updatedAt: harness!.updatedAt + 1 }),
  );
  await say(runtime);
  assert.deepEqual(sim.requests.map(({ systemPrompt }) => systemPrompt), ["Old.", "New."]);
});

Deno.test("records are read once a turn and folded once while they are unchanged", async () => {
  const backends = RuntimeBackends.inMemory();
  let reads = 0;
  const { sessionStore } = backends.slots;
  const counted = new Proxy(sessionStore, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === "getSession") reads++;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  let resolved = 0;
  const tools = () => {
    resolved++;
    return [];
  };
  const ping = defineTool({ name: "ping", description: "", execute: () => "pong" });
  await using sim = await scriptedRuntime([callTools("ping"), callTools("ping"), "done", "next"], {
    backends: backends.withSessionStore(counted),
    tools: [ping],
    capabilities: [{ id: "counted", name: "Counted", tools }],
  });
  reads = 0;
  await say(sim.runtime);
  assert.ok(reads <= 2, `${reads} reads of the session in one turn`);
  await say(sim.runtime);
  assert.equal(resolved, 1);
});

Deno.test("what was left out of a configuration is a warning of the turn", async () => {
  const cyclic = { id: "a", name: "A", dependencies: ["b"] };
  await using sim = await scriptedRuntime(["done"], {
    capabilities: [cyclic],
    registered: [{ id: "b", name: "B", dependencies: ["a"] }],
  });
  await say(sim.runtime);
  const [warning] = eventsOf(sim.runtime, "runtime.warning");
  assert.equal(warning?.data.code, "configuration");
  assert.match(warning?.data.message ?? "", /a -> b -> a/);
});
