/** Starting a background run at once. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionTask } from "../../records/task.ts";
import type { SessionTaskRegistry, TaskExecutor } from "../../ports/task_registry.ts";
import type { ToolContext } from "../../ports/tool.ts";
import { permitsOf } from "../../kit/background_permits.ts";
import { toldToModel } from "../../kit/told_to_model.ts";
import { tasksOf } from "../session_tasks/task_access.ts";
import { BACKGROUND_KIND, isReattachable } from "./background_call.ts";
import { runPaths } from "./run_record.ts";
import { spawnedTaskId } from "./spawned_task_id.ts";
import type { SpawnTarget } from "./spawn_target.ts";

/**
 * Creates the task of a run and starts it; the run goes on when this returns.
 *
 * The task's id is made of the call's key: when the call is run again after a crash it finds the task and starts
 * nothing.
 *
 * @throws {ToolError} when the host cannot, or too many runs go on already
 */
export async function spawnNow(
  target: SpawnTarget,
  context: ToolContext,
  options: { readonly signalOnCompletion: boolean },
): Promise<JsonObject> {
  const registry = tasksOf(context);
  const executor = registry.executors.get(BACKGROUND_KIND);
  if (executor === undefined) {
    throw new ToolError(
      `Cannot run "${target.tool}" in the background: this host runs no background tools; call the tool itself`,
    );
  }
  const id = await spawnedTaskId(context);
  const known = await registry.get(context.sessionId, id);
  if (known !== undefined) return answer(known, target);
  using permit = permitsOf(registry).acquire(context.sessionId);
  const { signalOnCompletion } = options;
  const task = await registry.create({
    id,
    sessionId: context.sessionId,
    kind: BACKGROUND_KIND,
    displayName: target.title,
    state: "running",
    spec: {
      tool: target.tool,
      arguments: target.arguments,
      reattachable: isReattachable(target.definition),
      signal_on_completion: signalOnCompletion,
    },
    wakePolicy: signalOnCompletion ? "on_terminal" : "silent",
    workerId: registry.workerId,
  });
  // The run takes a permit of its own before this call returns: from there on this one would count twice.
  const starting = executor.start(task);
  permit[Symbol.dispose]();
  await started(registry, task, starting);
  return answer(task, target);
}

async function started(
  registry: SessionTaskRegistry,
  task: SessionTask,
  starting: ReturnType<TaskExecutor["start"]>,
): Promise<void> {
  try {
    await starting;
  } catch (cause) {
    const message = `The run could not be started: ${toldToModel(cause)}`;
    await registry.update(task.sessionId, task.id, {
      expectedAttempt: task.attempt,
      state: "failed",
      error: { kind: "error", message },
    });
    throw new ToolError(message, { cause });
  }
}

function answer(task: SessionTask, { tool, title }: SpawnTarget): JsonObject {
  const { output, result } = runPaths(task.id);
  return {
    run_id: task.id,
    task_id: task.id,
    tool,
    title,
    status: task.state,
    output_path: output,
    result_path: result,
  };
}
