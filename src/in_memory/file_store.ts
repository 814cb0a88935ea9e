/** Session files in memory. */

import type { FileEncoding, InitialFile } from "../records/initial_file.ts";
import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../ports/file_store.ts";
import type { GrepFile } from "../kit/grep.ts";
import { canonicalPath } from "../kit/paths.ts";
import { lazy } from "../kit/lazy.ts";
import type { WorkspaceLimits, WorkspaceStore } from "./workspace_store.ts";

/** Options of {@linkcode InMemoryFileStore}. */
export interface InMemoryFileStoreOptions {
  /**
   * Most bytes of one file.
   *
   * @default {10485760} 10 MiB
   */
  readonly maxFileBytes?: number;
  /**
   * Most bytes of the files of one workspace.
   *
   * @default {104857600} 100 MiB
   */
  readonly maxWorkspaceBytes?: number;
  /**
   * Most files of one workspace, and most directories.
   *
   * @default {10000}
   */
  readonly maxFiles?: number;
  /**
   * Stamps files, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
}

// Most sessions have no files: what keeps them is loaded for the first that has.
const storing = lazy(() => import("./workspace_store.ts"));

/**
 * Keeps the files of each workspace in memory; gone with the process, and never on the host's disk.
 *
 * A workspace nothing was written to costs nothing. Beyond the rules of {@linkcode RuntimeFileStore}, a write is refused
 * with `workspace_full` when the workspace would pass its caps, and with `content_invalid` when its base64 is none.
 *
 * @example
 * ```ts
 * import { InMemoryFileStore } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const files = new InMemoryFileStore({ maxFileBytes: 1024 * 1024 });
 * await files.writeFile("project", "notes/today.md", "# Today", "text");
 * const { path, content } = await files.readFile("project", "/workspace/notes/today.md");
 * assert.deepEqual([path, content], ["/notes/today.md", "# Today"]);
 * ```
 */
export class InMemoryFileStore implements RuntimeFileStore {
  /** The root as the model sees it. */
  readonly displayRoot: string = "/workspace";
  readonly #workspaces = new Map<string, WorkspaceStore>();
  readonly #limits: WorkspaceLimits;
  readonly #now: () => number;

  /**
   * Makes an empty store.
   *
   * @throws {RangeError} when a cap is not a whole number of 0 or more
   */
  constructor(options: InMemoryFileStoreOptions = {}) {
    this.#limits = {
      fileBytes: cap("maxFileBytes", options.maxFileBytes ?? 10 * 1024 * 1024),
      totalBytes: cap("maxWorkspaceBytes", options.maxWorkspaceBytes ?? 100 * 1024 * 1024),
      files: cap("maxFiles", options.maxFiles ?? 10_000),
    };
    this.#now = options.now ?? Date.now;
  }

  /**
   * Reads a file.
   *
   * @throws {FileStoreError} `file_not_found`, `file_is_directory` or `path_invalid`
   */
  async readFile(workspaceId: string, path: string): Promise<StoredFile> {
    return (await this.#workspace(workspaceId)).read(canonicalPath(path));
  }

  /**
   * Writes a file whole; tells whether it was created.
   *
   * @throws {FileStoreError} `file_read_only`, `file_is_directory`, `file_too_large`, `workspace_full`,
   * `content_invalid` or `path_invalid`
   */
  async writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    return (await this.#makeWorkspace(workspaceId)).write(canonicalPath(path), content, encoding);
  }

  /**
   * Writes a file only if its content is still `expected`; tells whether it did.
   *
   * @throws {FileStoreError} as {@linkcode InMemoryFileStore.writeFile}
   */
  async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    return (await this.#workspace(workspaceId)).writeIf(canonicalPath(path), expected, content, encoding);
  }

  /**
   * Deletes a file or directory; tells whether it did.
   *
   * @throws {FileStoreError} `file_read_only`, also for a file inside a directory, or `path_invalid`
   */
  async deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    return (await this.#workspace(workspaceId)).delete(canonicalPath(path), recursive);
  }

  /**
   * Entries of a directory, sorted by path; empty for a missing path or a file.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  async listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]> {
    return (await this.#workspace(workspaceId)).list(canonicalPath(path));
  }

  /**
   * What a path names, or undefined.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  async statFile(workspaceId: string, path: string): Promise<FileStat | undefined> {
    const canonical = canonicalPath(path);
    const workspace = this.#workspaces.get(workspaceId);
    if (workspace !== undefined || canonical !== "/") return workspace?.stat(canonical);
    return (await storing()).EMPTY_ROOT;
  }

  /**
   * Searches lines with a linear-time regular expression; base64 files are passed over.
   *
   * @throws {FileStoreError} `pattern_invalid` or `scan_too_large`
   */
  async grepFiles(workspaceId: string, pattern: string, options: GrepOptions = {}): Promise<GrepResult> {
    // Most sessions never search: the machinery is loaded by the first that does.
    const { grepFiles } = await import("../kit/grep.ts");
    return await grepFiles(searchable(await this.#workspace(workspaceId)), pattern, options);
  }

  /**
   * Makes a directory and its parents; harmless when it exists.
   *
   * @throws {FileStoreError} `workspace_full` or `path_invalid`
   */
  async createDirectory(workspaceId: string, path: string): Promise<void> {
    return (await this.#makeWorkspace(workspaceId)).createDirectory(canonicalPath(path));
  }

  /**
   * Writes a file of a layer, keeping its read-only mark; an existing file stays as it is.
   *
   * @throws {FileStoreError} as {@linkcode InMemoryFileStore.writeFile}
   */
  async seedInitialFile(workspaceId: string, file: InitialFile): Promise<void> {
    const workspace = await this.#makeWorkspace(workspaceId);
    const path = canonicalPath(file.path);
    if (workspace.stat(path)?.isDirectory === false) return;
    workspace.write(path, file.content, file.encoding ?? "text", file.isReadonly ?? false);
  }

  /** The workspace for reading; an empty one that is not kept when nothing was written so far. */
  async #workspace(workspaceId: string): Promise<WorkspaceStore> {
    const { WorkspaceStore } = await storing();
    return this.#workspaces.get(workspaceId) ?? new WorkspaceStore(this.#limits, this.#now);
  }

  async #makeWorkspace(workspaceId: string): Promise<WorkspaceStore> {
    const { WorkspaceStore } = await storing();
    let workspace = this.#workspaces.get(workspaceId);
    if (workspace === undefined) {
      workspace = new WorkspaceStore(this.#limits, this.#now);
      this.#workspaces.set(workspaceId, workspace);
    }
    return workspace;
  }
}

function* searchable(workspace: WorkspaceStore): Iterable<GrepFile> {
  for (const file of workspace.files()) {
    yield {
      path: file.path,
      sizeBytes: file.sizeBytes,
      read: () => file.encoding === "text" ? file.content : undefined,
    };
  }
}

function cap(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot make a file store: ${name} is ${value}, expected a whole number of 0 or more`);
}
