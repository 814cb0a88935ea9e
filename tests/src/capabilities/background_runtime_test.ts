import assert from "node:assert/strict";
import {
  CapabilityRegistry,
  DriverRegistry,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  PlatformDefinition,
  RuntimeBackends,
  type Tool,
} from "../../../mod.ts";
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
  checks: readonly JsonObject[] = [],
): Promise<ScriptedRuntime & { readonly registry: InMemorySessionTaskRegistry }> {
  const registry = taskRegistry();
  const scripted = await scriptedRuntime([SPAWN, "Started.", "Thank you."], {
    tools: [tool],
    session: (single) => single.withCapability("background_execution").withCapability("guardrails", { checks }),
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

async function toolsOf(options: Parameters<typeof simRuntime>[1]): Promise<string[]> {
  await using runtime = await simRuntime("hi", options);
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  return runtimeAgent.tools.map(({ name }) => name);
}

Deno.test("a session with a tool that can run in the background can spawn it, and no other session can", async () => {
  await using registry = taskRegistry();
  const backends = RuntimeBackends.inMemory().withTaskRegistry(registry);
  assert.deepEqual(await toolsOf({ backends, tools: [backgroundTool()] }), ["crunch", "spawn_background"]);
  assert.deepEqual(await toolsOf({ backends, tools: [backgroundTool({ hints: {} })] }), ["crunch"]);
  const made = { id: "made", name: "Made", tools: () => [backgroundTool()] };
  assert.deepEqual(await toolsOf({ backends, capabilities: [made] }), ["crunch", "spawn_background"]);
});

Deno.test("a session whose background tool needs approval for each call is not offered to spawn it", async () => {
  await using registry = taskRegistry();
  const backends = RuntimeBackends.inMemory().withTaskRegistry(registry);
  const tools = [backgroundTool({ policy: "requires_approval" })];
  assert.deepEqual(await toolsOf({ backends, tools }), ["crunch"]);
});

Deno.test("the tools of a capability of a class are asked for as its method where tasks are kept, too", async () => {
  class Cruncher {
    readonly id = "cruncher";
    readonly name = "Cruncher";
    readonly #tools: readonly Tool[] = [backgroundTool()];
    tools(): readonly Tool[] {
      return this.#tools;
    }
  }
  await using registry = taskRegistry();
  const backends = RuntimeBackends.inMemory().withTaskRegistry(registry);
  assert.deepEqual(await toolsOf({ backends, capabilities: [new Cruncher()] }), ["crunch", "spawn_background"]);
});

Deno.test("a session of a host that keeps no tasks cannot spawn", async () => {
  assert.deepEqual(await toolsOf({ tools: [backgroundTool()] }), ["crunch"]);
});

Deno.test("a session of a platform without background_execution cannot spawn", async () => {
  await using registry = taskRegistry();
  const capabilities = new CapabilityRegistry().register({ id: "crunches", name: "C", tools: [backgroundTool()] });
  await using runtime = await new InProcessRuntimeBuilder()
    .platformDefinition(new PlatformDefinition({ capabilities, drivers: new DriverRegistry() }))
    .backends(RuntimeBackends.inMemory().withTaskRegistry(registry))
    .llmSim(LlmSimConfig.echo())
    .singleSession((single) => single.harness("h", "").withCapability("crunches"))
    .build();
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

const CHECK = { id: "n", stage: "tool_use", tools: ["crunch"] };
const checked: readonly (readonly [what: string, check: JsonObject, state: string])[] = [
  ["a pattern that does not fit runs", { type: "tool_pattern", pattern: '"n":7' }, "succeeded"],
  ["a pattern that fits does not run", { type: "tool_pattern", pattern: '"n":6' }, "failed"],
  [
    "a model that judges calls does not run, since it cannot be asked",
    { type: "llm_judge", policy: "Be kind." },
    "failed",
  ],
];
for (const [what, check, state] of checked) {
  Deno.test(`a background run checked by ${what}`, async () => {
    const { runtime, registry } = await spawning(backgroundTool(), [{ ...CHECK, ...check }]);
    await using _ = runtime;
    await using _registry = registry;
    await say(runtime);
    await told(runtime);
    assert.equal((await onlyTask(runtime, registry)).state, state);
  });
}
