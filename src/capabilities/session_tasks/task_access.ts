/** Reaching the tasks of the session a tool runs in. */

import { ToolError } from "../../errors.ts";
import { isId, type TaskId } from "../../records/ids.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionTask } from "../../records/task.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { ToolContext } from "../../ports/tool.ts";

/**
 * The registry of the host.
 *
 * @throws {ToolError} when the host keeps none
 */
export function tasksOf({ tasks }: ToolContext): SessionTaskRegistry {
  if (tasks !== undefined) return tasks;
  throw new ToolError("Cannot use tasks: this host keeps no task registry; do the work in this conversation instead");
}

/** The task an argument names, and where it is kept. */
export interface NamedTask {
  /** Where tasks are kept. */
  readonly registry: SessionTaskRegistry;
  /** The task as it is now. */
  readonly task: SessionTask;
}

/**
 * The task `task_id` names.
 *
 * @throws {ToolError} when the session has no such task, as for one of another session
 */
export async function namedTask(args: JsonObject, context: ToolContext): Promise<NamedTask> {
  const registry = tasksOf(context);
  const id = args["task_id"];
  return { registry, task: await currentTask(registry, context, id) };
}

/**
 * A task as it is now.
 *
 * @throws {ToolError} when the session has no such task
 */
export async function currentTask(
  registry: SessionTaskRegistry,
  { sessionId }: ToolContext,
  id: unknown,
): Promise<SessionTask> {
  const task = isTaskId(id) ? await registry.get(sessionId, id) : undefined;
  if (task === undefined) throw noSuchTask(id);
  return task;
}

/** The error for a task that is not there. */
export function noSuchTask(id: unknown): ToolError {
  const shown = JSON.stringify(String(id).slice(0, 80));
  return new ToolError(`Cannot find task ${shown}: this session has no such task; list_tasks shows those it has`);
}

function isTaskId(id: unknown): id is TaskId {
  return isId("task", id);
}
