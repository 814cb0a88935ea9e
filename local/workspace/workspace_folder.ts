/** The folder of a workspace on the host's disk, and staying inside it. */

import { join } from "node:path";
import { setImmediate } from "node:timers";
import { FileStoreError } from "../../src/errors.ts";
import { isInside } from "../paths.ts";
import { errnoOf, fileErrorOf } from "./host_errors.ts";
import { isTemporaryName, sweepTemporary } from "./temporary_files.ts";

/** Entries looked at before other work gets a turn. */
const ENTRIES_PER_TURN = 1_000;

/** A folder of the host that is no part of the workspace although it lies in it. */
export interface HiddenFolder {
  /** Its real path. */
  readonly path: string;
  /** What it is on the disk, when it is there and the system tells: it may also be mounted somewhere else. */
  readonly info: Deno.FileInfo | undefined;
}

/** How many entries may still be looked at. */
export interface ScanBudget {
  /** Counted down. */
  left: number;
}

/** What is where a path leads. */
export type Place =
  /** A regular file or a directory, reached through directories alone. */
  | { readonly type: "found"; readonly hostPath: string; readonly info: Deno.FileInfo }
  | { readonly type: "missing"; readonly hostPath: string }
  /** In a hidden folder, or a temporary file of ours. */
  | { readonly type: "hidden" };

/** An entry of a directory that is a part of the workspace. */
export interface FolderEntry {
  /** Its name. */
  readonly name: string;
  /** Its canonical path. */
  readonly path: string;
  /** Its path on the host. */
  readonly hostPath: string;
  /** Whether it is a directory, else it is a regular file. */
  readonly isDirectory: boolean;
}

/** How a {@linkcode WorkspaceFolder} looks at its folder. */
export interface WorkspaceFolderOptions {
  /** Whether a canonical path has a name in the workspace. */
  isNameable(path: string): boolean;
  /** Folders that are no part of it. */
  readonly hidden: readonly HiddenFolder[];
  /** Time of day, in milliseconds since the epoch. */
  now(): number;
}

/**
 * Looks at the folder of a workspace without ever leaving it.
 *
 * Every part of a path is looked at before it is used: symbolic links are refused, and the real path of what is there
 * must be the path that led to it. Deno can only open paths, not names in an open directory, so a process of the same
 * user that swaps a directory for a link between the look and the use still wins; only the system can keep such
 * a process out.
 */
export class WorkspaceFolder {
  /** The real path of the folder. */
  readonly root: string;
  readonly #options: WorkspaceFolderOptions;

  /** Looks at a folder, given by its real path. */
  constructor(root: string, options: WorkspaceFolderOptions) {
    this.root = root;
    this.#options = options;
  }

  /** The path on the host of a canonical path. */
  hostPath(path: string): string {
    return path === "/" ? this.root : join(this.root, path);
  }

