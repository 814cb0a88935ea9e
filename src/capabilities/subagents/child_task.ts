/** The task that stands for a child session's work. */

import { RuntimeError } from "../../errors.ts";
import type { SessionId } from "../../records/ids.ts";
import type { SessionTask, TaskInputRequest } from "../../records/task.ts";
import type { SessionTaskRegistry, TaskUpdate } from "../../ports/task_registry.ts";
import { beginningOf } from "../background/cut_text.ts";
import type { ChildEnding, ChildRun } from "./child_run.ts";

/** Most UTF-16 units of a task's summary. */
const MAX_SUMMARY = 2_048;

/** What a task says about the child's work. */
export interface ChildWork {
  /** The child. */
  readonly sessionId: SessionId;
  /** What it is told. */
  readonly instructions: string;
  /** Equal for every run of the task's work. */
  readonly idempotencyKey: string;
}

/** What a task says about the child's work, or undefined when it is none of ours. */
export function childWorkOf(task: SessionTask): ChildWork | undefined {
  const { childSessionId } = task.links;
  const { instructions } = task.spec;
  if (childSessionId === undefined || typeof instructions !== "string") return undefined;
  return { sessionId: childSessionId, instructions, idempotencyKey: `task:${task.id}` };
}

/**
 * The same, for a task that must be one.
 *
 * @throws {RuntimeError} `task_unusable` when it names no child or no instructions
 */
export function requireChildWork(task: SessionTask): ChildWork {
  const work = childWorkOf(task);
  if (work !== undefined) return work;
  throw new RuntimeError(
    "task_unusable",
    `Cannot run task "${task.id}": it needs \`links.childSessionId\` and \`spec.instructions\`; create it with spawn_agent`,
  );
}

/** Where a child's reported result is, in the files of the session that spawned it. */
export function resultPathOf(task: Pick<SessionTask, "id">): string {
  return `/.tasks/${task.id}/result.json`;
}

/** Tells a task that its child waits for its client, and that it goes on. */
export function askingFor(
  registry: SessionTaskRegistry,
  task: SessionTask,
): Required<Pick<ChildRun, "waiting" | "resumed">> {
  const update = async (change: TaskUpdate, when: (now: SessionTask) => boolean): Promise<void> => {
    try {
      const now = await registry.get(task.sessionId, task.id);
      if (now === undefined || !when(now)) return;
      await registry.update(task.sessionId, task.id, { expectedAttempt: task.attempt, ...change });
    } catch {
      // It only informs; the next look says it again.
    }
  };
  return {
    waiting: (inputRequest: TaskInputRequest) =>
      update({ inputRequest }, (now) => now.state !== "awaiting_input" || now.inputRequest?.id !== inputRequest.id),
    resumed: () => update({ state: "running" }, (now) => now.state === "awaiting_input"),
  };
}

/**
 * Settles a task by how its child's work ended; returns the ending the task has for the model.
 *
 * A child that was to report a result and did not has failed, whatever it said. An update for another attempt than the
 * task's, or of a settled task, changes nothing.
 */
export async function settle(
  registry: SessionTaskRegistry,
  task: SessionTask,
  ending: ChildEnding,
): Promise<ChildEnding> {
  const settled = await checkReported(registry, task, ending);
  await registry.update(task.sessionId, task.id, {
    expectedAttempt: task.attempt,
    state: settled.state,
    ...(settled.reply === "" ? {} : { summary: beginningOf(settled.reply, MAX_SUMMARY) }),
    ...(settled.state === "failed" ? { error: settled.error } : {}),
  });
  return settled;
}

async function checkReported(
  registry: SessionTaskRegistry,
  task: SessionTask,
  ending: ChildEnding,
): Promise<ChildEnding> {
  if (ending.state !== "succeeded" || task.spec["result_schema"] === undefined) return ending;
  const now = await registry.get(task.sessionId, task.id);
  if (now?.resultPath !== undefined) return ending;
  const message = "It ended without reporting a result through report_result";
  return { state: "failed", reply: ending.reply, error: { kind: "no_result", message } };
}
