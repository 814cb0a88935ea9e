/** Spawning agents on a real runtime. */

import assert from "node:assert/strict";
import { createAgent, idFromSeed } from "../../../mod.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { type Asked, spawnCall, world } from "./subagent_support.ts";

/** The lead delegates once with these arguments, then repeats what came back; a child answers its instructions. */
function delegating(args: JsonObject = {}): (asked: Asked) => string | ReturnType<typeof spawnCall>[] {
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
