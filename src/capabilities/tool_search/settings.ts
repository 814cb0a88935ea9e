/** The configuration of the `tool_search` capability. */

import type { JsonObject, JsonSchema } from "../../records/json.ts";
import { about, choice, textList, wholeNumber } from "../../kit/setting_kinds.ts";
import { defineSettings } from "../../kit/settings.ts";

/** What the configuration says, with defaults filled in. */
export interface ToolSearchSettings {
  /** Tools from which on some are deferred. */
  readonly threshold: number;
  /**
   * Who searches: the provider where it can and else the runtime, the provider or nobody, or the runtime.
   *
   * With nobody to search nothing is deferred.
   */
  readonly mode: "auto" | "native" | "local";
  /** Names of tools that never are. */
  readonly never_defer: readonly string[];
}

const SETTINGS = defineSettings({
  threshold: about("Number of tools from which on some are deferred.", wholeNumber(15, { min: 1, max: 10_000 })),
  mode: about(
    "Who searches: the provider where it can and else the runtime, the provider alone, or the runtime.",
    choice<ToolSearchSettings["mode"]>("auto", ["auto", "native", "local"]),
  ),
  never_defer: about(
    "Names of tools that are always sent whole.",
    textList(["read_file", "write_file", "edit_file", "list_directory", "grep_files", "bash"], 1_000),
  ),
});

/** JSON Schema of the configuration. */
export const TOOL_SEARCH_SCHEMA: JsonSchema = SETTINGS.schema;

/** What is wrong with a configuration, for people; undefined when nothing is. */
export function toolSearchProblem(config: JsonObject): string | undefined {
  return SETTINGS.problem(config);
}

/** Reads a configuration; what is wrong in it counts as absent. */
export function readToolSearchSettings(config: JsonObject): ToolSearchSettings {
  return SETTINGS.read(config);
}
