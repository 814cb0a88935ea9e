/** The folder of a workspace on the host's disk: which path means what in it, and what of it may be used. */

import { basename, dirname, isAbsolute, join, normalize, relative } from "node:path";
import { FileStoreError, RuntimeError } from "../../src/errors.ts";
import { canonicalPath } from "../../src/kit/paths.ts";
import { PermissionMissingError } from "../errors.ts";
import { assertGranted } from "../grants.ts";
import { isDraftName } from "./drafts.ts";
import { isMissing } from "./host_errors.ts";

/** What a path of the workspace is on the host, after every check. */
export interface Place {
  /** Canonical path, as the model knows it. */
  readonly path: string;
  /** Absolute path on the host. */
  readonly host: string;
  /** What is there: a file, a directory or something else, never a symbolic link. */
  readonly info: Deno.FileInfo | undefined;
  /** The file that is where a directory would be needed on the way to it. */
  readonly obstacle: string | undefined;
}

interface HiddenFolder {
  readonly host: string;
  readonly info: Deno.FileInfo | undefined;
}

/** The folder of a workspace. */
export class WorkspaceRoot {
  /** Its real path on the host. */
  readonly host: string;
  /** Beginnings of a path that mean the root. */
  readonly #aliases: readonly string[];
  readonly #hidden: readonly HiddenFolder[];

  private constructor(host: string, aliases: readonly string[], hidden: readonly HiddenFolder[]) {
    this.host = host;
    this.#aliases = aliases;
    this.#hidden = hidden;
  }

  /** Checks the grants and the folder; see `RealDiskFileStore.open`. */
  static async open(folder: string, displayRoot: string, hidden: readonly string[]): Promise<WorkspaceRoot> {
    assertAbsolute("workspace", folder);
    for (const each of hidden) assertAbsolute("hidden folder", each);
    await assertGranted("workspace", [folder]);
    const host = await realFolder(folder);
    // The grant of a link does not reach what it points to.
    await assertGranted("workspace", [host]);
    const found = await Promise.all(hidden.map(findHidden));
    if (found.some((each) => each.host === host)) {
      throw new TypeError(`Cannot open workspace "${folder}": it is one of the hidden folders`);
    }
    return new WorkspaceRoot(host, aliasesOf(host, displayRoot), found);
  }

  /**
   * The canonical form of a path the model or the host wrote.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  canonical(input: string): string {
    const path = canonicalPath(this.#fromRoot(input));
    if (this.#aliases.some((alias) => isWithin(path, alias))) {
      const reason = "it begins like the workspace root itself; such a folder cannot be used";
      throw new FileStoreError("path_invalid", "/", `Cannot use the path: ${reason}`);
    }
    if (path.split("/").some(isDraftName)) {
      throw new FileStoreError("path_invalid", path, `Cannot use the path "${path}": the name is reserved`);
    }
    return path;
  }

  /** Whether a path found on the disk has a canonical form that means it. */
  isNameable(path: string): boolean {
    try {
      return this.canonical(path) === path;
    } catch {
      return false;
    }
  }

  /** Where a canonical path is on the host. */
  hostOf(path: string): string {
    return path === "/" ? this.host : join(this.host, path);
  }

  /** Whether a canonical path is a hidden folder or in one. */
  isHidden(path: string): boolean {
    const host = this.hostOf(path);
    // A hidden folder around the workspace hides everything but the workspace.
    return this.#hidden.some((hidden) => !isInside(this.host, hidden.host) && isInside(host, hidden.host));
  }

  /** Whether something on the disk is a hidden folder, wherever it was met. */
  isHiddenFolder(info: Deno.FileInfo): boolean {
    return this.#hidden.some((hidden) => hidden.info !== undefined && info.isDirectory && isSame(info, hidden.info));
  }

  /**
   * Finds what is at a canonical path, looking at every part of it and following no link.
   *
   * @throws {FileStoreError} `symlink_refused`, `path_hidden`, or `path_invalid` when the disk spells it differently
   */
  async find(action: string, path: string): Promise<Place> {
    const host = this.hostOf(path);
    if (this.isHidden(path)) throw hiddenError(action, path);
    let deepest = this.host;
    let info = await lstat(deepest);
    let seen = "";
    for (const name of path === "/" ? [] : path.slice(1).split("/")) {
      if (info === undefined) break;
      if (!info.isDirectory) return { path, host, info: undefined, obstacle: seen };
      const next = join(deepest, name);
      info = await lstat(next);
      if (info === undefined) break;
      seen += `/${name}`;
      if (info.isSymlink) throw symlinkError(action, path, seen);
      if (this.isHiddenFolder(info)) throw hiddenError(action, path);
      deepest = next;
    }
    await this.#assertReal(action, path, deepest);
    return { path, host, info, obstacle: undefined };
  }

