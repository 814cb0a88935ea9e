/** Temporary names in a workspace, and sweeping away what a crash left under them. */

/** Older ones belong to no write that still runs: 10 minutes. */
const ABANDONED_AFTER_MS = 600_000;
const NAME = /^\.everruns-[0-9a-f]{32}\.tmp$/;

/** A new name; such names are no part of a workspace. */
export function temporaryName(): string {
  return `.everruns-${crypto.randomUUID().replaceAll("-", "")}.tmp`;
}

/** Whether a name is one of ours. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/** Removes what a crash left of a write or a deletion; what cannot be removed stays hidden. */
export async function sweepTemporary(hostPath: string, now: number): Promise<void> {
  try {
    const { isSymlink, mtime } = Deno.lstatSync(hostPath);
    const isAbandoned = mtime !== null && now - mtime.getTime() > ABANDONED_AFTER_MS;
    if (isAbandoned && !isSymlink) await Deno.remove(hostPath, { recursive: true });
  } catch {
    // It is gone, or not ours to remove.
  }
}
