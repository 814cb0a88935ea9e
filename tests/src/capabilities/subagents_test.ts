/** Spawning agents on a real runtime. */

import assert from "node:assert/strict";
import { type Capability, createAgent, idFromSeed, type Tool } from "../../../mod.ts";
import { subagents } from "../../../src/capabilities/subagents/capability.ts";
import { readSettings, settingsProblem } from "../../../src/capabilities/subagents/settings.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { call, toolContext, toolOf } from "./_tool_context.ts";
import { type Asked, eventually, type Reply, spawnCall, type World, world } from "./subagent_support.ts";

/** The lead delegates once with these arguments, then repeats what came back; a child answers its instructions. */
function delegating(args: JsonObject = {}): (asked: Asked) => Reply {
  return ({ text, results }) => {
    if (text !== "delegate") return `did: ${text}`;
    return results.length === 0 ? [spawnCall(args)] : results.join();
  };
}

Deno.test("spawn_agent offers exactly the targets that are configured", async () => {
  const agents = [createAgent({ id: idFromSeed("agent", 7), name: "writer" })];
  const config = { agents: [{ id: idFromSeed("agent", 7), description: "Writes." }] };
  for (const [subagents, expected] of [[{}, ["subagent"]], [config, ["subagent", "agent"]]] as const) {
    await using it = await world(delegating(), { subagents, agents });
    const { runtimeAgent } = await it.runtime.loadContext(it.sessionId);
    const tool = runtimeAgent.tools.find(({ name }) => name === "spawn_agent");
    const { properties } = JSON.parse(JSON.stringify(tool?.parameters));
    assert.deepEqual(properties.target.properties.type.enum, expected);
  }
});

Deno.test("a background subagent yields one settled task with the child's reply and a transcript", async () => {
  await using it = await world(delegating({ goal: "Know how many" }));
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  const task = await it.settled();
  const child = task.links.childSessionId!;
  assert.deepEqual(JSON.parse(turn.response), {
    subagent_id: child,
    name: "counter",
    status: "running",
    mode: "background",
    task_id: task.id,
  });
  assert.deepEqual((await it.registry.list(it.sessionId)).map(({ kind }) => kind), ["subagent"]);
  assert.deepEqual([task.spec["mode"], task.summary, task.wakePolicy], ["background", "did: count", "on_terminal"]);
  assert.deepEqual((await it.platform.getMessages(child)).map(({ role }) => role), ["user", "agent"]);
  const session = await it.platform.getSession(child);
  const parent = await it.platform.getSession(it.sessionId);
  assert.deepEqual(
    [session?.title, session?.goal, session?.parentSessionId, session?.harnessId, session?.capabilities],
    ["counter", "Know how many", it.sessionId, parent?.harnessId, []],
  );
});

Deno.test("what holds a session holds its subagents: its capabilities and its network policy", async () => {
  const guard: Capability = {
    id: "guard",
    name: "Guard",
    hooks: {
      preToolUse: ({ name }) => name === "spawn_agent" ? { action: "allow" } : { action: "block", reason: "no" },
    },
  };
  const networkAccess = { allowed: ["example.com"] };
  await using it = await world(delegating({ mode: "foreground" }), {
    registered: [guard],
    session: (single) => single.sessionCapability("guard", { strict: true }).sessionNetworkAccess(networkAccess),
  });
  await it.runtime.runTextTurn(it.sessionId, "delegate");
  const child = (await it.registry.list(it.sessionId))[0]?.links.childSessionId;
  const { session, runtimeAgent } = await it.runtime.loadContext(child ?? it.sessionId);
  assert.notEqual(session.id, it.sessionId);
  assert.deepEqual(session.capabilities, [{ ref: "guard", config: { strict: true } }]);
  assert.deepEqual(runtimeAgent.networkAccess, networkAccess);
});

Deno.test("a foreground handoff yields a settled agent_handoff task with the target's id and reply", async () => {
  const agent = createAgent({ id: idFromSeed("agent", 7), name: "writer" });
  const subagents = { agents: [{ id: agent.id, description: "Writes." }] };
  await using it = await world(delegating({ target: { type: "agent", id: agent.id }, mode: "foreground" }), {
    subagents,
    agents: [agent],
  });
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  const [task, ...others] = await it.registry.list(it.sessionId);
  assert.equal(others.length, 0);
  assert.deepEqual([task?.kind, task?.state, task?.summary], ["agent_handoff", "succeeded", "did: count"]);
  assert.deepEqual(task?.spec["target"], { type: "agent", id: agent.id });
  const { target_id, result, status, mode } = JSON.parse(turn.response);
  assert.deepEqual([target_id, result, status, mode], [agent.id, "did: count", "succeeded", "foreground"]);
  const child = await it.platform.getSession(task!.links.childSessionId!);
  assert.equal(child?.agentId, agent.id);
});

