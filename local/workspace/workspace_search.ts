/** The files of a workspace that a search looks at. */

import { setImmediate } from "node:timers";
import { FileStoreError } from "../../src/errors.ts";
import { type GrepFile, MAX_GREP_FILE_BYTES } from "../../src/kit/grep.ts";
import { contentOf } from "../files/content.ts";
import { type DirectoryRules, IgnoredPaths, IgnoreRules } from "./ignore_rules.ts";
import { withFileErrors } from "./host_errors.ts";
import { readWhole } from "./read_whole.ts";
import type { RememberedFiles } from "./remembered_files.ts";
import { type FolderEntry, lstat, type ScanBudget, type WorkspaceFolder } from "./workspace_folder.ts";

/** Larger ignore files are not minded: the worst of this size costs 50 ms an entry. */
const MAX_IGNORE_FILE_BYTES = 64 * 1024;
/** Entries compared with ignore files before other work gets a turn. */
const ENTRIES_PER_TURN = 64;
const ACTION = "search";

/** One directory on the way. */
interface Level {
  readonly entries: readonly FolderEntry[];
  readonly ignored: IgnoredPaths;
  next: number;
}

/** How a workspace is searched. */
export interface SearchOptions {
  /** Knows what was written as base64. */
  readonly remembered: RememberedFiles;
  /** Entries that may be looked at. */
  readonly budget: ScanBudget;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

/**
 * The files of a workspace, sorted by path, without those that ignore files name and without `.git`.
 *
 * What begins with a dot is searched like any other. Ignore files above the workspace are not read, nor those of the
 * user. Of each directory on the way only the names are kept.
 *
 * @throws {FileStoreError} `scan_too_large` when there are too many entries
 */
export async function* searchedFiles(folder: WorkspaceFolder, options: SearchOptions): AsyncGenerator<GrepFile> {
  const root = await enter(folder, { path: "/", hostPath: folder.root }, options, (rules) => new IgnoredPaths(rules));
  const levels = [root];
  let looked = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = level.entries[level.next++];
    if (entry === undefined) {
      levels.pop();
      continue;
    }
    if (++looked % ENTRIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    options.signal?.throwIfAborted();
    const { name, isDirectory } = entry;
    const { ignored } = level;
    if (name === ".git" || ignored.ignores(name, isDirectory)) continue;
    if (!isDirectory) yield searchedFile(folder, entry, options.remembered);
    else levels.push(await enter(folder, entry, options, (rules) => ignored.inside(name, rules)));
  }
}

async function enter(
  folder: WorkspaceFolder,
  { path, hostPath }: Pick<FolderEntry, "path" | "hostPath">,
  { budget }: SearchOptions,
  ignoredBy: (rules: DirectoryRules) => IgnoredPaths,
): Promise<Level> {
  const entries = await entriesOf(folder, path, hostPath, budget);
  const prefix = path === "/" ? "" : path;
  const names = new Set(entries.map(({ name }) => name));
  const rulesIn = async (name: string): Promise<IgnoreRules | undefined> =>
    names.has(name.split("/")[0] ?? "") ? await readRules(folder, `${prefix}/${name}`) : undefined;
  const search = await rulesIn(".ignore");
  const git = await rulesIn(".gitignore");
  const exclude = await rulesIn(".git/info/exclude");
  const rules = { ...(search && { search }), ...(git && { git }), ...(exclude && { exclude }) };
  return { entries: entries.sort(byPath), ignored: ignoredBy(rules), next: 0 };
}

/** The entries of a directory; none when it became something else since it was listed, or is closed to us. */
async function entriesOf(
  folder: WorkspaceFolder,
  path: string,
  hostPath: string,
  budget: ScanBudget,
): Promise<FolderEntry[]> {
  try {
    const place = await withFileErrors(ACTION, path, () => folder.look(path, ACTION));
    if (place.type !== "found" || !place.info.isDirectory) return [];
    return await folder.entries(path, hostPath, budget, ACTION);
  } catch (error) {
    const isOver = !(error instanceof FileStoreError) || error.code === "scan_too_large";
    if (isOver || path === "/") throw error;
    return [];
  }
}

/** The order of the paths below: what is in a directory comes where `name/` comes. */
function byPath(one: FolderEntry, other: FolderEntry): number {
  const a = one.isDirectory ? `${one.name}/` : one.name;
  const b = other.isDirectory ? `${other.name}/` : other.name;
  return a < b ? -1 : 1;
}

function searchedFile(folder: WorkspaceFolder, { path, hostPath }: FolderEntry, remembered: RememberedFiles): GrepFile {
  return {
    path,
    sizeBytes: sizeOf(hostPath),
    async read(): Promise<string | undefined> {
      try {
        const { bytes, info } = await readWhole(folder, path, MAX_GREP_FILE_BYTES, ACTION);
        const { content, encoding } = contentOf(bytes, remembered.encodingOf(path, info));
        return encoding === "text" ? content : undefined;
      } catch (error) {
        if (!(error instanceof FileStoreError)) throw error;
        return error.code === "file_not_found" ? "" : undefined;
      }
    },
  };
}

function sizeOf(hostPath: string): number {
  try {
    return lstat(hostPath)?.size ?? 0;
  } catch {
    // Reading it will fail too, and says so.
    return 0;
  }
}

/** The rules of an ignore file; none when it is not there, or is nothing that may be read. */
async function readRules(folder: WorkspaceFolder, path: string): Promise<IgnoreRules | undefined> {
  try {
    const { bytes } = await readWhole(folder, path, MAX_IGNORE_FILE_BYTES, ACTION);
    return new IgnoreRules(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof FileStoreError) return undefined;
    throw error;
  }
}
