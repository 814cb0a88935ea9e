/** The configuration of the `guardrails` capability. */

import type { ModelId } from "../../records/ids.ts";
import { isId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, choice, flag, objectList, required, text, textList, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings, readOnce } from "../../kit/settings.ts";

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

const STAGES: readonly GuardrailStage[] = ["output", "tool_use", "tool_output"];
const ON_FAIL: readonly GuardrailCheck["onFail"][] = ["block", "log"];
const TYPES: readonly GuardrailCheck["rule"]["type"][] = [
  "regex",
  "blocklist",
  "tool_pattern",
  "llm_judge",
  "moderation",
];

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

const SETTINGS = defineSettings({
  checks: about(
    "The checks, in their order.",
    required(objectList({
      id: about("Its id, for events.", required(text(undefined))),
      stage: about("Where it looks: answers, calls or their results.", required(choice(undefined, STAGES))),
      type: about("How it looks.", required(choice(undefined, TYPES))),
      on_fail: about("Whether it stops what it finds, or only reports it.", choice("block", ON_FAIL)),
      message: about("What is shown instead of an answer, or told to the model.", text(undefined)),
      tools: about("Globs of the tools it is about. All when it is not said.", textList(undefined, 100)),
      pattern: about("RE2 expression of `regex`; of `tool_pattern`, for the arguments as JSON.", text(undefined)),
      ignore_case: about("Whether the expression of `regex` fits either case.", flag(false)),
      words: about("The words of `blocklist`, in either case.", textList(undefined, 1_000)),
      policy: about("What `llm_judge` judges by, in words.", text(undefined)),
      categories: about("Kinds of harm that `moderation` looks for.", textList(CATEGORIES, 50)),
      model_id: about("The model that is asked. The session's own when it is not said.", text(undefined)),
      timeout_ms: about("Longest wait for it, in milliseconds.", wholeNumber(10_000, { min: 100, max: 25_000 })),
    }, 50)),
  ),
});

type Said = ReturnType<typeof SETTINGS.read>["checks"][number];

/** JSON Schema of the configuration. */
export const GUARDRAILS_SCHEMA: JsonSchema = SETTINGS.schema;

/**
 * The checks of a configuration.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readChecks: (config: JsonObject) => readonly GuardrailCheck[] = readOnce((config) => {
  const checks = SETTINGS.check(config).checks.map(toCheck);
  const ids = new Set(checks.map(({ id }) => id));
  if (ids.size < checks.length) throw new RangeError("two of the `checks` have the same `id`");
  return checks;
});

function toCheck(said: Said, index: number): GuardrailCheck {
  const { id, stage, message, tools, on_fail: onFail } = said;
  const rule = toRule(said, `checks[${index}]`);
  if (rule.type === "tool_pattern" && stage !== "tool_use") {
    throw new TypeError("a check of type tool_pattern looks at stage tool_use only");
  }
  return { id, stage, onFail, message, tools, rule };
}

function toRule(said: Said, place: string): GuardrailCheck["rule"] {
  const needed = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw new TypeError(`\`${place}.${name}\` is missing`);
    return value;
  };
  const { type, pattern } = said;
  switch (type) {
    case "regex":
      return { type, pattern: needed("pattern", pattern), ignoreCase: said.ignore_case };
    case "blocklist":
      return { type, words: needed("words", said.words).map((word) => word.toLowerCase()) };
    case "tool_pattern":
      needed("tools", said.tools);
      return { type, pattern };
    case "llm_judge":
      return { type, policy: needed("policy", said.policy), ...toAsking(said) };
    case "moderation":
      if (said.categories.length === 0) throw new RangeError("`categories` names none");
      return { type, categories: said.categories, ...toAsking(said) };
  }
}

function toAsking({ model_id: modelId, timeout_ms: timeoutMs }: Said): AskingRule {
  if (modelId !== undefined && !isId("model", modelId)) throw new TypeError("`model_id` is not the id of a model");
  return { modelId, timeoutMs };
}
