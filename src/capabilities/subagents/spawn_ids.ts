/** Ids of what a call spawns: the same for every run of the call. */

import { parseId, type SessionId, type TaskId } from "../../records/ids.ts";

/** What a call spawns. */
export interface SpawnIds {
  /** The child session. */
  readonly sessionId: SessionId;
  /** The task that stands for it. */
  readonly taskId: TaskId;
}

/**
 * Ids made of the call's key, so that a call that runs again after a crash finds what it made before.
 *
 * They have the form of a UUIDv7 (RFC 9562, 5.7) whose random bits are a SHA-256, so they sort by time like all others.
 */
export async function spawnIds(idempotencyKey: string, acceptedAt: number): Promise<SpawnIds> {
  const bytes = new TextEncoder().encode(`spawn_agent/${idempotencyKey}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return {
    sessionId: parseId("session", `session_${uuid(acceptedAt, hash.slice(0, 20))}`),
    taskId: parseId("task", `task_${uuid(acceptedAt, hash.slice(32, 52))}`),
  };
}

function uuid(time: number, random: string): string {
  const head = Math.trunc(time).toString(16).padStart(12, "0");
  const variant = (0x8 | (Number.parseInt(random.slice(3, 4), 16) & 0x3)).toString(16);
  return `${head}7${random.slice(0, 3)}${variant}${random.slice(4, 19)}`;
}
