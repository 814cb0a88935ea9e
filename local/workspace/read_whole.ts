/** Reading a file of a workspace whole, and only that file. */

import { FileStoreError } from "../../src/errors.ts";
import { errnoOf, withFileErrors } from "./host_errors.ts";
import { isHidden, isSameFile, lstat, type WorkspaceFolder } from "./workspace_folder.ts";

/** A file that is replaced as often as this between the look and the opening is given up. */
const ATTEMPTS = 8;

/** The bytes of a file. */
export interface WholeFile {
  /** All of them. */
  readonly bytes: Uint8Array;
  /** What the file is. */
  readonly info: Deno.FileInfo;
}

/**
 * Reads a regular file of one name; what was opened is the very file that was looked at, inside the workspace.
 *
 * @throws {FileStoreError} `file_not_found`, `file_is_directory`, `file_too_large`, `file_is_linked` when it has several
 * names (hard links), `path_is_link`, `path_hidden`, `file_is_special`, `access_denied` or `io_failed`
 */
export async function readWhole(
  folder: WorkspaceFolder,
  path: string,
  maxBytes: number,
  action: string = "read",
): Promise<WholeFile> {
  return await withFileErrors(action, path, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const whole = await readOnce(folder, path, maxBytes, action);
      if (whole !== undefined) return whole;
    }
    throw new FileStoreError("io_failed", path, `Cannot ${action} "${path}": it keeps being replaced; try again`);
  });
}

/** Reads the file; undefined when it was replaced in between, as every write does. */
async function readOnce(
  folder: WorkspaceFolder,
  path: string,
  maxBytes: number,
  action: string,
): Promise<WholeFile | undefined> {
  const place = folder.look(path, action);
  if (place.type === "hidden") throw isHidden(action, path);
  if (place.type === "missing") {
    throw new FileStoreError("file_not_found", path, `Cannot ${action} "${path}": there is no such file`);
  }
  const { hostPath, info: found } = place;
  if (found.isDirectory) {
    throw new FileStoreError("file_is_directory", path, `Cannot ${action} "${path}": it is a directory`);
  }
  assertOneName(found, path, action);
  if (found.size > maxBytes) throw isTooLarge(found.size, maxBytes, path, action);
  using file = await openUnlessGone(hostPath);
  if (file === undefined) return undefined;
  const info = file.statSync();
  // What was found may have been outside already, if links come and go: it must be inside now that it is open. The path
  // is looked at on both sides, so that no single swap goes unseen.
  folder.assertReal(hostPath, path, action);
  const now = lstat(hostPath);
  folder.assertReal(hostPath, path, action);
  if (now === undefined || !isSameFile(info, found) || !isSameFile(info, now)) return undefined;
  const bytes = await readAll(file, info.size, maxBytes);
  if (bytes === undefined) throw isTooLarge(maxBytes + 1, maxBytes, path, action);
  return { bytes, info };
}

/** @throws {FileStoreError} `file_is_linked` when a file has further names, which may lie outside the workspace */
export function assertOneName(info: Deno.FileInfo, path: string, action: string): void {
  if (info.nlink === null || info.nlink <= 1) return;
  throw new FileStoreError(
    "file_is_linked",
    path,
    `Cannot ${action} "${path}": the file has other names (hard links), which may lie outside the workspace`,
  );
}

async function openUnlessGone(hostPath: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(hostPath, { read: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Everything in a file; undefined when it grew over the limit meanwhile. */
async function readAll(file: Deno.FsFile, size: number, limit: number): Promise<Uint8Array | undefined> {
  let buffer = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) return buffer.subarray(0, length);
    length += read;
    if (length > limit) return undefined;
    if (length === buffer.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(buffer);
      buffer = larger;
    }
  }
}

function isTooLarge(size: number, limit: number, path: string, action: string): FileStoreError {
  return new FileStoreError(
    "file_too_large",
    path,
    `Cannot ${action} "${path}": a file may have ${limit} bytes and this has ${size}`,
  );
}
