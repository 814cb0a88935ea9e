/** What the host's disk refuses, in words that say nothing about the host. */

import { FileStoreError } from "../../src/errors.ts";

/** What an error of the system means for a file of a workspace: the code, and why. */
type Meaning = readonly [code: string, reason: string];

/** By errno; what is not here is `io_failed`. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["ENOENT", ["file_not_found", "there is no such file"]],
  ["ENOTDIR", ["path_invalid", "a part of its path is a file, not a directory"]],
  ["EISDIR", ["file_is_directory", "it is a directory"]],
  ["ENAMETOOLONG", ["path_invalid", "its path is too long for the disk"]],
  ["EINVAL", ["path_invalid", "the disk does not take its name"]],
  ["EILSEQ", ["path_invalid", "the disk does not take its name"]],
  ["ELOOP", ["path_is_link", "it leads through a symbolic link; links are not followed"]],
  ["EACCES", ["access_denied", "the system does not allow it"]],
  ["EPERM", ["access_denied", "the system does not allow it"]],
  ["EROFS", ["access_denied", "the disk is read-only"]],
  ["ENOSPC", ["workspace_full", "the disk is full; delete some files"]],
  ["EDQUOT", ["workspace_full", "the disk quota is used up; delete some files"]],
  ["EFBIG", ["file_too_large", "it is larger than the disk allows"]],
  ["EMFILE", ["io_failed", "too many files are open; try again"]],
  ["ENFILE", ["io_failed", "too many files are open; try again"]],
  ["EBUSY", ["io_failed", "it is in use; try again"]],
  ["ETXTBSY", ["io_failed", "it is in use; try again"]],
]);

/**
 * The error of a file operation, for whatever the disk or Deno threw.
 *
 * Its message and path name the file as the workspace does. The host's own error, which names the folder on the host,
 * is its `cause`, for the host alone.
 */
export function fileErrorOf(error: unknown, action: string, path: string): FileStoreError {
  if (error instanceof FileStoreError) return error;
  const [code, reason] = meaningOf(error);
  const refused = new FileStoreError(code, path, `Cannot ${action} "${path}": ${reason}`);
  refused.cause = error;
  return refused;
}

/** Runs a file operation; what the disk throws becomes an error of a file. */
export async function withFileErrors<T>(action: string, path: string, operation: () => T | Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileErrorOf(error, action, path);
  }
}

/** The errno of a system error, such as `ENOENT`; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function meaningOf(error: unknown): Meaning {
  if (error instanceof Deno.errors.NotCapable) return ["access_denied", "the program is not granted access to it"];
  const meaning = MEANINGS.get(errnoOf(error) ?? "");
  return meaning ?? ["io_failed", "the disk failed; try again"];
}