  /** Refuses a place whose real path is another: a link that came in between, or a name the disk spells differently. */
  async #assertReal(action: string, path: string, host: string): Promise<void> {
    let real: string;
    try {
      real = await Deno.realPath(host);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    if (real === host) return;
    if (folded(real) === folded(host)) {
      const spelled = `/${relative(this.host, real)}`;
      throw new FileStoreError(
        "path_invalid",
        path,
        `Cannot ${action} "${path}": the disk spells it "${spelled}"; write it like that`,
      );
    }
    throw symlinkError(action, path, path);
  }

  #fromRoot(input: string): string {
    if (typeof input !== "string") return input;
    const alias = this.#aliases.find((each) => isWithin(input, each));
    // Relative, since "/workspace" after an alias is a folder of that name.
    return alias === undefined ? input : `.${input.slice(alias.length)}`;
  }
}

/** Whether two looks found the same file; systems without such numbers are taken at their word. */
export function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** What is at a path of the host, a link being itself; undefined when nothing is. */
export async function lstat(host: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(host);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Refuses what belongs to the host program. */
export function hiddenError(action: string, path: string): FileStoreError {
  return new FileStoreError("path_hidden", path, `Cannot ${action} "${path}": it belongs to the host program`);
}

function symlinkError(action: string, path: string, link: string): FileStoreError {
  const what = link === path ? "it" : `"${link}"`;
  const reason = `${what} is a symbolic link, and those are not followed; use the real path`;
  return new FileStoreError("symlink_refused", path, `Cannot ${action} "${path}": ${reason}`);
}

function assertAbsolute(what: string, folder: string): void {
  if (typeof folder === "string" && isAbsolute(folder) && !folder.includes("\0")) return;
  const reason = String(folder).startsWith("~") ? "~ is not expanded" : "it is not an absolute path";
  throw new TypeError(`Cannot use ${what} "${folder}": ${reason}; write the whole path`);
}

async function realFolder(folder: string): Promise<string> {
  try {
    const host = await Deno.realPath(folder);
    if (!(await Deno.stat(host)).isDirectory) throw unusable(folder, "it is not a directory");
    if (dirname(host) === host) throw unusable(folder, "it is a whole disk; choose a folder on it");
    return host;
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw unusable(folder, isMissing(error) ? "there is no such folder; make it first" : "it cannot be read", error);
  }
}

/** A hidden folder by its real path, also one that is made later. */
async function findHidden(folder: string): Promise<HiddenFolder> {
  const missing: string[] = [];
  for (let at = normalize(folder);; at = dirname(at)) {
    try {
      const host = await Deno.realPath(at);
      const info = missing.length === 0 ? await Deno.stat(host) : undefined;
      return { host: join(host, ...missing), info };
    } catch (error) {
      if (isMissing(error)) missing.unshift(basename(at));
      else if (!(error instanceof Deno.errors.NotCapable)) throw unusable(folder, "it cannot be read", error);
      // What is there may be a link into the workspace: it has to be looked at.
      else if (missing.length === 0) throw new PermissionMissingError("hidden folder", at, [`--allow-read=${at}`]);
      else return { host: join(at, ...missing), info: undefined };
    }
  }
}

/** What means the root besides `/` and `/workspace`. */
function aliasesOf(host: string, displayRoot: string): string[] {
  // A root such as /app may well have a folder "app", so only a longer one is taken for itself.
  const aliases = host.split("/").length > 2 ? [host] : [];
  const isUsual = displayRoot === "/" || displayRoot === "/workspace";
  return isUsual || displayRoot === host ? aliases : [...aliases, displayRoot];
}

/** Whether a path of the workspace, or one that is written like it, is a folder or in it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Whether a path of the host is a folder or in it. */
function isInside(host: string, folder: string): boolean {
  const way = relative(folder, host);
  return way === "" || (way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way));
}

/** What disks that mind neither case nor Unicode form make of a path. */
function folded(host: string): string {
  return host.normalize("NFC").toLowerCase();
}

function unusable(folder: string, reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError("workspace_unusable", `Cannot open workspace "${folder}": ${reason}`, { cause });
}
