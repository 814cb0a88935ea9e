/** Directories of a workspace: making them, reading them, and removing them with all they hold. */

import { dirname, join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { draftIn, isDraftName, sweepDraft, syncFolder } from "./drafts.ts";
import { hiddenError, lstat, type WorkspaceRoot } from "./workspace_root.ts";

/** An entry of a directory that a model may know of. */
export interface DirectoryEntry {
  /** Canonical path. */
  readonly path: string;
  /** A plain file or a directory. */
  readonly info: Deno.FileInfo;
}

/** Options of {@linkcode removeDirectory}. */
export interface RemoveDirectoryOptions {
  /** Whether a full one is removed too. */
  readonly recursive: boolean;
  /** Most entries that are looked at. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Throws when a file inside may not be deleted. */
  readonly assertDeletable: (path: string) => void;
}

/** Makes what is missing of a directory that was found to be missing. */
export async function makeDirectories(root: WorkspaceRoot, path: string): Promise<void> {
  let made = "";
  for (const name of path === "/" ? [] : path.slice(1).split("/")) {
    made += `/${name}`;
    const host = root.hostOf(made);
    if ((await lstat(host))?.isDirectory === true) continue;
    try {
      await Deno.mkdir(host);
      await syncFolder(dirname(host));
    } catch (error) {
      // Another change made it first; a file or a link there is refused.
      if (!(error instanceof Deno.errors.AlreadyExists) || (await lstat(host))?.isDirectory !== true) throw error;
    }
  }
}

/**
 * The files and directories in a directory, in no order; links, devices and what has no name here are left out.
 *
 * Old drafts in it are removed.
 *
 * @throws {FileStoreError} `scan_too_large`
 */
export async function readDirectory(
  root: WorkspaceRoot,
  path: string,
  limit: number,
  now: number,
): Promise<DirectoryEntry[]> {
  const host = root.hostOf(path);
  const entries: DirectoryEntry[] = [];
  let count = 0;
  for await (const { name, isSymlink } of Deno.readDir(host)) {
    if (++count > limit) throw tooMany("look through", path, limit);
    if (isDraftName(name)) await sweepDraft(join(host, name), now);
    const child = path === "/" ? `/${name}` : `${path}/${name}`;
    if (isSymlink || !root.isNameable(child) || root.isHidden(child)) continue;
    const info = await lstat(join(host, name));
    const isPlain = info !== undefined && (info.isFile || info.isDirectory) && !info.isSymlink;
    if (isPlain && !root.isHiddenFolder(info)) entries.push({ path: child, info });
  }
  return entries;
}

/**
 * Removes a directory; tells whether it did: not a full one without `recursive`.
 *
 * @throws {FileStoreError} `path_hidden` when a hidden folder is inside, `scan_too_large`, or what `assertDeletable` throws
 */
export async function removeDirectory(
  root: WorkspaceRoot,
  path: string,
  options: RemoveDirectoryOptions,
): Promise<boolean> {
  const host = root.hostOf(path);
  if (!options.recursive) {
    for await (const { name } of Deno.readDir(host)) {
      if (!isDraftName(name) || !await sweepDraft(join(host, name), options.now)) return false;
    }
    await Deno.remove(host);
  } else {
    await assertTreeDeletable(root, path, options);
    // Under another name it is gone at once, and what a crash leaves of it is swept like any draft.
    const draft = draftIn(dirname(host));
    await Deno.rename(host, draft);
    try {
      await Deno.remove(draft, { recursive: true });
    } catch (error) {
      await Deno.rename(draft, host);
      throw error;
    }
  }
  await syncFolder(dirname(host));
  return true;
}

async function assertTreeDeletable(root: WorkspaceRoot, top: string, options: RemoveDirectoryOptions): Promise<void> {
  const folders = [top];
  let count = 0;
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(root.hostOf(folder))) {
      if (++count > options.limit) throw tooMany("delete", top, options.limit);
      const path = `${folder}/${name}`;
      if (root.isHidden(path)) throw hiddenError("delete", top);
      options.assertDeletable(path);
      if (!isDirectory) continue;
      const info = await lstat(root.hostOf(path));
      if (info !== undefined && root.isHiddenFolder(info)) throw hiddenError("delete", top);
      folders.push(path);
    }
  }
}

function tooMany(action: string, path: string, limit: number): FileStoreError {
  const reason = `more than ${limit} entries are in it; choose a directory inside`;
  return new FileStoreError("scan_too_large", path, `Cannot ${action} "${path}": ${reason}`);
}
