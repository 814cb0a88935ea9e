import assert from "node:assert/strict";
import { type InProcessRuntime, RuntimeBackends, type Tool } from "../../../mod.ts";
import type { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { textOf } from "../../../src/records/content.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { callTools, say, type ScriptedRuntime, scriptedRuntime, simRuntime } from "../_support/runtime.ts";
import { backgroundTool, taskRegistry } from "./_background_support.ts";

const SPAWN = callTools({
  name: "spawn_background",
  arguments: { tool: "crunch", args: { n: 6 }, title: "Crunch" },
});

/** A runtime whose model spawns a tool, says two things and no more; and its registry. */
async function spawning(
  tool: Tool,
): Promise<ScriptedRuntime & { readonly registry: InMemorySessionTaskRegistry }> {
  const registry = taskRegistry();
  const scripted = await scriptedRuntime([SPAWN, "Started.", "Thank you."], {
    tools: [tool],
    session: (single) => single.withCapability("background_execution"),
    backends: RuntimeBackends.inMemory().withTaskRegistry(registry),
  });
  return { ...scripted, registry };
}

/** The message that told the session about the end of the run. */
async function told(runtime: InProcessRuntime): Promise<string> {
  for await (const event of runtime.subscribe(runtime.defaultSessionId, { after: 0 })) {
    const text = event.type === "input.message" ? textOf(event.data.message.content) : "";
    if (text.includes("has ended")) return text;
  }
  return "";
}

async function onlyTask(runtime: InProcessRuntime, registry: InMemorySessionTaskRegistry): Promise<SessionTask> {
  const [task] = await registry.list(runtime.defaultSessionId);
  assert.ok(task !== undefined);
  return task;
}

Deno.test("a session that does not name background_execution cannot spawn", async () => {
  await using runtime = await simRuntime("hi", { tools: [backgroundTool()] });
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["crunch"]);
});

Deno.test("a background tool goes on after its turn, and its end wakes the session", async () => {
  const gate = Promise.withResolvers<string>();
  const { runtime, registry } = await spawning(backgroundTool({
    execute: async ({ n }, { output }) => {
      output(`crunching ${n}\n`);
      return await gate.promise;
    },
  }));
  await using _ = runtime;
  await using _registry = registry;
  assert.equal((await say(runtime)).response, "Started.");
  assert.equal((await onlyTask(runtime, registry)).state, "running");
  gate.resolve("forty-two");
  assert.match(await told(runtime), /Background task "Crunch" .* has ended: succeeded\.\nSummary: forty-two/);
  const task = await onlyTask(runtime, registry);
  assert.equal(task.state, "succeeded");
  const read = async (name: string): Promise<string> =>
    (await runtime.readFile(runtime.defaultSessionId, `/.background/${task.id}/${name}`)).content;
  assert.equal(await read("output.log"), "crunching 6\n");
  assert.equal((JSON.parse(await read("result.json")) as JsonObject)["result"], "forty-two");
});

Deno.test("a background tool may run turns of the session that spawned it", async () => {
  const self: { runtime?: InProcessRuntime } = {};
  const { runtime, registry } = await spawning(backgroundTool({
    execute: async (_args, { sessionId }) => (await self.runtime?.runTextTurn(sessionId, "from outside"))?.response,
  }));
  self.runtime = runtime;
  await using _ = runtime;
  await using _registry = registry;
  await say(runtime);
  await told(runtime);
  const task = await onlyTask(runtime, registry);
  assert.deepEqual([task.state, task.error, task.summary], ["succeeded", undefined, "Thank you."]);
});
