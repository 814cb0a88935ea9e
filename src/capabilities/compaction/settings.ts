/** The configuration of the `compaction` capability. */

import { isId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, anyNumber, choice, flag, section, text, textList, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";
import type { MaskFormat } from "./mask.ts";

/** What the configuration says, with defaults filled in. */
export interface CompactionSettings {
  /**
   * Whether outputs become lines, and whether the model is asked for summaries; both, in this order, for `auto`.
   *
   * With `auto` and `native` it is the provider that compacts, where it can.
   */
  readonly strategy: "auto" | "native" | "observation_masking" | "summarization";
  /** Whether something is done before the provider refuses a request. */
  readonly proactive: boolean;
  /** Share of the window that a request may take. */
  readonly budget_percent: number;
  /** How old outputs are hidden. */
  readonly observation_masking: {
    /** Newest outputs that stay. */
    readonly keep_recent_tool_outputs: number;
    /** What is left of the others. */
    readonly summary_format: MaskFormat;
  };
  /** How summaries are made. */
  readonly summarization: {
    /** Id of the model that is asked; the session's own by default. */
    readonly model: string | undefined;
    /** What a summary must not leave out. */
    readonly preserve: readonly string[];
    /** Further words for the model that writes it. */
    readonly instructions: string | undefined;
  };
}

const SETTINGS = defineSettings({
  strategy: about(
    "`observation_masking` makes lines of old outputs, `summarization` asks the model for summaries; `auto` and `native` " +
      "do both, and let the provider compact where it can.",
    choice<CompactionSettings["strategy"]>("auto", ["auto", "native", "observation_masking", "summarization"]),
  ),
  proactive: about("Whether something is done before the provider refuses a request.", flag(true)),
  budget_percent: about(
    "Share of the model's window that a request may take, from 0 to 1.",
    anyNumber(0.85, { min: 0.01, max: 1 }),
  ),
  observation_masking: about(
    "How old outputs of tools are hidden.",
    section({
      keep_recent_tool_outputs: about("Newest outputs that stay.", wholeNumber(2, { min: 0, max: 1_000 })),
      summary_format: about(
        "What is left of the others: a line, or their start and end.",
        choice<MaskFormat>("one_line", ["one_line", "head_tail"]),
      ),
    }),
  ),
  summarization: about(
    "How summaries are made.",
    section({
      model: about("Id of the stored model that is asked. The session's own when it is not said.", text(undefined)),
      preserve: about(
        "What a summary must not leave out.",
        textList(["decisions", "files_modified", "errors", "current_plan"], 32),
      ),
      instructions: about("Further words for the model that writes it.", text(undefined)),
    }),
  ),
});

/** JSON Schema of the configuration. */
export const COMPACTION_SCHEMA: JsonSchema = SETTINGS.schema;

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function compactionProblem(config: JsonObject): string | undefined {
  const problem = SETTINGS.problem(config);
  if (problem !== undefined) return problem;
  const { model } = SETTINGS.read(config).summarization;
  return model === undefined || isId("model", model)
    ? undefined
    : `\`summarization.model\` is "${model}", not the id of a stored model`;
}

/** Reads a configuration; what is wrong in it counts as absent. */
export function readCompactionSettings(config: JsonObject): CompactionSettings {
  return SETTINGS.read(config);
}
