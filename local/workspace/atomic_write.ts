/** Replacing a file so that it is the old one or the new one at every instant. */

import { dirname, join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { isSameFile, lstat, realPath } from "./workspace_folder.ts";
import { temporaryName } from "./temporary_files.ts";

/** Permissions of a file; the others, such as "run as its owner", are not for what a model wrote. */
const PERMISSION_BITS = 0o777;

/** How a file is replaced. */
export interface AtomicWriteOptions {
  /** The canonical path, for the message of an error. */
  readonly path: string;
  /** The file that is replaced; its permissions, and its owner where the system allows it, are kept. */
  readonly old: Deno.FileInfo | undefined;
  /** Called when all but the last step is done; false gives up, and leaves everything as it was. */
  isStillWanted(): boolean;
}

/**
 * Writes a file of the host whole: into a temporary file beside it, to the disk, and under its name at once.
 *
 * After a crash, also of the machine, the file has its old content or the new one; a temporary file may be left.
 *
 * @returns what was written, or undefined when it was no longer wanted
 */
export async function writeAtomically(
  hostPath: string,
  bytes: Uint8Array,
  { path, old, isStillWanted }: AtomicWriteOptions,
): Promise<Deno.FileInfo | undefined> {
  const temporary = join(dirname(hostPath), temporaryName());
  let isThere = false;
  try {
    // Nobody else may read what replaces a file only its owner could read.
    const mode = old === undefined ? 0o666 : 0o600;
    using file = await Deno.open(temporary, { write: true, createNew: true, mode });
    isThere = true;
    const made = file.statSync();
    // Before anything is written: what was opened through a link that came in between stays empty.
    assertSame(made, temporary, path);
    await writeAll(file, bytes);
    if (old !== undefined) keepAccess(temporary, old, made);
    await file.sync();
    const written = file.statSync();
    assertSame(written, temporary, path);
    if (!isStillWanted()) return undefined;
    Deno.renameSync(temporary, hostPath);
    isThere = false;
    return written;
  } finally {
    // What cannot be removed now is swept away later.
    if (isThere) quietly(() => Deno.removeSync(temporary));
  }
}

/** Checks that the open file is the one under its name, and that no link leads there: else a directory was swapped. */
function assertSame(info: Deno.FileInfo, hostPath: string, path: string): void {
  const found = lstat(hostPath);
  if (found !== undefined && isSameFile(info, found) && realPath(hostPath) === hostPath) return;
  throw new FileStoreError(
    "io_failed",
    path,
    `Cannot write "${path}": its directory was replaced meanwhile; try again`,
  );
}

/** Gives a file the owner and the permissions of the one it replaces, as far as the system lets us. */
function keepAccess(temporary: string, old: Deno.FileInfo, made: Deno.FileInfo): void {
  const mode = (old.mode ?? 0o600) & PERMISSION_BITS;
  const isKept = quietly(() => {
    // Before the permissions: changing the owner may take some away.
    if (old.uid !== made.uid || old.gid !== made.gid) Deno.chownSync(temporary, old.uid, old.gid);
  });
  // In another group than before, the group may do what everybody may.
  quietly(() => Deno.chmodSync(temporary, isKept ? mode : (mode & 0o707) | ((mode & 0o007) << 3)));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Does what may fail; tells whether it worked. */
function quietly(change: () => void): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}
