/** The `tool_output_distillation` capability: large results of servers and of the web become small ones of the same form. */

import type { JsonValue } from "../../records/json.ts";
import type { ToolCall, ToolResult } from "../../records/tool.ts";
import type { Capability, ToolUseDetails } from "../../ports/capability.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { compileGlob } from "../../kit/glob.ts";
import { about, textList, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";
import { storeOutput } from "../../kit/stored_output.ts";
import { isCallOfModel } from "../conversation/call_of_model.ts";
import { distill } from "./distill.ts";

const SETTINGS = defineSettings({
  tools: about("Globs of the tools it is about.", textList(["mcp_*", "web_fetch"], 32)),
  min_bytes: about(
    "Bytes of a result, as JSON, from which on it is looked at.",
    wholeNumber(4_096, { min: 1_024, max: 65_536 }),
  ),
});

/**
 * Makes large results small without changing their form: long lists are sampled, long texts keep their start, end and
 * lines of errors, diffs become figures per file.
 *
 * Nothing is lost: the whole result is first written to `/outputs/{tool_call_id}.json` (`.txt` for a text) of the
 * session's files, up to 1 MiB with the middle left out, and the small one says where. Its configuration: `tools`, globs of
 * names (default `["mcp_*", "web_fetch"]`), and `min_bytes` of a result that is looked at (default 4,096; 1,024 to 65,536).
 * A result that would not become a quarter smaller stays, and so does one that a program of `code_mode` gets. Beside `tool_output_persistence`, name this one first: what it
 * made small need not be stored again.
 *
 * @example
 * ```ts
 * import { defineTool, InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `row ${id}` }));
 * const query = defineTool({ name: "query", description: "Many rows", execute: () => rows });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.scripted([{ type: "tool_calls", toolCalls: [{ name: "query", arguments: {} }] }, "Read."]))
 *   .capability({ id: "rows", name: "Rows", tools: [query] })
 *   .singleSession((s) =>
 *     s.harness("reader", "Read.").withCapability("rows")
 *       .withCapability({ ref: "tool_output_distillation", config: { tools: ["query"] } })
 *   )
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Read the rows");
 * const messages = JSON.stringify(await runtime.messages(runtime.defaultSessionId));
 * assert.ok(messages.includes("992 more items") && messages.length < 4_000);
 * ```
 */
export const toolOutputDistillation: Capability = defineCapability({
  id: "tool_output_distillation",
  name: "Tool output distillation",
  description: "Makes large results small; the whole becomes a file.",
  category: "context",
  riskLevel: "low",
  dependencies: ["session_file_system"],
  hooks: { postToolUse: distillResult },
  configSchema: SETTINGS.schema,
  validateConfig: (config) => SETTINGS.problem(config) ?? globProblem(SETTINGS.read(config).tools),
  permissions: {},
});

/** A result must lose so much of its size to be worth a file. */
const WORTH_IT = 0.75;

async function distillResult(
  call: ToolCall,
  result: ToolResult,
  context: ToolContext,
  { config, rawOutput }: ToolUseDetails,
): Promise<ToolResult> {
  const { tools, min_bytes: minBytes } = SETTINGS.read(config);
  if (result.status !== "success" || result.result === undefined) return result;
  if (!tools.some((glob) => compileGlob(glob)(call.name))) return result;
  // A program would take the sample for the whole; only what it returns enters the conversation.
  if (context.turn !== undefined && !isCallOfModel(context.turn, call.id)) return result;
  const size = sizeOf(result.result);
  if (size < minBytes) return result;
  const small = distill(result.result);
  if (sizeOf(small) > size * WORTH_IT) return result;
  const isText = typeof result.result === "string";
  const whole = rawOutput?.stdout ?? (isText ? String(result.result) : JSON.stringify(result.result, undefined, 2));
  const { file, sizeBytes, isPartial } = await storeOutput(whole, isText ? "txt" : "json", context);
  return {
    ...result,
    result: {
      distilled: small,
      whole_result_file: file,
      size_bytes: sizeBytes,
      ...(isPartial ? { file_is_partial: true } : {}),
    },
  };
}

function globProblem(globs: readonly string[]): string | undefined {
  for (const glob of globs) {
    try {
      compileGlob(glob);
    } catch (error) {
      if (error instanceof RangeError) return `an entry of \`tools\` cannot be used: ${error.message}`;
      throw error;
    }
  }
  return undefined;
}

function sizeOf(value: JsonValue): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
