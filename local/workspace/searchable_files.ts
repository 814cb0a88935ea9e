/** The files of a workspace that a search looks at: what git would not ignore, in the order of their paths. */

import { FileStoreError } from "../../src/errors.ts";
import type { StoredFile } from "../../src/ports/file_store.ts";
import type { GrepFile } from "../../src/kit/grep.ts";
import { nameOf } from "../../src/kit/paths.ts";
import { type DirectoryEntry, readDirectory } from "./directories.ts";
import { IgnoreRules } from "./gitignore.ts";
import type { WorkspaceRoot } from "./workspace_root.ts";

/** Options of {@linkcode searchableFiles}. */
export interface SearchOptions {
  /** Most entries of directories that are looked at. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Ends the search early. */
  readonly signal: AbortSignal | undefined;
  /** Reads a file with every check. */
  readonly read: (path: string) => Promise<StoredFile>;
}

interface Pending {
  readonly entry: DirectoryEntry;
  /** The rules of the folders around it. */
  readonly rules: IgnoreRules;
}

/** Rules of one folder, later ones deciding. */
const RULE_FILES: readonly string[] = [".gitignore", ".ignore"];

/**
 * The files of a workspace one at a time, sorted by path; hidden ones too, but nothing of `.git`.
 *
 * What is held in memory is one listing for each folder on the way down.
 *
 * @throws {FileStoreError} `scan_too_large`
 */
export async function* searchableFiles(root: WorkspaceRoot, options: SearchOptions): AsyncGenerator<GrepFile> {
  const exclude = await textOf(options, "/.git/info/exclude");
  let rest = options.limit;
  const open = async (folder: string, outer: IgnoreRules): Promise<Pending[]> => {
    const entries = await enter(root, folder, rest, options.now);
    rest -= entries.length;
    if (rest < 0) throw tooMany(options.limit);
    let rules = outer;
    for (const name of RULE_FILES) {
      const found = entries.find((entry) => nameOf(entry.path) === name && entry.info.isFile);
      if (found !== undefined) rules = rules.with(folder, await textOf(options, found.path));
    }
    const wanted = entries.filter(({ path, info }) =>
      nameOf(path) !== ".git" && !rules.ignores(path, info.isDirectory)
    );
    // Taken from the end; a folder sorts as what is in it does.
    return wanted.sort((a, b) => sortKey(a) < sortKey(b) ? 1 : -1).map((entry) => ({ entry, rules }));
  };

  const pending = await open("/", IgnoreRules.NONE.with("/", exclude));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    options.signal?.throwIfAborted();
    const { path, info } = next.entry;
    if (info.isDirectory) {
      pending.push(...await open(path, next.rules));
    } else {
      yield { path, sizeBytes: info.size, read: () => readText(options, path) };
    }
  }
}

/** The entries of a folder, none when it is gone or closed to us; every part of its path is looked at again. */
async function enter(root: WorkspaceRoot, folder: string, limit: number, now: number): Promise<DirectoryEntry[]> {
  try {
    const { info } = await root.find("search", folder);
    return info?.isDirectory === true ? await readDirectory(root, folder, limit, now) : [];
  } catch (error) {
    if (folder === "/" || (error instanceof FileStoreError && error.code === "scan_too_large")) throw error;
    return [];
  }
}

/** The text of a file; empty when it was deleted meanwhile, undefined when there is no text to be had. */
async function readText({ read }: SearchOptions, path: string): Promise<string | undefined> {
  try {
    const { content, encoding } = await read(path);
    return encoding === "text" ? content : undefined;
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    return error.code === "file_not_found" ? "" : undefined;
  }
}

/** The text of a file of rules; empty when there is none that can be read. */
async function textOf(options: SearchOptions, path: string): Promise<string> {
  return await readText(options, path) ?? "";
}

function sortKey({ path, info }: DirectoryEntry): string {
  return info.isDirectory ? `${path}/` : path;
}

function tooMany(limit: number): FileStoreError {
  return new FileStoreError("scan_too_large", "/", `Cannot search: more than ${limit} entries are in the workspace`);
}
