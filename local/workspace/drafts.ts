/** Replacing a file whole: a draft beside it is written, made durable and renamed; left-over drafts are swept. */

import { dirname, join } from "node:path";
import { isMissing } from "./host_errors.ts";

const DRAFT = /^\.everruns-draft-[0-9a-f-]{36}$/i;
/** Another process may still be writing a younger one. */
const STALE_AFTER_MS = 10 * 60 * 1000;

/** Whether a name is one of a draft; such names are never listed, searched or taken from a model. */
export function isDraftName(name: string): boolean {
  return DRAFT.test(name);
}

/** A new name for a draft in a folder of the host. */
export function draftIn(folder: string): string {
  return join(folder, `.everruns-draft-${crypto.randomUUID()}`);
}

/**
 * Gives a file its new content, at once or not at all; a crash leaves the old file, and perhaps a draft.
 *
 * @param old the file that is replaced: it passes on its mode, and its owner where that is allowed
 * @param check looks once more, after the draft was written, whether the file may be replaced
 * @returns what the new file is
 */
export async function replaceFile(
  host: string,
  bytes: Uint8Array,
  old: Deno.FileInfo | undefined,
  check: (draft: string, written: Deno.FileInfo) => Promise<void>,
): Promise<Deno.FileInfo> {
  const folder = dirname(host);
  const draft = draftIn(folder);
  try {
    const written = await writeDraft(draft, bytes, old);
    await check(draft, written);
    await Deno.rename(draft, host);
    await syncFolder(folder);
    return written;
  } catch (error) {
    await removeQuietly(draft);
    throw error;
  }
}

/** Makes the entries of a folder durable, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder);
  await handle.sync();
}

/** Removes a draft a crash left behind; one that may still be written is left alone. */
export async function sweepDraft(host: string, now: number): Promise<boolean> {
  try {
    const info = await Deno.lstat(host);
    const changed = Math.max(info.mtime?.getTime() ?? now, info.ctime?.getTime() ?? 0);
    if (now - changed < STALE_AFTER_MS) return false;
    await Deno.remove(host, { recursive: true });
    return true;
  } catch (error) {
    return isMissing(error);
  }
}

async function writeDraft(
  draft: string,
  bytes: Uint8Array,
  old: Deno.FileInfo | undefined,
): Promise<Deno.FileInfo> {
  const mode = old?.mode === null || old?.mode === undefined ? undefined : old.mode & 0o777;
  using file = await Deno.open(draft, { write: true, createNew: true, ...(mode === undefined ? {} : { mode }) });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  const fresh = await file.stat();
  if (old !== undefined && Deno.build.os !== "windows") await passOn(draft, old, fresh, mode);
  await file.sync();
  return await file.stat();
}

/** Gives a draft the owner and the mode of the file it replaces; the umask may have taken some of it away. */
async function passOn(
  draft: string,
  old: Deno.FileInfo,
  fresh: Deno.FileInfo,
  mode: number | undefined,
): Promise<void> {
  if (old.uid !== fresh.uid || old.gid !== fresh.gid) {
    try {
      await Deno.chown(draft, old.uid, old.gid);
    } catch (error) {
      // Only root may give files away; everyone else goes on with a file of their own.
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  if (mode !== undefined && fresh.mode !== null && (fresh.mode & 0o777) !== mode) await Deno.chmod(draft, mode);
}

async function removeQuietly(draft: string): Promise<void> {
  try {
    await Deno.remove(draft);
  } catch {
    // It was never made, or was renamed, or will be swept.
  }
}
