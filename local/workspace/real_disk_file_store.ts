/** Session files on the host's disk. */

import { join } from "node:path";
import type { FileEncoding, InitialFile } from "../../src/records/initial_file.ts";
import type { PermissionNeeds } from "../../src/records/permissions.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../../src/ports/file_store.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { withFileErrors } from "./host_errors.ts";
import { openWorkspaceFolder } from "./open_workspace_folder.ts";
import { PathLocks } from "./path_locks.ts";
import { WorkspaceDisk } from "./workspace_disk.ts";
import type { WorkspacePaths } from "./workspace_paths.ts";

/** Entries one listing or search may look at. */
const MAX_ENTRIES = 100_000;

/** Options of {@linkcode RealDiskFileStore.open}. */
export interface RealDiskFileStoreOptions {
  /**
   * Absolute paths of folders that are no part of the workspace even when they lie in it, such as the data folder.
   *
   * @default none
   */
  readonly hidden?: readonly string[];
  /**
   * The root as the model sees it.
   *
   * @default {"/workspace"}
   */
  readonly displayRoot?: string;
  /**
   * Most bytes of a file that is read or written.
   *
   * @default {10485760} 10 MiB
   */
  readonly maxFileBytes?: number;
  /**
   * Most entries one listing or one search looks at.
   *
   * @default {100000}
   */
  readonly maxEntries?: number;
  /** Tells how old a temporary file is. @default the host's clock */
  readonly clock?: Clock;
}

// One for the process: two stores over one folder, or over one inside the other, keep out of each other's way too.
const locks = new PathLocks();

/**
 * Works on one folder of the host's disk, and on nothing outside it.
 *
 * Whoever uses it sees the same files: workspace ids are accepted and ignored. Beyond the rules of
 * {@linkcode RuntimeFileStore}:
 *
 * - A path may also be written as it is on the host, below the root. Neither results nor errors name the host's folder.
 * - Symbolic links are refused (`path_is_link`) wherever they stand in a path, and left out of listings; so are pipes,
 *   sockets and devices (`file_is_special`). Files with several names (hard links) are not read or written
 *   (`file_is_linked`). Deleting a directory takes links in it away, never what they lead to.
 * - Files whose names the rules of paths refuse cannot be reached, and are left out of listings.
 * - A write is a temporary file, brought to the disk and renamed: after a crash the file is the old one or the new one.
 *   Permissions of the old file stay; extended attributes and access lists do not. A file or a directory is deleted
 *   with all it holds or not at all. What a crash left is hidden, and swept away after ten minutes.
 * - Valid UTF-8 without NUL is text, everything else base64. While the store lives it also knows what it wrote in
 *   which encoding, since when a file exists that it replaced, and the read-only marks: they are no permissions of the
 *   disk, bind nobody but this store, and come back when the same file is seeded again.
 * - A search minds `.gitignore`, `.ignore` and `.git/info/exclude`, also without git, and passes over `.git`.
 *
 * Changes through any store of this process wait for each other, so `writeFileIfContentMatches` is one act among
 * them. Other processes are not kept out: what they change between its look and its rename is lost.
 *
 * This is no sandbox: Deno cannot open a name in an open directory. A link that somebody puts in the place of a directory
 * is noticed, and no content is read or written through it, but a process of the same user that swaps them at the
 * right moments can still get an empty directory or an empty temporary file made outside, a file there renamed, or
 * a pipe opened, which waits. Keep such processes out by the means of the system.
 *
 * Needs `--allow-read=<root>` and `--allow-write=<root>`, nothing else.
 *
 * @example
 * ```ts ignore
 * import { RealDiskFileStore } from "@everruns/runtime/local";
 *
 * const files = await RealDiskFileStore.open("/home/me/project", { hidden: ["/home/me/project/.agent-data"] });
 * await files.writeFile("any", "notes/today.md", "# Today", "text");
 * ```
 */
export class RealDiskFileStore implements RuntimeFileStore {
  /** The real path of the folder on the host; it is shown to nobody. */
  readonly root: string;
  /** The root as the model sees it. */
  readonly displayRoot: string;
  readonly #disk: WorkspaceDisk;
  readonly #paths: WorkspacePaths;

  private constructor(root: string, displayRoot: string, disk: WorkspaceDisk, paths: WorkspacePaths) {
    this.root = root;
    this.displayRoot = displayRoot;
    this.#disk = disk;
    this.#paths = paths;
  }

  /**
   * Opens a folder that is there.
   *
   * @param root absolute; it may itself be a link, which is followed once
   * @throws {TypeError} when a path is not an absolute one
   * @throws {RangeError} when a cap is not a whole number of 0 or more
   * @throws {PermissionMissingError} when a grant is missing, before anything is opened
   * @throws {ConfigurationError} when the root is no folder, or is itself to be hidden
   */
  static async open(root: string, options: RealDiskFileStoreOptions = {}): Promise<RealDiskFileStore> {
    const { hidden = [], displayRoot = "/workspace", clock = systemClock() } = options;
    const maxFileBytes = cap("maxFileBytes", options.maxFileBytes ?? 10 * 1024 * 1024);
    const maxEntries = cap("maxEntries", options.maxEntries ?? MAX_ENTRIES);
    const { folder, paths } = await openWorkspaceFolder(root, { hidden, displayRoot, clock });
    const disk = new WorkspaceDisk(folder, { fileBytes: maxFileBytes, entries: maxEntries });
    return new RealDiskFileStore(folder.root, displayRoot, disk, paths);
  }

