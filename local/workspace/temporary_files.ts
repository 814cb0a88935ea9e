/** Names of temporary files in a workspace, and sweeping those away that a crash left behind. */

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

/** Removes a temporary file whose write was ended by a crash; one that cannot be removed stays hidden. */
export function sweepTemporary(hostPath: string, now: number): void {
  try {
    const { isFile, mtime } = Deno.lstatSync(hostPath);
    if (isFile && mtime !== null && now - mtime.getTime() > ABANDONED_AFTER_MS) Deno.removeSync(hostPath);
  } catch {
    // It is gone, or not ours to remove.
  }
}
