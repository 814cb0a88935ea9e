/** Ids of the tasks a call makes: the same for every run of the call. */

import { parseId, type TaskId } from "../../records/ids.ts";
import type { ToolContext } from "../../ports/tool.ts";

/** A UUIDv8 (RFC 9562, 5.8): the milliseconds of a UUIDv7 for its order, then a SHA-256 of the call's key. */
export async function spawnedTaskId({ idempotencyKey, acceptedAt }: ToolContext): Promise<TaskId> {
  const bytes = new TextEncoder().encode(`spawn_background/${idempotencyKey}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const time = Math.trunc(acceptedAt).toString(16).padStart(12, "0");
  return parseId("task", `task_${time}8${hash.slice(0, 3)}8${hash.slice(3, 18)}`);
}
