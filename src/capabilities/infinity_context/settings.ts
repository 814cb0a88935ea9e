/** The configuration of the `infinity_context` capability. */

import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { numberProblem, numberSchemas, type NumberSetting, readNumber } from "../number_setting.ts";

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

const BUDGET: NumberSetting = { name: "context_budget_tokens", byDefault: 100_000, least: 1, most: 100_000_000 };
const MIN_RECENT: NumberSetting = { name: "min_recent_messages", byDefault: 10, least: 1, most: 100_000 };
const MAX_RECENT: NumberSetting = { name: "max_recent_messages", least: 1, most: 1_000_000 };
const KEEP_FIRST: NumberSetting = { name: "keep_first_messages", byDefault: 0, least: 0, most: 16 };
const ALL = [BUDGET, MIN_RECENT, MAX_RECENT, KEEP_FIRST] as const;

/** JSON Schema of the configuration. */
export const WINDOW_SCHEMA: JsonSchema = { type: "object", properties: numberSchemas(ALL) };

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function windowProblem(config: JsonObject): string | undefined {
  for (const setting of ALL) {
    const problem = numberProblem(config, setting);
    if (problem !== undefined) return problem;
  }
  const most = readNumber(config, MAX_RECENT);
  const least = readNumber(config, MIN_RECENT) ?? 0;
  // The default gives way to a smaller cap; two numbers somebody wrote must agree.
  return most !== undefined && Object.hasOwn(config, MIN_RECENT.name) && most < least
    ? `\`${MAX_RECENT.name}\` (${most}) is less than \`${MIN_RECENT.name}\` (${least})`
    : undefined;
}

/** Reads a configuration; what is wrong in it counts as absent. */
export function readWindowSettings(config: JsonObject): WindowSettings {
  return {
    budgetTokens: readNumber(config, BUDGET) ?? 0,
    minRecent: readNumber(config, MIN_RECENT) ?? 0,
    maxRecent: readNumber(config, MAX_RECENT) ?? Infinity,
    keepFirst: readNumber(config, KEEP_FIRST) ?? 0,
  };
}
