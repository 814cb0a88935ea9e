/** The call a background task stands for. */

import { RuntimeError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionTask } from "../../records/task.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import { isSchemaObject } from "../../kit/object_schema.ts";

/** A tool and what it gets. */
export interface BackgroundCall {
  /** The tool. */
  readonly tool: string;
  /** Its arguments. */
  readonly arguments: JsonObject;
}

/** The kind of tasks that stand for a tool's run. */
export const BACKGROUND_KIND = "background_tool";

/** Whether a run may be started again when its process has died: it does no harm twice. */
export function isReattachable({ effect, hints }: ToolDefinition): boolean {
  return effect === "pure" || effect === "idempotent" || hints?.readonly === true;
}

/**
 * The call a task stands for.
 *
 * @throws {RuntimeError} `task_unusable` when it names no tool or no arguments
 */
export function backgroundCallOf(task: SessionTask): BackgroundCall {
  const { tool, arguments: args } = task.spec;
  if (typeof tool === "string" && isSchemaObject(args)) return { tool, arguments: args };
  throw new RuntimeError(
    "task_unusable",
    `Cannot run task "${task.id}": it needs \`spec.tool\` and \`spec.arguments\`; create it with spawn_background`,
  );
}
