/** The configuration of the `guardrails` capability. */

import type { ModelId } from "../../records/ids.ts";
import { isId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { choice, flag, objectList, required, text, textList, wholeNumber } from "../../kit/setting_kinds.ts";
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
    | {
      readonly type: "llm_judge";
      readonly policy: string;
      readonly modelId: ModelId | undefined;
      readonly timeoutMs: number;
    };
}

const STAGES: readonly GuardrailStage[] = ["output", "tool_use", "tool_output"];
const ON_FAIL: readonly GuardrailCheck["onFail"][] = ["block", "log"];
const TYPES: readonly GuardrailCheck["rule"]["type"][] = ["regex", "blocklist", "tool_pattern", "llm_judge"];

const SETTINGS = defineSettings({
  checks: required(objectList({
    id: required(text(undefined)),
    stage: required(choice(undefined, STAGES)),
    type: required(choice(undefined, TYPES)),
    on_fail: choice("block", ON_FAIL),
    message: text(undefined),
    tools: textList(undefined, 100),
    pattern: text(undefined),
    ignore_case: flag(false),
    words: textList(undefined, 1_000),
    policy: text(undefined),
    model_id: text(undefined),
    timeout_ms: wholeNumber(10_000, { min: 100, max: 25_000 }),
  }, 50)),
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
  const { type, pattern, model_id: modelId } = said;
  switch (type) {
    case "regex":
      return { type, pattern: needed("pattern", pattern), ignoreCase: said.ignore_case };
    case "blocklist":
      return { type, words: needed("words", said.words).map((word) => word.toLowerCase()) };
    case "tool_pattern":
      needed("tools", said.tools);
      return { type, pattern };
    case "llm_judge":
      if (modelId !== undefined && !isId("model", modelId)) throw new TypeError("`model_id` is not the id of a model");
      return { type, policy: needed("policy", said.policy), modelId, timeoutMs: said.timeout_ms };
  }
}
