/** Task tools under test: over a registry in memory, on a clock that stands still. */

import { createSessionTasks } from "../../../src/capabilities/session_tasks/capability.ts";
import type { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import type { NewTask, TaskExecutor } from "../../../src/ports/task_registry.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { contextWith, SESSION, taskRegistry } from "./_background_support.ts";
import { call, toolOf } from "./_tool_context.ts";

/** Task tools over a registry, on one clock. */
export interface Setting {
  readonly clock: FakeClock;
  readonly registry: InMemorySessionTaskRegistry;
  readonly context: ToolContext;
  readonly run: (name: string, args?: JsonObject, context?: ToolContext) => Promise<JsonObject>;
}

/** A new registry and tools over it. */
export function setting(): Setting {
  const clock = new FakeClock();
  const registry = taskRegistry(clock);
  const context = contextWith({ tasks: registry });
  const capability = createSessionTasks({ clock });
  return {
    clock,
    registry,
    context,
    run: (name, args = {}, own = context) => call(toolOf(capability, name), args, own),
  };
}

/** Adds a running task. */
export async function addTask(
  registry: InMemorySessionTaskRegistry,
  more: Partial<NewTask> = {},
): Promise<SessionTask> {
  return await registry.create({ sessionId: SESSION, kind: "probe", displayName: "Probe", state: "running", ...more });
}

/** What runs such tasks. */
export function executor(more: Partial<TaskExecutor>): TaskExecutor {
  return { kind: "probe", start: () => Promise.resolve(), ...more };
}
