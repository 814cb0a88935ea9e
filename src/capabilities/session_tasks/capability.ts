/** The `session_tasks` capability: tools over the background tasks of a session. */

import type { Capability } from "../../ports/capability.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { cancelTask } from "./cancel_task.ts";
import { messageTask } from "./message_task.ts";
import { getTask, listTasks } from "./read_tools.ts";
import { waitTask } from "./wait_task.ts";

const PROMPT = `Work may go on in background tasks while you do other things.
- list_tasks and get_task show how tasks are; do not call them over and over.
- Use wait_task only when you can do nothing else before a task has ended.
- A task in state awaiting_input asks a question: answer with message_task and the question's id in in_reply_to.
- Cancel tasks nobody needs any more.`;

/** Options of {@linkcode createSessionTasks}. */
export interface SessionTasksOptions {
  /** Measures the waits of `wait_task`. @default the host's clock */
  readonly clock?: Clock;
}

/** {@linkcode sessionTasks} on another clock. */
export function createSessionTasks(options: SessionTasksOptions = {}): Capability {
  const { clock = systemClock() } = options;
  return defineCapability({
    id: "session_tasks",
    name: "Session tasks",
    description: "Lists, reads, messages, awaits and cancels the background tasks of the session.",
    category: "tasks",
    riskLevel: "medium",
    systemPrompt: PROMPT,
    tools: [listTasks, getTask, messageTask, cancelTask, waitTask(clock)],
    features: ["tasks"],
    permissions: {},
  });
}

/**
 * Lets the model follow and steer the background tasks of its session.
 *
 * It needs a host that keeps a task registry; without one each tool answers with an error. A task of another session
 * behaves as if it were not there, and secrets of a task are never shown.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("lead", "Delegate.").withCapability("session_tasks"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "list_tasks"));
 * ```
 */
export const sessionTasks: Capability = createSessionTasks();
