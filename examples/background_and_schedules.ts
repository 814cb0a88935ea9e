// deno run --no-prompt --allow-read=agent-data --allow-write=agent-data examples/background_and_schedules.ts

/**
 * A slow tool in the background, a subagent, and a schedule: each wakes the session when it is time.
 *
 * The model is simulated and plays a script. What it starts outlives its turn, and would outlive the program: tasks,
 * wakes and schedules are rows of `./agent-data/local.db`.
 *
 * @module
 */

import { defineCapability, defineTool, LlmSimConfig } from "@everruns/runtime";
import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
import { join } from "node:path";

/** A tool that takes a while and may therefore run in the background. */
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

const CALLS = [
  { name: "spawn_background", arguments: { tool: "build_project", args: { name: "website" }, title: "Build" } },
  { name: "spawn_agent", arguments: { name: "reader", instructions: "Read the notes.", target: { type: "subagent" } } },
  {
    name: "create_schedule",
    arguments: { description: "Time for tea.", scheduled_at: new Date(Date.now() + 500).toISOString() },
  },
];

const profile = new LocalProfile(join(Deno.cwd(), "agent-data"));
await using runtime = await new LocalRuntimeBuilder(profile)
  .capability(builds)
  .llmSim(LlmSimConfig.echo().withConditionalToolCalls("start everything", CALLS))
  .singleSession((session) =>
    session.harness("assistant", "You are helpful.")
      .withCapability("builds")
      .withCapability("background_execution")
      .withCapability("subagents")
      .withCapability("session_tasks")
      .withCapability("session_schedule")
  )
  .build();

// Schedules fire, and what other processes left behind is looked after, while this runs.
await using _background = runtime.local.startBackground({ schedules: { pollIntervalMs: 100 } });

const session = runtime.defaultSessionId;
const events = runtime.subscribe(session);
await runtime.runTextTurn(session, "Please start everything.");

let wakes = 0;
for await (const event of events) {
  if (event.type === "tool.completed") console.log(`${event.data.toolName}: ${event.data.error ?? "started"}`);
  if (event.type !== "input.message") continue;
  const [part] = event.data.message.content;
  const text = part?.type === "text" ? part.text : "";
  if (text.startsWith("Please")) continue;
  console.log(`woken: ${text.split("\n")[0]}`);
  if (++wakes === 3) break;
}

for (const task of await runtime.local.taskRegistry.list(session)) {
  console.log(`task "${task.displayName}" (${task.kind}): ${task.state}`);
}
