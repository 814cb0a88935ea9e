/** Background tasks, folded into the screen. */

import type { JsonObject } from "@everruns/runtime";
import { type Screen, withBlocks } from "./screen.ts";

const ENDED: ReadonlySet<string> = new Set(["succeeded", "failed", "canceled"]);

/** The screen after a task was made or changed. */
export function foldTask(screen: Screen, task: JsonObject): Screen {
  const { id, kind, displayName, state, summary, error, wakePolicy } = task;
  if (typeof id !== "string" || typeof state !== "string") return screen;
  const name = typeof displayName === "string" && displayName !== "" ? displayName : id;
  if (!ENDED.has(state)) return { ...screen, tasks: { ...screen.tasks, [id]: name } };
  if (!Object.hasOwn(screen.tasks, id)) return screen;
  const { [id]: _, ...tasks } = screen.tasks;
  // Whoever it wakes is told by the wake, which is stored; a subagent that wakes nobody is told by its call.
  if (wakePolicy !== "silent" || kind === "subagent") return { ...screen, tasks };
  const text = messageOf(error) ?? (typeof summary === "string" ? summary : "");
  return withBlocks({ ...screen, tasks }, { type: "task_end", name, state, text });
}

function messageOf(error: JsonObject[string] | undefined): string | undefined {
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return typeof error.message === "string" ? error.message : undefined;
}
