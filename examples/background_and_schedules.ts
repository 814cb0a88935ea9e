// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data examples/background_and_schedules.ts

/**
 * Work that goes on after its turn: a slow tool, a subagent and a schedule, each of which wakes the session.
 *
 * The turn ends at once. When something is ready its session gets a message, and with it a new turn: that is a wake.
 * Tasks, schedules and wakes are rows of `./agent-data/local.db`, so none is lost with the program: what is due while
 * nobody runs fires when somebody does again.
 *
 * The model is simulated and plays a script; a live one decides by itself what to start.
 *
 * @module
 */

import { defineCapability, defineTool, LlmSimConfig, textOf } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";

/** A tool that may run in the background says so in its hints; an idempotent one is started again after a crash. */
const builds = defineCapability({
  id: "builds",
  name: "Builds",
  tools: [defineTool({
    name: "build_project",
    description: "Builds a project; takes a while.",
    parameters: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    effect: "idempotent",
    hints: { supportsBackground: true },
    execute: ({ name }, context) => {
      context.output(`compiling ${name}\n`);
      return { built: name };
    },
  })],
});

/** What the simulated model calls when it is asked to start everything. */
const CALLS = [
  { name: "spawn_background", arguments: { tool: "build_project", args: { name: "website" }, title: "Build" } },
  { name: "spawn_agent", arguments: { name: "reader", instructions: "Read the notes.", target: { type: "subagent" } } },
  {
    name: "create_schedule",
    arguments: { description: "Time for tea.", scheduled_at: new Date(Date.now() + 500).toISOString() },
  },
];

await using runtime = await new LocalRuntimeBuilder(new LocalProfile(join(Deno.cwd(), "agent-data")))
  .capability(builds)
  .llmSim(LlmSimConfig.echo().withConditionalToolCalls("start everything", CALLS))
  .singleSession((session) =>
    session.harness("assistant", "You are a helpful assistant.")
      .withCapability("builds")
      .withCapability("background_execution") // spawn_background
      .withCapability("subagents") // spawn_agent
      .withCapability("session_tasks") // list_tasks, wait_task, cancel_task, ...
      .withCapability("session_schedule") // create_schedule, ...
  )
  .build();

// From here on schedules fire, and tasks and wakes that another process left behind are looked after. It keeps the
// program alive until it is disposed.
await using _background = runtime.local.startBackground({ schedules: { pollIntervalMs: 100 } });

const session = runtime.defaultSessionId;
const events = runtime.subscribe(session);

console.log("1. One turn starts three things and ends");
const turn = await runtime.runTextTurn(session, "Please start everything.");
console.log(`   turn: ${turn.status}, ${turn.toolCallsCount} tool calls`);
for (const schedule of await runtime.local.scheduleStore.listSchedules(session)) {
  console.log(`   schedule: "${schedule.description}" ${schedule.scheduleType}, ${schedule.timezone}`);
}

console.log("2. Each of them wakes the session when it is ready");
let inputs = 0;
for await (const event of events) {
  if (event.type !== "input.message") continue;
  // The first input is ours.
  if (inputs++ > 0) console.log(`   woken: ${textOf(event.data.message.content).split("\n")[0]}`);
  if (inputs === 4) break;
}

console.log("3. What became of the tasks");
for (const task of await runtime.local.taskRegistry.list(session)) {
  console.log(`   "${task.displayName}" (${task.kind}): ${task.state}, ${task.summary ?? "no summary"}`);
}