Deno.test("a foreground subagent settles its task before it answers", async () => {
  await using it = await world(delegating({ mode: "foreground" }));
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  const [task] = await it.registry.list(it.sessionId);
  assert.deepEqual([task?.kind, task?.state, task?.wakePolicy], ["subagent", "succeeded", "silent"]);
  assert.equal(JSON.parse(turn.response).result, "did: count");
});

Deno.test("without a task registry a subagent runs in the foreground and leaves no task", async () => {
  await using it = await world(delegating(), { tasks: false });
  const answer = JSON.parse((await it.runtime.runTextTurn(it.sessionId, "delegate")).response);
  assert.deepEqual([answer.status, answer.mode, answer.result], ["succeeded", "foreground", "did: count"]);
  assert.equal("task_id" in answer, false);
});

for (
  const [name, args, expected] of [
    ["the background", { mode: "background" }, /host keeps no tasks; use mode `foreground`/],
    ["reports", { result_schema: { type: "object" } }, /host keeps no tasks; leave the schemas out/],
  ] as const
) {
  Deno.test(`without a task registry ${name} is refused and no session is made`, async () => {
    await using it = await world(delegating(args), { tasks: false });
    const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
    assert.match(turn.response, expected);
    assert.equal((await it.platform.listSessions()).length, 1);
  });
}

for (
  const [args, expected] of [
    [{ seed: "fork" }, /seeds other than `fresh` are not supported/],
    [{ seed: "workspace" }, /seeds other than `fresh` are not supported/],
    [{ lifetime: "detached" }, /detached agents are not supported/],
    [{ blueprint: "b" }, /blueprints are not supported/],
    [{ config: {} }, /blueprints and their configuration are not supported/],
    [{ push_configs: [{ url: "https://x.test" }] }, /push notifications are not supported/],
    [{ temperature: 1 }, /there is no argument `temperature`/],
    [{ name: "  " }, /`name` is empty/],
    [{ instructions: "\n" }, /`instructions` is empty/],
    [{ target: { type: "external_a2a" } }, /do not fit/],
    [{ target: { type: "subagent", id: "agent_1" } }, /do not fit|has no `id`/],
    [{ result_schema: { type: "string" } }, /`result_schema` is not a usable schema/],
    [{ result_schema: { anyOf: [{ type: "object" }] } }, /`anyOf` at its root/],
    [{ message_schema: { properties: { a: { $ref: "https://x.test" } } } }, /leads outside/],
    [{ result_schema: { type: "object", description: "x".repeat(40_000) } }, /longer than 32768/],
  ] as const
) {
  Deno.test(`spawn_agent refuses ${JSON.stringify(args).slice(0, 60)} and makes no session`, async () => {
    await using it = await world(delegating(args));
    const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
    assert.match(turn.response, expected);
    assert.equal((await it.platform.listSessions()).length, 1);
    assert.deepEqual(await it.registry.list(it.sessionId), []);
  });
}

Deno.test("a handoff to an agent that is not configured, or not stored, is a tool error", async () => {
  const known = idFromSeed("agent", 7);
  const subagents = { agents: [{ id: known, description: "Writes." }] };
  const target = { type: "agent", id: known };
  await using it = await world(delegating({ target }), { subagents });
  assert.match((await it.runtime.runTextTurn(it.sessionId, "delegate")).response, /Cannot find agent/);
  await using other = await world(delegating({ target: { type: "agent" } }), { subagents });
  assert.match((await other.runtime.runTextTurn(other.sessionId, "delegate")).response, /not one of: agent_/);
});

Deno.test("a child that fails is a tool error in the foreground, and its task has failed", async () => {
  await using it = await world((asked) => {
    if (asked.text === "count") throw new Error("the provider's own words");
    return delegating({ mode: "foreground" })(asked);
  });
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.match(turn.response, /failed \(failed\): Its turn failed: processing_error/);
  assert.doesNotMatch(turn.response, /own words/);
  const [task] = await it.registry.list(it.sessionId);
  assert.deepEqual([task?.state, task?.error?.kind], ["failed", "failed"]);
});