  /** The Deno permissions of the store. */
  get permissions(): PermissionNeeds {
    return { read: [this.root], write: [this.root] };
  }

  /**
   * The canonical form of a path in any of its spellings.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  canonicalPath(path: string): string {
    return this.#paths.canonical(path);
  }

  /**
   * Reads a file.
   *
   * @throws {FileStoreError} `file_not_found`, `file_is_directory`, `file_too_large`, `path_invalid`, or a code that the
   * class names
   */
  async readFile(_workspaceId: string, path: string): Promise<StoredFile> {
    const canonical = this.canonicalPath(path);
    return await withFileErrors("read", canonical, () => this.#disk.read(canonical));
  }

  /**
   * Writes a file whole; tells whether it was created.
   *
   * @throws {FileStoreError} `file_read_only`, `file_is_directory`, `file_too_large`, `content_invalid`,
   * `workspace_full` when the disk is, `path_invalid`, or a code that the class names
   */
  async writeFile(_workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    return await this.#change("write", canonical, () => this.#disk.write(canonical, content, encoding));
  }

  /**
   * Writes a file only if its content is still `expected`; tells whether it did.
   *
   * @throws {FileStoreError} as {@linkcode RealDiskFileStore.writeFile}
   */
  async writeFileIfContentMatches(
    _workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    return await this.#change("write", canonical, () => this.#disk.writeIf(canonical, expected, content, encoding));
  }

  /**
   * Deletes a file or directory; tells whether it did.
   *
   * @throws {FileStoreError} `file_read_only`, also for a file inside a directory, `path_hidden`, also for a directory
   * that holds a hidden folder, `path_invalid`, or a code that the class names
   */
  async deleteFile(_workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const canonical = this.canonicalPath(path);
    const wholeTree = true;
    return await this.#change("delete", canonical, () => this.#disk.delete(canonical, recursive), wholeTree);
  }

  /**
   * Entries of a directory, sorted by path; empty for a missing path or a file.
   *
   * @throws {FileStoreError} `scan_too_large`, `path_invalid`, or a code that the class names
   */
  async listDirectory(_workspaceId: string, path: string): Promise<readonly FileStat[]> {
    const canonical = this.canonicalPath(path);
    return await withFileErrors("list", canonical, () => this.#disk.list(canonical));
  }

  /**
   * What a path names, or undefined.
   *
   * @throws {FileStoreError} `path_invalid`, or a code that the class names
   */
  async statFile(_workspaceId: string, path: string): Promise<FileStat | undefined> {
    const canonical = this.canonicalPath(path);
    return await withFileErrors("look at", canonical, () => this.#disk.stat(canonical));
  }

  /**
   * Searches lines with a linear-time regular expression; files that are not text are passed over.
   *
   * @throws {FileStoreError} `pattern_invalid` or `scan_too_large`, also for too many entries
   */
  async grepFiles(_workspaceId: string, pattern: string, options: GrepOptions = {}): Promise<GrepResult> {
    const { grepFiles } = await import("../../src/kit/grep.ts");
    const { signal, pathPattern } = options;
    const files = this.#disk.searched(signal);
    if (pathPattern === undefined) return await grepFiles(files, pattern, options);
    return await grepFiles(files, pattern, { ...options, pathPattern: this.#paths.fromRoot(pathPattern) });
  }

  /**
   * Makes a directory and its parents; harmless when it exists.
   *
   * @throws {FileStoreError} `path_invalid`, `workspace_full` when the disk is, or a code that the class names
   */
  async createDirectory(_workspaceId: string, path: string): Promise<void> {
    const canonical = this.canonicalPath(path);
    await this.#change("make", canonical, () => this.#disk.makeDirectory(canonical));
  }

  /**
   * Writes a file of a layer, keeping its read-only mark; an existing file stays as it is.
   *
   * A mark lasts as long as the store: a file that is still as it is seeded is marked again.
   *
   * @throws {FileStoreError} as {@linkcode RealDiskFileStore.writeFile}
   */
  async seedInitialFile(_workspaceId: string, file: InitialFile): Promise<void> {
    const canonical = this.canonicalPath(file.path);
    await this.#change("write", canonical, () => this.#disk.seed(canonical, file));
  }

  /** Makes a change when no other change of the same path runs, in whatever store of this process. */
  async #change<T>(
    action: string,
    canonical: string,
    change: () => T | Promise<T>,
    wholeTree: boolean = false,
  ): Promise<T> {
    const hostPath = canonical === "/" ? this.root : join(this.root, canonical);
    return await locks.run(hostPath, wholeTree, () => withFileErrors(action, canonical, change));
  }
}

function cap(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot open a workspace: ${name} is ${value}, expected a whole number of 0 or more`);
}
