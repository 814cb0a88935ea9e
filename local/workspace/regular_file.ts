/** Reading a file of the host that is really the one that was found, and nothing but a plain file. */

import { FileStoreError } from "../../src/errors.ts";
import { changedError } from "./host_errors.ts";
import { isSame } from "./workspace_root.ts";

/**
 * Refuses pipes, sockets and devices.
 *
 * @throws {FileStoreError} `file_not_regular`
 */
export function assertPlain(action: string, path: string, info: Deno.FileInfo): void {
  if (info.isFile) return;
  const reason = "it is a pipe, socket or device, not a file";
  throw new FileStoreError("file_not_regular", path, `Cannot ${action} "${path}": ${reason}`);
}

/**
 * Refuses what is not a plain file with one name: a hard link may be another name of a file outside.
 *
 * @throws {FileStoreError} `file_not_regular` or `hard_link_refused`
 */
export function assertRegular(action: string, path: string, info: Deno.FileInfo): void {
  assertPlain(action, path, info);
  if (info.nlink === null || info.nlink <= 1) return;
  const reason = "it is a hard link, which may reach a file outside of the workspace; make a copy instead";
  throw new FileStoreError("hard_link_refused", path, `Cannot ${action} "${path}": ${reason}`);
}

/**
 * The bytes of a file.
 *
 * @param found what was found at the path; another file there by now is refused
 * @throws {FileStoreError} `file_changed`, `file_too_large` or as {@linkcode assertRegular}
 */
export async function readRegular(
  path: string,
  host: string,
  found: Deno.FileInfo,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly info: Deno.FileInfo }> {
  assertRegular("read", path, found);
  using file = await Deno.open(host, { read: true });
  const info = await file.stat();
  // A link that came in between: the opened file is another one, or the path is no longer where it was.
  if (!isSame(info, found) || await Deno.realPath(host) !== host) throw changed(path);
  assertRegular("read", path, info);
  if (info.size > limit) {
    const reason = `a file may have ${limit} bytes and this has ${info.size}`;
    throw new FileStoreError("file_too_large", path, `Cannot read "${path}": ${reason}; search it instead`);
  }
  // One byte more than it has tells whether it grows.
  const buffer = new Uint8Array(info.size + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return { bytes: buffer.subarray(0, length), info };
    length += count;
  }
  throw changed(path);
}

function changed(path: string): FileStoreError {
  return changedError("read", path);
}
