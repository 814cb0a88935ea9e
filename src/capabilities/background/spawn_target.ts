/** Which tool a call of `spawn_background` means. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { runsInBackground, SPAWN_BACKGROUND } from "../../kit/background_tools.ts";
import { isSchemaObject } from "../../kit/object_schema.ts";
import { copyForeign } from "../../kit/parse_arguments.ts";
import type { BackgroundCall } from "./background_call.ts";

/** What is to run, and how it is called for people. */
export interface SpawnTarget extends BackgroundCall {
  /** The tool. */
  readonly definition: ToolDefinition;
  /** A few words for people. */
  readonly title: string;
}

/**
 * The tool the arguments name, with arguments it accepts.
 *
 * @throws {ToolError} when there is no such tool, it may not run in the background, or its arguments do not fit
 */
export async function spawnTarget(args: JsonObject, { tools }: ToolContext): Promise<SpawnTarget> {
  const name = String(args["tool"]);
  const tool = tools.get(name);
  const definitions = [...tools.values()].map(({ definition }) => definition);
  const refuse = (why: string): ToolError =>
    new ToolError(`Cannot run ${shown(name)} in the background: ${why}; ${choiceOf(definitions)}`);
  if (name === SPAWN_BACKGROUND) throw refuse("it only starts other tools");
  if (tool === undefined) throw refuse("this session has no tool of this name");
  const { definition } = tool;
  if (definition.policy === "requires_approval") throw refuse("each of its calls needs the user's approval");
  if (!runsInBackground(definition)) throw refuse("it only runs in the foreground");
  const given = args["args"];
  if (!isSchemaObject(given)) {
    throw new ToolError(`Cannot run "${name}" in the background: \`args\` is not an object`);
  }
  const parsed = await tool.parse(copyForeign(given));
  if (!parsed.ok) throw new ToolError(`Cannot run "${name}" in the background: ${parsed.message}`);
  const title = typeof args["title"] === "string" ? args["title"].trim() : "";
  return {
    tool: name,
    arguments: given,
    definition,
    title: title === "" ? definition.displayName ?? name : title,
  };
}

/** Which tools may run in the background, in words for the model. */
export function choiceOf(definitions: readonly ToolDefinition[]): string {
  const names = definitions.filter(runsInBackground).map(({ name }) => name);
  return names.length === 0
    ? "no tool of this session can run in the background"
    : `tools that can run in the background: ${names.join(", ")}`;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
