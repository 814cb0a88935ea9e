/** The `tool_call_repair` capability: mends calls whose arguments cannot be used. */

import type { JsonObject } from "../../records/json.ts";
import type { Message } from "../../records/message.ts";
import type { Capability } from "../../ports/capability.ts";
import type { CallProblem, CallRepair } from "../../ports/model_hooks.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineSettings } from "../../kit/settings.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import type { ToolCall } from "../../records/tool.ts";
import { coerceArguments } from "./coerce.ts";
import { salvageObject } from "./salvage.ts";

/** Most characters of a schema in the words for the model. */
const MAX_SCHEMA = 2_000;
const RETRY = "Call the tool again with one JSON object of exactly this schema:";

const SETTINGS = defineSettings({});

/**
 * Mends a call before the model gets an error: text that is almost JSON is read, and members of the wrong form (`"5"`
 * for 5, one thing for a list, another spelling of a name) are brought into the tool's schema.
 *
 * What is made passes the hooks and the schema like any arguments; the stored call stays as the model wrote it. Text
 * that was cut off in a string is never guessed at. Otherwise the model is told the schema, twice a turn and tool; then
 * it gets the plain error. Each case is a `tool.call_repaired` event. Tools that need approval are left alone.
 *
 * @example
 * ```ts
 * import { defineTool, InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const heard: string[] = [];
 * const say = defineTool({
 *   name: "say",
 *   description: "Says something.",
 *   parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
 *   execute: ({ text }) => void heard.push(String(text)),
 * });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability({ id: "speech", name: "Speech", tools: [say] })
 *   .llmSim(LlmSimConfig.fixed("Done.").withToolCallSequence([[{ name: "say", arguments: "{'text': 'hello',}" }], []]))
 *   .singleSession((s) => s.harness("speaker", "Speak.").withCapability("speech").withCapability("tool_call_repair"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Go");
 * assert.deepEqual(heard, ["hello"]);
 * ```
 */
export const toolCallRepair: Capability = defineCapability({
  id: "tool_call_repair",
  name: "Tool call repair",
  description: "Mends calls whose arguments cannot be used.",
  category: "reliability",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  hooks: {
    repairCall(call, problem, { turn }): CallRepair {
      const mended = mend(call, problem);
      if (mended !== undefined) return { action: "repair", arguments: mended };
      if (turn === undefined || failuresOf(turn.messages, call.name) >= 2) return { action: "give_up" };
      const schema = JSON.stringify(problem.tool.parameters);
      const shown = schema.length > MAX_SCHEMA ? `${schema.slice(0, MAX_SCHEMA)} [cut]` : schema;
      return { action: "ask_again", message: `${problem.message} ${RETRY} ${shown}` };
    },
  },
});

function mend(call: ToolCall, problem: CallProblem): JsonObject | undefined {
  const { arguments: args } = call;
  if (typeof args === "string") return salvageObject(args);
  return isJsonObject(args) ? coerceArguments(args, problem.tool.parameters) : undefined;
}

/** How often calls of the tool were answered with its schema since the last input. */
function failuresOf(messages: readonly Message[], name: string): number {
  let failures = 0;
  const failed = new Set<string>();
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message === undefined || message.role === "user") break;
    for (const part of message.content) {
      if (part.type === "tool_result" && part.error?.includes(RETRY) === true) failed.add(part.toolCallId);
      else if (part.type === "tool_call" && part.name === name && failed.has(part.id)) failures++;
    }
  }
  return failures;
}
