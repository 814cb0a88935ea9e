/** The `guardrails` capability: checks of answers, tool calls and tool results. */

import type { ToolResult } from "../../records/tool.ts";
import type { Capability } from "../../ports/capability.ts";
import { canonicalJson } from "../../kit/canonical_json.ts";
import { problemOf } from "../../kit/settings.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { firstBlock, hasStage } from "./checks.ts";
import { GUARDRAILS_SCHEMA, readChecks } from "./settings.ts";

const WITHHELD = "I cannot show this answer.";

/**
 * Checks answers (stage `output`), calls (`tool_use`) and their results (`tool_output`).
 *
 * A check is a `regex` (RE2 syntax, linear time), a `blocklist` of `words` (either case), a `tool_pattern` (globs of
 * `tools`, and a `pattern` for their arguments as JSON with sorted names), an `llm_judge` (a `policy` in words) or a
 * `moderation` (`categories` of harm); the last two ask the session's model, or `model_id`. It stops what it finds (`on_fail: "block"`, the default) or reports it
 * (`"log"`: a `runtime.warning`). A streamed answer is looked at while it grows, by judges when it is whole, and what
 * was shown is replaced by `message`; only that is stored. A blocked call, or result, becomes an error for the model.
 *
 * A check that cannot be configured blocks; a judge that cannot be asked lets pass, also
 * because those before it took the 25 seconds that all of one text have. Of background runs the call is checked, not the
 * result; one that a model would have to judge is blocked. What users write is not checked, nor what goes to the client's
 * own tools and comes from them.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const checks = [{ id: "keys", stage: "output", type: "regex", pattern: "sk-[a-z0-9]{8,}", message: "[a key]" }];
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Use sk-abcdefgh123."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability({ ref: "guardrails", config: { checks } }))
 *   .build();
 * assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "Which key?")).response, "[a key]");
 * ```
 */
export const guardrails: Capability = defineCapability({
  id: "guardrails",
  name: "Guardrails",
  description: "Checks answers, tool calls and tool results.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: GUARDRAILS_SCHEMA,
  validateConfig: problemOf(readChecks),
  hooks: {
    async outputGuard({ text, checked, complete }, { config, turn }) {
      if (!hasStage(config, "output")) return { action: "allow" };
      const finding = await firstBlock(turn, config, {
        stage: "output",
        text,
        partial: !complete,
        from: complete ? 0 : checked,
      });
      if (finding === undefined) return { action: "allow" };
      const { id, message } = finding.check;
      return { action: "replace", text: message ?? WITHHELD, reasonCode: "guardrail", guardrailId: id };
    },
    async preToolUse(call, tool, context, config) {
      if (!hasStage(config, "tool_use")) return { action: "allow" };
      const text = canonicalJson(call.arguments);
      const finding = await firstBlock(context.turn, config, { stage: "tool_use", text, tool: tool.name });
      if (finding === undefined) return { action: "allow" };
      const { id, message } = finding.check;
      return { action: "block", reason: `guardrail "${id}": ${message ?? finding.found}` };
    },
    async postToolUse(call, result, context, { config }) {
      try {
        if (!hasStage(config, "tool_output")) return result;
        const text = textOf(result);
        const finding = await firstBlock(context.turn, config, { stage: "tool_output", text, tool: call.name });
        return finding === undefined
          ? result
          : withheld(result, finding.check.id, finding.check.message ?? finding.found);
      } catch (error) {
        // A hook after a tool that throws leaves the result as it is, and this one must not.
        context.turn?.warn("hook_failed", error instanceof Error ? error.message : "unknown");
        return withheld(result, "guardrails", "the checks could not run");
      }
    },
  },
});

function textOf({ result, error }: ToolResult): string {
  if (error !== undefined) return error;
  return typeof result === "string" ? result : canonicalJson(result ?? null);
}

function withheld({ toolCallId }: ToolResult, id: string, why: string): ToolResult {
  return { toolCallId, status: "error", error: `The result was withheld by guardrail "${id}": ${why}` };
}
