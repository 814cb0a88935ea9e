/** The `background_execution` capability: tools that go on while the session does other things. */

import { ToolError } from "../../errors.ts";
import type { JsonValue } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { Capability } from "../../ports/capability.ts";
import type { Tool } from "../../ports/tool.ts";
import { SPAWN_BACKGROUND } from "../../kit/background_tools.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { isSchemaObject } from "../../kit/object_schema.ts";
import { spawnNow } from "./spawn_now.ts";
import { spawnScheduled } from "./spawn_scheduled.ts";
import { choiceOf, spawnTarget } from "./spawn_target.ts";

const PROMPT = `spawn_background runs a tool in the background while you go on.
- Use it for work that takes long and whose result you do not need at once.
- You are told when a run has ended; do not wait for it or look at it over and over.
- Its output and result are files of this session: read them when you need more than the summary.`;

const DESCRIPTION = "Runs another tool in the background, now or by a schedule, and returns at once.";

/**
 * Starts a run. A repeat with the same key finds what the first one made, so it is `idempotent`, whatever the tool is:
 * a run that was interrupted is started again only when its own tool may be repeated.
 */
const spawnBackground: Tool = defineTool({
  name: SPAWN_BACKGROUND,
  displayName: "Run in background",
  description: DESCRIPTION,
  parameters: {
    type: "object",
    properties: {
      tool: { type: "string", description: "The tool to run." },
      args: { type: "object", description: "What it gets." },
      title: { type: "string", description: "A few words for people about what it does." },
      schedule: {
        type: "object",
        description: "Only to run it later: exactly one of cron_expression and scheduled_at.",
        properties: {
          cron_expression: {
            type: "string",
            description: "When, again and again: minute hour day-of-month month day-of-week.",
          },
          scheduled_at: { type: "string", description: "When, once: ISO 8601 such as 2026-03-01T09:00:00Z." },
          timezone: { type: "string", description: "IANA time zone such as Europe/Zurich. Default: UTC." },
        },
        additionalProperties: false,
      },
      signal_on_completion: {
        type: "boolean",
        description: "Whether you are told when it has ended. Default: true.",
      },
    },
    required: ["tool", "args"],
    additionalProperties: false,
  },
  category: "tasks",
  effect: "idempotent",
  permissions: {},
  execute: async (args, context) => {
    const target = await spawnTarget(args, context);
    const signalOnCompletion = args["signal_on_completion"] !== false;
    const { schedule } = args;
    if (schedule === undefined) return await spawnNow(target, context, { signalOnCompletion });
    if (!isSchemaObject(schedule)) throw new ToolError("Cannot schedule a background run: `schedule` is not an object");
    return await spawnScheduled(target, context, { schedule, signalOnCompletion });
  },
  narrate: ({ title, tool }) => `Starting ${shownTitle(title) ?? shownTitle(tool) ?? "a tool"} in the background`,
});

/**
 * Lets the model run tools in the background that say they support it (`hints.supportsBackground`).
 *
 * It needs a host that keeps a task registry, and schedules for scheduled runs; without them the tool answers with an
 * error. A tool whose calls need approval is refused, and `preToolUse` hooks are asked about the call of
 * `spawn_background` and about the tool it starts. Runs are limited to 5 at once per session and 64 per process. Where a
 * task registry is kept it is on for sessions with such a tool, and for no others unless they name it; switch on
 * `session_tasks` beside it to list and cancel runs.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("builder", "Build things.").withCapability("background_execution"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "spawn_background"));
 * ```
 */
export const backgroundExecution: Capability = defineCapability({
  id: "background_execution",
  name: "Background execution",
  description: "Runs tools in the background, now or by a schedule.",
  category: "tasks",
  riskLevel: "medium",
  systemPrompt: PROMPT,
  tools: [spawnBackground],
  features: ["background_execution"],
  hooks: { toolDefinitions: nameChoice },
  permissions: {},
});

/** Tells the model which of the offered tools it may name. */
function nameChoice(tools: readonly ToolDefinition[]): readonly ToolDefinition[] {
  return tools.map((tool) =>
    tool.name === SPAWN_BACKGROUND
      ? Object.freeze({ ...tool, description: `${tool.description} (${choiceOf(tools)})` })
      : tool
  );
}

function shownTitle(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, 80) : undefined;
}
