/** The end of sessions whose hooks want to see it: when the runtime closes. */

import { mapLimited } from "../kit/map_limited.ts";
import { within } from "../kit/within.ts";
import type { KernelPorts, SessionEnd } from "./kernel_ports.ts";

/** Most sessions whose hooks run at a time. */
const MAX_AT_A_TIME = 32;
/** Most sessions whose end is told; of more it is the newest ones. */
const MAX_SESSIONS = 10_000;

/** Remembers a session whose hooks want to see its end, in place of what was known of it. */
export function rememberEnd(ends: KernelPorts["ends"], end: SessionEnd): void {
  ends.delete(end.session.id);
  ends.set(end.session.id, end);
  const [oldest] = ends.keys();
  if (ends.size > MAX_SESSIONS && oldest !== undefined) ends.delete(oldest);
}

/** Runs the session-end hooks; one that fails or takes too long stops nothing. */
export async function runSessionEndHooks(ports: KernelPorts): Promise<void> {
  const { clock, limits, ends } = ports;
  await mapLimited([...ends.values()], MAX_AT_A_TIME, async (end) => {
    await within(clock, limits.hookMs, runHooks(ports, end));
  });
  ends.clear();
}

async function runHooks({ sources }: KernelPorts, { config: { hooks }, ...facts }: SessionEnd): Promise<void> {
  const files = sources.files(facts.session.workspaceId);
  for (const { owner, hooks: own } of hooks) {
    try {
      await own.sessionEnd?.({ ...facts, files, config: owner.config });
    } catch {
      // There is no turn any more that could tell.
    }
  }
}
