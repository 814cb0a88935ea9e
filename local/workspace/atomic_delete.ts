/** Deleting a file, or a directory with all it holds, so that it is there or gone at every instant. */

import { basename, dirname, join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { errnoOf } from "./host_errors.ts";
import { temporaryName } from "./temporary_files.ts";
import { isSameFile, lstat, realPath } from "./workspace_folder.ts";

/**
 * Deletes what is at a path of the host.
 *
 * It first gets a name that nothing else has. Only what is inside the workspace under that name is deleted, so a link
 * that came in on the way leads nowhere. A crash may leave it under that name, to be swept away later.
 *
 * @param found what was found there, and is to be deleted
 * @param path the canonical path, for the message of an error
 * @throws {FileStoreError} `io_failed` when it, or a directory on the way, was swapped
 */
export async function deleteAtomically(hostPath: string, found: Deno.FileInfo, path: string): Promise<void> {
  const moved = join(dirname(hostPath), temporaryName());
  Deno.renameSync(hostPath, moved);
  const real = realPath(moved);
  const info = lstat(moved);
  if (real !== moved || info === undefined || !isSameFile(info, found)) {
    if (real !== undefined) moveBack(real, join(dirname(real), basename(hostPath)));
    throw new FileStoreError(
      "io_failed",
      path,
      `Cannot delete "${path}": it or its directory was replaced meanwhile; try again`,
    );
  }
  try {
    await Deno.remove(moved, { recursive: true });
  } catch (error) {
    // A listing may have swept it away already.
    if (errnoOf(error) === "ENOENT") return;
    moveBack(moved, hostPath);
    throw error;
  }
}

function moveBack(from: string, to: string): void {
  try {
    if (lstat(to) === undefined) Deno.renameSync(from, to);
  } catch {
    // It keeps its new name; the error that is thrown says more.
  }
}
