/** The `tool_output_persistence` capability: large outputs go to files, the conversation keeps a preview. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolCall, ToolResult } from "../records/tool.ts";
import type { Capability, ToolUseDetails } from "../ports/capability.ts";
import type { RawOutput, ToolContext } from "../ports/tool.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { previewOutput } from "../kit/output_preview.ts";
import { about, wholeNumber } from "../kit/setting_kinds.ts";
import { isJsonObject } from "../kit/json_object.ts";
import { defineSettings } from "../kit/settings.ts";
import { storeOutput } from "../kit/stored_output.ts";
import { isCallOfModel } from "./conversation/call_of_model.ts";

/** Characters of a text that stays beside the output it tells about. */
const MAX_SHORT = 200;

const SETTINGS = defineSettings({
  max_inline_bytes: about(
    "Bytes of a result, as JSON, up to which it stays in the conversation.",
    wholeNumber(8_192, { min: 512, max: 65_536 }),
  ),
});

/**
 * Stores large results of tools as files and leaves a preview and the file's path in the conversation.
 *
 * A result of more than `max_inline_bytes` as JSON (default 8,192; 512 to 65,536) goes to
 * `/outputs/{tool_call_id}.stdout` of the session's files, up to 1 MiB with the middle left out; what a tool printed in
 * full beside a shortened result goes there too, its errors to `.stderr`; short members such as an exit code stay. The model reads them with the tools of
 * `session_file_system`, which this capability brings along. Tools whose hint `persistOutput` is false are left alone: those
 * that read such files; so are results that a program of `code_mode` gets, but for pointers to what they lack. The file is written before the result is recorded. Nothing deletes the files: the caps of the file
 * store hold, and when it refuses one the result stays as it was.
 *
 * @example
 * ```ts
 * import { defineTool, InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const log = defineTool({ name: "log", description: "A long log", execute: () => "line\n".repeat(10_000) });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.scripted([{ type: "tool_calls", toolCalls: [{ name: "log", arguments: {} }] }, "Read."]))
 *   .capability({ id: "logs", name: "Logs", tools: [log] })
 *   .singleSession((s) => s.harness("reader", "Read.").withCapability("logs").withCapability("tool_output_persistence"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Read the log");
 * const files = await runtime.files(runtime.defaultSessionId);
 * assert.equal((await files.listDirectory("/outputs")).length, 1);
 * ```
 */
export const toolOutputPersistence: Capability = defineCapability({
  id: "tool_output_persistence",
  name: "Tool output persistence",
  description: "Stores large results as files and leaves a preview.",
  category: "context",
  riskLevel: "low",
  dependencies: ["session_file_system"],
  hooks: { postToolUse: persist },
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  permissions: {},
});

async function persist(
  call: ToolCall,
  result: ToolResult,
  context: ToolContext,
  details: ToolUseDetails,
): Promise<ToolResult> {
  if (result.status !== "success" || result.result === undefined) return result;
  if (context.tools.get(call.name)?.definition.hints?.persistOutput === false) return result;
  const { max_inline_bytes: maxInline } = SETTINGS.read(details.config);
  const value = result.result;
  const { rawOutput } = details;
  // A program works with the values its calls give; only what it returns enters the conversation.
  const isForProgram = context.turn !== undefined && !isCallOfModel(context.turn, call.id);
  if (isForProgram || sizeOf(value) <= maxInline) {
    return rawOutput === undefined ? result : { ...result, result: await withPointers(value, rawOutput, context) };
  }
  const text = rawOutput?.stdout ?? (typeof value === "string" ? value : JSON.stringify(value, undefined, 2));
  const { file, sizeBytes, totalLines, isPartial } = await storeOutput(text, "stdout", context);
  const partial: JsonObject = isPartial ? { file_is_partial: true } : {};
  const errors: JsonObject = rawOutput?.stderr === undefined || rawOutput.stderr === ""
    ? {}
    : { stderr_file: (await storeOutput(rawOutput.stderr, "stderr", context)).file };
  return {
    ...result,
    result: {
      ...(rawOutput === undefined ? {} : shortMembers(value)),
      output_file: file,
      ...errors,
      size_bytes: sizeBytes,
      total_lines: totalLines,
      ...partial,
      note: "Too long to be shown: read output_file with read_file (offset, limit), or search it with grep_files",
      preview: previewOutput(text, Math.floor(maxInline / 2)).text,
    },
  };
}

/** What a result has beside its output, such as an exit code. */
function shortMembers(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) =>
      typeof member === "string" ? member.length <= MAX_SHORT : typeof member !== "object" || member === null
    ),
  );
}

/** The result of a tool that shortened it itself, and where the rest is. */
async function withPointers(value: JsonValue, raw: RawOutput, context: ToolContext): Promise<JsonObject> {
  const pointers: Record<string, JsonValue> = {};
  for (const stream of ["stdout", "stderr"] as const) {
    const text = raw[stream];
    if (text !== undefined && text !== "") {
      pointers[`${stream}_file`] = (await storeOutput(text, stream, context)).file;
    }
  }
  return isJsonObject(value) ? { ...value, ...pointers } : { result: value, ...pointers };
}

function sizeOf(value: JsonValue): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