Deno.test("a foreground child that takes over 300 s is aborted and its task has failed", async () => {
  await using it = await world((asked) => {
    return asked.text === "count" ? asked.hang() : delegating({ mode: "foreground" })(asked);
  });
  const turn = it.runtime.runTextTurn(it.sessionId, "delegate");
  await eventually(() => it.model.hanging === 1);
  await it.clock.advanceAsync(300_000);
  assert.match((await turn).response, /failed \(timeout\)/);
  assert.equal(it.model.hanging, 0);
  const [task] = await it.registry.list(it.sessionId);
  assert.deepEqual([task?.state, task?.error?.kind], ["failed", "timeout"]);
  assert.equal(await it.platform.getStatus(task!.links.childSessionId!), "cancelled");
});

Deno.test("cancelling the parent's turn aborts a child in the foreground", async () => {
  await using it = await world((asked) => {
    return asked.text === "count" ? asked.hang() : delegating({ mode: "foreground" })(asked);
  });
  const turn = it.runtime.runTextTurn(it.sessionId, "delegate");
  await eventually(() => it.model.hanging === 1);
  await it.runtime.cancelTurn(it.sessionId);
  assert.equal((await turn).status, "cancelled");
  await it.settled("canceled");
  assert.equal(it.model.hanging, 0);
});

Deno.test("a call that runs again after a crash spawns nothing new, also when no more fit", async () => {
  await using it = await world(delegating());
  const caps = { max_total_descendant_tasks: 2 };
  for (const mode of ["background", "foreground"]) {
    const first = await spawnIn(it, `key-${mode}`, { mode }, caps);
    const second = await spawnIn(it, `key-${mode}`, { mode }, { max_total_descendant_tasks: 0 });
    assert.equal(first["task_id"], second["task_id"]);
    assert.equal(first["subagent_id"], second["subagent_id"]);
  }
  await eventually(async () => (await it.registry.list(it.sessionId)).every(({ state }) => state === "succeeded"));
  assert.equal((await it.registry.list(it.sessionId)).length, 2);
  assert.equal((await it.platform.listSessions()).length, 3);
  assert.equal(it.model.asked.filter(({ text }) => text === "count").length, 2);
});

Deno.test("a call that got as far as the child session uses that one when it runs again", async () => {
  await using it = await world(delegating());
  const { create } = it.registry;
  it.registry.create = () => Promise.reject(new Error("crash"));
  await assert.rejects(spawnIn(it, "key", {}), /crash/);
  it.registry.create = create;
  await spawnIn(it, "key", {});
  await it.settled();
  assert.equal((await it.platform.listSessions()).length, 2);
});

Deno.test("spawn_agent without a platform is a tool error", async () => {
  await using it = await world(delegating());
  const answer = await call(tool(), spawnCall().arguments as JsonObject, { ...toolContext(), tasks: it.registry });
  assert.match(String(answer["error"]), /lets no tool reach other sessions/);
});

Deno.test("a configuration that is wrong is said to be, and counts as not said", () => {
  const bad = [{ max_depth: 17 }, { max_active_descendant_tasks: -1 }, { max_subagent_depth: 1.5 }, { agents: [{}] }];
  for (const config of bad) assert.notEqual(settingsProblem(config), undefined);
  assert.equal(settingsProblem({ max_depth: 16, max_total_descendant_tasks: 10_000, agents: [] }), undefined);
  assert.deepEqual(readSettings({ ...bad[0], ...bad[1], agents: [{}] }), readSettings({}));
});

Deno.test("spawn_agent may be repeated, and its calls run one after another", () => {
  const { effect, concurrencyClass } = tool().definition;
  assert.deepEqual([effect, concurrencyClass], ["idempotent", "spawn_agent"]);
});

function tool(config: JsonObject = {}): Tool {
  const { tools } = subagents();
  return toolOf({ id: "", name: "", tools: typeof tools === "function" ? tools(config, []) : [] }, "spawn_agent");
}

/** Calls the tool as a turn of the default session would. */
function spawnIn(it: World, idempotencyKey: string, args: JsonObject, config?: JsonObject): Promise<JsonObject> {
  const context = {
    ...toolContext(),
    sessionId: it.sessionId,
    idempotencyKey,
    tasks: it.registry,
    platform: it.platform,
  };
  return call(tool(config), { ...spawnCall().arguments as JsonObject, ...args }, context);
}
