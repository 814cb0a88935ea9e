/** The tool `cancel_task`. */

import type { SessionTask } from "../../records/task.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { toldToModel } from "../../kit/told_to_model.ts";
import { currentTask, namedTask, noSuchTask } from "./task_access.ts";

/**
 * Cancels a task: the wish is stored first, so that whoever runs the task finds it, also in another process.
 *
 * The wish is noted once however often it is made, so it is `idempotent`.
 */
export const cancelTask: Tool = defineTool({
  name: "cancel_task",
  displayName: "Cancel task",
  description: "Cancels a background task; one that has ended stays as it is.",
  parameters: {
    type: "object",
    properties: { task_id: { type: "string", description: "The task." } },
    required: ["task_id"],
    additionalProperties: false,
  },
  category: "tasks",
  effect: "idempotent",
  hints: { destructive: true },
  permissions: {},
  execute: async (args, context) => {
    const { registry, task } = await namedTask(args, context);
    const wished = await registry.requestCancel(context.sessionId, task.id);
    if (wished === undefined) throw noSuchTask(task.id);
    const message = isFinalState(wished.state)
      ? `The task had ended already: ${wished.state}.`
      : await stop(registry, wished);
    const now = await currentTask(registry, context, task.id);
    return {
      task_id: now.id,
      state: now.state,
      cancel_requested: now.cancelRequestedAt !== undefined,
      message,
    };
  },
  narrate: () => "Cancelling a task",
});

async function stop(registry: SessionTaskRegistry, task: SessionTask): Promise<string> {
  const executor = registry.executors.get(task.kind);
  if (executor?.cancel === undefined) return "The wish is stored; nothing in this process can stop the task at once.";
  try {
    return await executor.cancel(task);
  } catch (error) {
    return `The wish is stored, but the task could not be stopped at once: ${toldToModel(error)}`;
  }
}
