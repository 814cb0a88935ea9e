/** Reading the folder of a plugin from disk. */

import { isAbsolute, join, normalize, sep } from "node:path";
import { ConfigurationError, messageOf } from "../../src/errors.ts";
import { grantablePath } from "../../src/kit/required_permissions.ts";
import { PermissionMissingError } from "../errors.ts";

/** The files of a plugin's folder. */
export interface PluginFolder {
  /** Paths within the folder, separated by `/`, and the texts. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of files that are no UTF-8 text or larger than 1 MiB. */
  readonly skipped: readonly string[];
}

/** Options of {@linkcode readPluginFolder}. */
export interface ReadPluginFolderOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** What is no part of a plugin, wherever it is. */
const LEFT_OUT: ReadonlySet<string> = new Set([".git", "node_modules", ".DS_Store"]);
const MAX_FILES = 1_024;
const MAX_DEPTH = 16;
const MAX_FILE = 1024 * 1024;
const MAX_ALL = 16 * 1024 * 1024;

/**
 * Reads all texts in a folder, for `loadPlugin` of the subpath `./plugins`.
 *
 * Nothing is run and nothing is followed: a symbolic link anywhere in the folder refuses the whole plugin, so that it
 * cannot bring a file of the host along. `.git` and `node_modules` are left out. Needs `--allow-read=<folder>`.
 *
 * @throws {TypeError} when the folder is not an absolute path
 * @throws {PermissionMissingError} when it may not be read, before anything is opened
 * @throws {ConfigurationError} when it is no folder, has a link, or more than 1,024 files, 16 levels or 16 MiB
 * @throws the signal's reason when it is aborted
 *
 * @example
 * ```ts ignore
 * import { readPluginFolder } from "@everruns/runtime/local";
 * import { loadPlugin } from "@everruns/runtime/plugins";
 *
 * const { files, skipped } = await readPluginFolder("/home/me/plugins/docs");
 * const { capability, warnings } = await loadPlugin(files, { skipped });
 * ```
 */
export async function readPluginFolder(
  folder: string,
  options: ReadPluginFolderOptions = {},
): Promise<PluginFolder> {
  if (typeof folder !== "string" || folder.includes("\0") || !isAbsolute(folder)) {
    throw new TypeError(`Cannot use ${JSON.stringify(folder)} as a plugin folder: expected an absolute path`);
  }
  const root = normalize(join(folder, "."));
  const { state } = await Deno.permissions.query({ name: "read", path: root });
  if (state !== "granted") {
    throw new PermissionMissingError("plugin folder", root, [`--allow-read=${grantablePath(root)}`]);
  }
  try {
    return await new Reading(await Deno.realPath(root), options.signal).all();
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new ConfigurationError(`Cannot read plugin folder "${root}": ${messageOf(error)}`, { cause: error });
  }
}

/** One reading of a folder. */
class Reading {
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;
  readonly #files = new Map<string, string>();
  readonly #skipped: string[] = [];
  #seen = 0;
  #bytes = 0;

  constructor(root: string, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#signal = signal;
  }

  async all(): Promise<PluginFolder> {
    await this.#walk("", 0);
    return { files: this.#files, skipped: this.#skipped.sort() };
  }

  async #walk(inner: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new RangeError(`"${inner}" is more than ${MAX_DEPTH} levels deep`);
    for await (const entry of Deno.readDir(join(this.#root, inner))) {
      this.#signal?.throwIfAborted();
      if (LEFT_OUT.has(entry.name)) continue;
      const path = inner === "" ? entry.name : `${inner}/${entry.name}`;
      if (entry.isSymlink) throw new TypeError(`"${path}" is a symbolic link; links are not followed: remove it`);
      if (entry.isDirectory) await this.#walk(path, depth + 1);
      else if (++this.#seen > MAX_FILES) throw new RangeError(`it has more than ${MAX_FILES} files`);
      else if (entry.isFile) await this.#read(path);
      else this.#skipped.push(path);
    }
  }

  async #read(path: string): Promise<void> {
    const hostPath = join(this.#root, path);
    const found = await Deno.lstat(hostPath);
    if (found.size > MAX_FILE) return void this.#skipped.push(path);
    using file = await Deno.open(hostPath, { read: true });
    const opened = await file.stat();
    // Between the listing and now a link may have come: what is open must be the file that was found, inside.
    const real = await Deno.realPath(hostPath);
    const isInside = real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
    if (!opened.isFile || !isInside || opened.ino !== found.ino || opened.dev !== found.dev) {
      throw new TypeError(`"${path}" was replaced while it was read; try again`);
    }
    const text = await readText(file, opened.size);
    if (text === undefined) return void this.#skipped.push(path);
    this.#bytes += text.length;
    if (this.#bytes > MAX_ALL) throw new RangeError(`its files have more than ${MAX_ALL} characters together`);
    this.#files.set(path, text);
  }
}

/** The text of a file of a size; undefined when it is no UTF-8, holds NUL, or grows meanwhile. */
async function readText(file: Deno.FsFile, size: number): Promise<string | undefined> {
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
    if (length > size) return undefined;
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
