/** The `human_intent` capability: the model says what a call is for, to the people who watch. */

import type { JsonObject, JsonSchema } from "../records/json.ts";
import type { ToolCall, ToolDefinition } from "../records/tool.ts";
import type { Capability, ToolUseDecision } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { isJsonObject } from "../kit/json_object.ts";

/** The argument that is added. */
const NAME = "human_intent";
/** Most characters of it that are shown. */
const MAX_LENGTH = 120;

const ARGUMENT: JsonSchema = Object.freeze({
  type: "string",
  maxLength: MAX_LENGTH,
  description: "For the person who watches: what this call is for, in a few words.",
});

/**
 * Adds the optional argument `human_intent` to every tool the runtime runs, and uses it as the words about the call.
 *
 * It is taken out before the tool's own arguments are checked, so that no tool ever sees it. A tool that has an argument
 * of this name itself is left alone, and so are tools of the client. The words are the model's, cut at 120 characters: what
 * a call really does, only its arguments tell.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("test_math").withCapability("human_intent"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.every(({ parameters }) => JSON.stringify(parameters).includes("human_intent")));
 * ```
 */
export const humanIntent: Capability = defineCapability({
  id: "human_intent",
  name: "Human intent",
  description: "Lets the model say what each call is for.",
  category: "presentation",
  riskLevel: "low",
  hooks: { toolDefinitions: (tools) => tools.map(withArgument), preToolUse: withoutArgument },
  narrate: intentOf,
  annotations: [NAME],
  permissions: {},
});

/** Definitions are frozen and live long: what was made of one is kept as long as it. */
const made = new WeakMap<ToolDefinition, ToolDefinition>();

function withArgument(tool: ToolDefinition): ToolDefinition {
  if (tool.type === "client_side" || hasOwnArgument(tool)) return tool;
  const known = made.get(tool);
  if (known !== undefined) return known;
  const { parameters } = tool;
  const properties = isJsonObject(parameters["properties"]) ? parameters["properties"] : {};
  const extended = Object.freeze({
    ...tool,
    parameters: Object.freeze({ ...parameters, properties: Object.freeze({ ...properties, [NAME]: ARGUMENT }) }),
  });
  made.set(tool, extended);
  return extended;
}

function withoutArgument({ arguments: args }: ToolCall, tool: ToolDefinition): ToolUseDecision {
  if (!isJsonObject(args) || !Object.hasOwn(args, NAME) || hasOwnArgument(tool)) return { action: "allow" };
  const { [NAME]: _, ...rest } = args;
  return { action: "rewrite", arguments: rest };
}

function intentOf({ arguments: args }: ToolCall, tool: ToolDefinition): string | undefined {
  if (!isJsonObject(args) || hasOwnArgument(tool)) return undefined;
  const words = Object.hasOwn(args, NAME) ? args[NAME] : undefined;
  if (typeof words !== "string") return undefined;
  const line = words.replace(/[\s\p{Cc}]+/gu, " ").trim();
  if (line === "") return undefined;
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}

function hasOwnArgument({ parameters }: ToolDefinition): boolean {
  const properties: JsonObject = isJsonObject(parameters["properties"]) ? parameters["properties"] : {};
  return Object.hasOwn(properties, NAME) && properties[NAME] !== ARGUMENT;
}
