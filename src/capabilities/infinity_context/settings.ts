/** The configuration of the `infinity_context` capability. */

import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";

/** What the configuration says, with defaults filled in. */
export interface WindowSettings {
  /** Tokens the conversation may take. */
  readonly budgetTokens: number;
  /** Newest messages that stay whatever they take. */
  readonly minRecent: number;
  /** Most of the newest messages. */
  readonly maxRecent: number;
  /** Oldest messages that stay. */
  readonly keepFirst: number;
}

const SETTINGS = defineSettings({
  context_budget_tokens: about(
    "Tokens the conversation may take; one is taken to be four characters.",
    wholeNumber(100_000, { min: 1, max: 100_000_000 }),
  ),
  min_recent_messages: about(
    "Newest messages that stay whatever they take.",
    wholeNumber(10, { min: 1, max: 100_000 }),
  ),
  max_recent_messages: about(
    "Most of the newest messages. As many as fit when it is not said.",
    wholeNumber(undefined, { min: 1, max: 1_000_000 }),
  ),
  keep_first_messages: about("Oldest messages that stay.", wholeNumber(0, { min: 0, max: 16 })),
});

/** JSON Schema of the configuration. */
export const WINDOW_SCHEMA: JsonSchema = SETTINGS.schema;

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function windowProblem(config: JsonObject): string | undefined {
  const problem = SETTINGS.problem(config);
  if (problem !== undefined) return problem;
  const { max_recent_messages: most, min_recent_messages: least } = SETTINGS.read(config);
  // The default gives way to a smaller cap; two numbers somebody wrote must agree.
  return most !== undefined && Object.hasOwn(config, "min_recent_messages") && most < least
    ? `\`max_recent_messages\` (${most}) is less than \`min_recent_messages\` (${least})`
    : undefined;
}

/** Reads a configuration; what is wrong in it counts as absent. */
export function readWindowSettings(config: JsonObject): WindowSettings {
  const said = SETTINGS.read(config);
  return {
    budgetTokens: said.context_budget_tokens,
    minRecent: said.min_recent_messages,
    maxRecent: said.max_recent_messages ?? Infinity,
    keepFirst: said.keep_first_messages,
  };
}
