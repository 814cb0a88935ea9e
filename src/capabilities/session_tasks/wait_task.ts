/** The tool `wait_task`. */

import type { SessionTask } from "../../records/task.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { sleep } from "../../kit/clock.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { currentTask, namedTask } from "./task_access.ts";
import { taskDetails } from "./task_view.ts";

const POLL_MS = 1_000;
/** What runs a task elsewhere is asked at every fifth look. */
const RECONCILE_EVERY = 5;
const DEFAULT_SECONDS = 300;
/** The longest wait: a day. */
const MAX_SECONDS = 86_400;
/** Time to answer after the longest wait. */
const GRACE_MS = 60_000;

/**
 * Waits until a task has ended or asks something; when the time is over it shows the task as it is, with `timed_out`.
 *
 * It only looks, so it is `pure`; it ends as soon as its call is cancelled.
 */
export function waitTask(clock: Clock): Tool {
  return defineTool({
    name: "wait_task",
    displayName: "Wait for task",
    description: "Waits until a background task has ended or asks a question.",
    parameters: {
      type: "object",
      properties: {
        task_id: { type: "string", description: "The task." },
        timeout_seconds: {
          type: "integer",
          minimum: 1,
          maximum: MAX_SECONDS,
          description: `Longest wait in seconds. Default: ${DEFAULT_SECONDS}.`,
        },
      },
      required: ["task_id"],
      additionalProperties: false,
    },
    category: "tasks",
    effect: "pure",
    hints: { readonly: true, longRunning: true },
    timeoutMs: MAX_SECONDS * 1_000 + GRACE_MS,
    permissions: {},
    execute: async (args, context) => {
      const { registry, task } = await namedTask(args, context);
      const seconds = args["timeout_seconds"];
      const milliseconds = (typeof seconds === "number" ? seconds : DEFAULT_SECONDS) * 1_000;
      const found = await settled(registry, task, context, { clock, milliseconds });
      return { task: taskDetails(found), timed_out: !isSettled(found) };
    },
    narrate: () => "Waiting for a task",
  });
}

/** The task once it is settled, or as it is when the time is over. */
async function settled(
  registry: SessionTaskRegistry,
  task: SessionTask,
  context: ToolContext,
  { clock, milliseconds }: { readonly clock: Clock; readonly milliseconds: number },
): Promise<SessionTask> {
  const deadline = clock.monotonic() + milliseconds;
  let now = task;
  for (let look = 1; !isSettled(now); look++) {
    const left = deadline - clock.monotonic();
    if (left <= 0) break;
    await sleep(clock, Math.min(POLL_MS, left), context.signal);
    if (look % RECONCILE_EVERY === 0) await reconcile(registry, now);
    now = await currentTask(registry, context, task.id);
  }
  return now;
}

function isSettled({ state }: SessionTask): boolean {
  return isFinalState(state) || state === "awaiting_input";
}

async function reconcile(registry: SessionTaskRegistry, task: SessionTask): Promise<void> {
  try {
    await registry.executors.get(task.kind)?.reconcile?.(task);
  } catch {
    // The next look may succeed, and the wait has an end anyway.
  }
}