  /**
   * What is where a canonical path leads.
   *
   * @throws {FileStoreError} `path_is_link` for a symbolic link, `file_is_special` for a pipe, a socket or a device
   */
  look(path: string, action: string): Place {
    let hostPath = this.root;
    let reached = this.root;
    let info = lstat(hostPath);
    let seen = "";
    for (const name of namesOf(path)) {
      hostPath = join(hostPath, name);
      seen += `/${name}`;
      if (isTemporaryName(name) || this.#hides(hostPath)) return { type: "hidden" };
      info = info?.isDirectory === true ? lstat(hostPath) : undefined;
      if (info === undefined) continue;
      if (info.isSymlink) throw isLink(action, path, seen);
      if (this.#isHiddenFolder(info)) return { type: "hidden" };
      reached = hostPath;
    }
    this.assertReal(reached, path, action);
    if (info === undefined) return { type: "missing", hostPath };
    if (info.isFile || info.isDirectory) return { type: "found", hostPath, info };
    throw new FileStoreError(
      "file_is_special",
      path,
      `Cannot ${action} "${path}": it is a pipe, a socket or a device, and neither file nor directory`,
    );
  }

  /**
   * Checks that a path on the host is the real one: no part of it is a link, or the name in another spelling.
   *
   * @param path the canonical path, for the message of an error
   * @throws {FileStoreError} `path_is_link`
   */
  assertReal(hostPath: string, path: string, action: string): void {
    const real = realPath(hostPath);
    if (real !== undefined && real !== hostPath) throw isLink(action, path, path);
  }

  /**
   * Makes a directory and its parents; gives its path on the host.
   *
   * @param wanted the canonical path the directory is made for
   * @throws {FileStoreError} `path_invalid` when a part of it is a file, `path_is_link`, `path_hidden`
   */
  makeDirectories(path: string, wanted: string): string {
    if (this.#isDirectory(path, wanted)) return this.hostPath(path);
    let seen = "";
    for (const name of namesOf(path)) {
      seen += `/${name}`;
      if (this.#isDirectory(seen, wanted)) continue;
      makeDirectory(this.hostPath(seen));
      // Others may have made something of that name in the same moment.
      this.#isDirectory(seen, wanted);
    }
    return this.hostPath(path);
  }

  /**
   * The entries of a directory that are a part of the workspace: no links, nothing special, nothing hidden, nothing
   * without a canonical path.
   *
   * Temporary files that a crash left behind are swept away on the way.
   *
   * @param budget entries of any kind that may be looked at
   * @throws {FileStoreError} `scan_too_large`
   */
  async entries(path: string, hostPath: string, budget: ScanBudget, action: string): Promise<FolderEntry[]> {
    const entries: FolderEntry[] = [];
    try {
      for await (const { name, isFile, isDirectory } of Deno.readDir(hostPath)) {
        if (budget.left-- <= 0) throw tooMany(path, action);
        if (budget.left % ENTRIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        const entry = { name, path: childOf(path, name), hostPath: join(hostPath, name), isDirectory };
        if (isTemporaryName(name)) await sweepTemporary(entry.hostPath, this.#options.now());
        else if ((isFile || isDirectory) && this.#shows(entry)) entries.push(entry);
      }
      // What was read may be another folder's when it was swapped meanwhile.
      this.assertReal(hostPath, path, action);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT" || errno === "ENOTDIR") return [];
      throw fileErrorOf(error, action, path);
    }
    return entries;
  }

  /**
   * Whether a directory of the workspace holds a hidden folder, also one that is mounted there a second time.
   *
   * @param budget entries that may be looked at
   * @throws {FileStoreError} `scan_too_large`
   */
  async holdsHidden(path: string, hostPath: string, budget: ScanBudget, action: string): Promise<boolean> {
    const { hidden } = this.#options;
    if (hidden.some((folder) => isInside(folder.path, hostPath) && lstat(folder.path) !== undefined)) return true;
    if (hidden.every(({ info }) => info === undefined)) return false;
    const directories = [hostPath];
    for (const directory of directories) {
      for await (const { name, isDirectory } of Deno.readDir(directory)) {
        if (budget.left-- <= 0) throw tooMany(path, action);
        if (!isDirectory) continue;
        const inside = join(directory, name);
        const info = lstat(inside);
        if (info !== undefined && this.#isHiddenFolder(info)) return true;
        directories.push(inside);
      }
    }
    return false;
  }

  /** Whether a directory is there; something else in its place is refused. */
  #isDirectory(path: string, wanted: string): boolean {
    const place = this.look(path, "make");
    if (place.type === "hidden") throw isHidden("make", wanted);
    if (place.type === "missing") return false;
    if (place.info.isDirectory) return true;
    throw new FileStoreError("path_invalid", wanted, `Cannot make "${wanted}": "${path}" is a file, not a directory`);
  }

  #shows({ path, hostPath }: FolderEntry): boolean {
    return !this.#hides(hostPath) && this.#options.isNameable(path);
  }

  #hides(hostPath: string): boolean {
    return this.#options.hidden.some((folder) => isInside(hostPath, folder.path));
  }

  #isHiddenFolder(info: Deno.FileInfo): boolean {
    return this.#options.hidden.some((folder) => folder.info !== undefined && isSameFile(folder.info, info));
  }
}

/** Whether two looks at the disk saw the same file. */
export function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** What a path on the host is, a link being a link; undefined when there is nothing. */
export function lstat(hostPath: string): Deno.FileInfo | undefined {
  return unlessMissing(() => Deno.lstatSync(hostPath));
}

/** The error for what is no part of the workspace. */
export function isHidden(action: string, path: string): FileStoreError {
  return new FileStoreError("path_hidden", path, `Cannot ${action} "${path}": it is no part of the workspace`);
}

/** The real path of what a path on the host leads to; undefined when there is nothing. */
export function realPath(hostPath: string): string | undefined {
  return unlessMissing(() => Deno.realPathSync(hostPath));
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw error;
  }
}

function makeDirectory(hostPath: string): void {
  try {
    Deno.mkdirSync(hostPath);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

function namesOf(path: string): string[] {
  return path === "/" ? [] : path.slice(1).split("/");
}

function childOf(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}

function isLink(action: string, path: string, link: string): FileStoreError {
  const what = link === path ? "it" : `"${link}"`;
  return new FileStoreError(
    "path_is_link",
    path,
    `Cannot ${action} "${path}": ${what} is a symbolic link, or another spelling of a name; links are not followed`,
  );
}

function tooMany(path: string, action: string): FileStoreError {
  return new FileStoreError(
    "scan_too_large",
    path,
    `Cannot ${action} "${path}": there are too many files in it; name a smaller directory`,
  );
}
