/** How deep and how many: the limits of a tree of subagents. */

import { ToolError } from "../../errors.ts";
import type { SessionId } from "../../records/ids.ts";
import type { PlatformStore } from "../../ports/platform_store.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import { isFinalState } from "../../kit/task_state.ts";
import type { SubagentSettings } from "./settings.ts";

/** Where a session is in its tree. */
export interface Lineage {
  /** The session without a parent. */
  readonly rootId: SessionId;
  /** Parents between them; 0 for the root. */
  readonly depth: number;
}

/**
 * Walks from a session to its root.
 *
 * @throws {ToolError} when a parent is missing, or the parents go round in a circle
 */
export async function lineageOf(platform: PlatformStore, sessionId: SessionId): Promise<Lineage> {
  const seen = new Set<SessionId>();
  for (let id = sessionId;;) {
    if (seen.has(id)) {
      throw new ToolError(`Cannot spawn an agent: the parents of session "${sessionId}" go round in a circle`);
    }
    seen.add(id);
    const session = await platform.getSession(id);
    if (session === undefined) {
      const what = id === sessionId ? `session "${id}"` : `session "${id}", a parent of "${sessionId}",`;
      throw new ToolError(`Cannot spawn an agent: ${what} is not stored`);
    }
    if (session.parentSessionId === undefined) return { rootId: id, depth: seen.size - 1 };
    id = session.parentSessionId;
  }
}

/**
 * Checks that a child of a session may be one level deeper.
 *
 * @throws {ToolError} when it would be too deep
 */
export function assertDepth({ depth }: Lineage, { maxDepth }: SubagentSettings): void {
  if (depth + 1 > maxDepth) throw overLimit("max_subagent_depth", maxDepth, depth + 1, "depth", "do the work yourself");
}

/**
 * Checks that one more task fits under a root; looks at no more of its tree than the limits allow.
 *
 * @throws {ToolError} when there are too many
 */
export async function assertTaskCaps(
  registry: SessionTaskRegistry,
  rootId: SessionId,
  { maxActiveTasks, maxTotalTasks }: SubagentSettings,
): Promise<void> {
  const sessions: SessionId[] = [rootId];
  const seen = new Set<SessionId>(sessions);
  let active = 0;
  let total = 0;
  for (let at = 0; at < sessions.length; at++) {
    for (const { state, links } of await registry.list(sessions[at]!)) {
      const { childSessionId } = links;
      if (childSessionId === undefined) continue;
      total++;
      if (!isFinalState(state)) active++;
      if (seen.has(childSessionId)) continue;
      seen.add(childSessionId);
      sessions.push(childSessionId);
    }
    if (active >= maxActiveTasks) {
      throw overLimit(
        "max_active_descendant_tasks",
        maxActiveTasks,
        active + 1,
        "task",
        "wait for one to end or cancel it",
      );
    }
    if (total >= maxTotalTasks) {
      throw overLimit("max_total_descendant_tasks", maxTotalTasks, total + 1, "task", "do the work yourself");
    }
  }
}

const turns = new WeakMap<SessionTaskRegistry, Promise<unknown>>();

/** Runs one check-and-create at a time, so that sessions of one tree cannot pass the same gap together. */
export function oneAtATime<T>(registry: SessionTaskRegistry, call: () => Promise<T>): Promise<T> {
  const before = turns.get(registry) ?? Promise.resolve();
  const running = before.then(call, call);
  turns.set(registry, running.catch(() => {}));
  return running;
}

function overLimit(name: string, limit: number, attempted: number, what: string, advice: string): ToolError {
  return new ToolError(
    `Cannot spawn an agent: ${name} is ${limit} and this would be ${what} ${attempted}; ${advice}`,
    { fields: { limit, attempted } },
  );
}
