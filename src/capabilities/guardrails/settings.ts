/** The configuration of the `guardrails` capability. */

import type { ModelId } from "../../records/ids.ts";
import { isId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { ConfigReader, readOnce } from "../../kit/config_reader.ts";

/** Where a check looks. */
export type GuardrailStage = "output" | "tool_use" | "tool_output";

/** One check. */
export interface GuardrailCheck {
  /** Its id, for events. */
  readonly id: string;
  /** Where it looks. */
  readonly stage: GuardrailStage;
  /** Whether it stops what it finds, or only reports it. */
  readonly onFail: "block" | "log";
  /** What is shown instead of an answer, or told to the model. */
  readonly message: string | undefined;
  /** Globs of the tools it is about; all of them when absent. */
  readonly tools: readonly string[] | undefined;
  /** How it looks. */
  readonly rule:
    | { readonly type: "regex"; readonly pattern: string; readonly ignoreCase: boolean }
    | { readonly type: "blocklist"; readonly words: readonly string[] }
    | { readonly type: "tool_pattern"; readonly pattern: string | undefined }
    | { readonly type: "llm_judge"; readonly policy: string } & AskingRule
    | { readonly type: "moderation"; readonly categories: readonly string[] } & AskingRule;
}

/** Whom a rule asks. */
export interface AskingRule {
  /** Another model than the session's. */
  readonly modelId: ModelId | undefined;
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
}

const MAX_CHECKS = 50;
const STAGES: readonly GuardrailStage[] = ["output", "tool_use", "tool_output"];
const TYPES = ["regex", "blocklist", "tool_pattern", "llm_judge", "moderation"] as const;
/** Categories when a moderation names none: those that the moderation services have in common. */
const CATEGORIES: readonly string[] = [
  "hate",
  "harassment",
  "self-harm",
  "sexual",
  "sexual/minors",
  "violence",
  "illicit",
];
const MEMBERS = [
  "id",
  "stage",
  "type",
  "on_fail",
  "message",
  "tools",
  "pattern",
  "ignore_case",
  "words",
  "policy",
  "categories",
  "model_id",
  "timeout_ms",
];

/** JSON Schema of the configuration. */
export const GUARDRAILS_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    checks: {
      type: "array",
      maxItems: MAX_CHECKS,
      items: {
        type: "object",
        properties: {
          id: { type: "string" },
          stage: { type: "string", enum: [...STAGES] },
          type: { type: "string", enum: [...TYPES] },
          on_fail: { type: "string", enum: ["block", "log"], default: "block" },
          message: { type: "string" },
          tools: { type: "array", items: { type: "string" } },
          pattern: { type: "string" },
          ignore_case: { type: "boolean", default: false },
          words: { type: "array", items: { type: "string" } },
          policy: { type: "string" },
          categories: { type: "array", items: { type: "string" }, default: [...CATEGORIES] },
          model_id: { type: "string" },
          timeout_ms: { type: "integer", minimum: 100, maximum: 25000, default: 10000 },
        },
        required: ["id", "stage", "type"],
        additionalProperties: false,
      },
    },
  },
  required: ["checks"],
  additionalProperties: false,
};

/**
 * The checks of a configuration.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readChecks: (config: JsonObject) => readonly GuardrailCheck[] = readOnce((config) => {
  const reader = new ConfigReader(config, ["checks"]);
  const checks = reader.required("checks", reader.objects("checks", MEMBERS, MAX_CHECKS)).map(readCheck);
  const ids = new Set(checks.map(({ id }) => id));
  if (ids.size < checks.length) throw new RangeError("two of the `checks` have the same `id`");
  return checks;
});

function readCheck(reader: ConfigReader): GuardrailCheck {
  const stage = reader.required("stage", reader.choice("stage", STAGES));
  const rule = readRule(reader);
  if (rule.type === "tool_pattern" && stage !== "tool_use") {
    throw new TypeError("a check of type tool_pattern looks at stage tool_use only");
  }
  return {
    id: reader.required("id", reader.text("id")),
    stage,
    onFail: reader.choice("on_fail", ["block", "log"]) ?? "block",
    message: reader.text("message"),
    tools: reader.texts("tools", 100),
    rule,
  };
}

function readRule(reader: ConfigReader): GuardrailCheck["rule"] {
  const type = reader.required("type", reader.choice("type", TYPES));
  switch (type) {
    case "regex": {
      const pattern = reader.required("pattern", reader.text("pattern"));
      return { type, pattern, ignoreCase: reader.flag("ignore_case") ?? false };
    }
    case "blocklist":
      return { type, words: reader.required("words", reader.texts("words")).map((word) => word.toLowerCase()) };
    case "tool_pattern":
      reader.required("tools", reader.texts("tools", 100));
      return { type, pattern: reader.text("pattern") };
    case "llm_judge":
      return { type, policy: reader.required("policy", reader.text("policy")), ...readAsking(reader) };
    case "moderation": {
      const categories = reader.texts("categories", 50) ?? CATEGORIES;
      if (categories.length === 0) throw new RangeError("`categories` names none");
      return { type, categories, ...readAsking(reader) };
    }
  }
}

function readAsking(reader: ConfigReader): AskingRule {
  const modelId = reader.text("model_id");
  if (modelId !== undefined && !isId("model", modelId)) throw new TypeError("`model_id` is not the id of a model");
  return { modelId, timeoutMs: reader.whole("timeout_ms", { least: 100, most: 25_000 }) ?? 10_000 };
}
