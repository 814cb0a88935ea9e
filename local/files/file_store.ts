/** Session files in a store. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding, InitialFile } from "../../src/records/initial_file.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../../src/ports/file_store.ts";
import { systemClock } from "../../src/kit/clock.ts";
import type { GrepFile } from "../../src/kit/grep.ts";
import { canonicalPath } from "../../src/kit/paths.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson } from "../sqlite/row.ts";
import { FileRows } from "./file_rows.ts";
import { type WorkspaceLimits, WorkspaceTree } from "./workspace_tree.ts";

/** Options of {@linkcode LocalFileStore}. */
export interface LocalFileStoreOptions {
  /** Most bytes of one file. @default {10485760} 10 MiB */
  readonly maxFileBytes?: number;
  /** Most bytes of the files of one workspace. @default {104857600} 100 MiB */
  readonly maxWorkspaceBytes?: number;
  /** Most files of one workspace, and most directories. @default {10000} */
  readonly maxFiles?: number;
  /** Stamps files. @default the host's clock */
  readonly clock?: Clock;
}

/**
 * Keeps the files of each workspace in `local.db`, never as files of the host: no path of a model reaches its disk.
 *
 * Each act is one transaction: it is whole or does not happen, also between processes. Beyond the rules of
 * {@linkcode RuntimeFileStore}, a write is refused with `workspace_full` when the workspace would pass its caps, and with
 * `content_invalid` when its base64 is none or its text has half of a surrogate pair. Base64 is read back in its
 * canonical form. A file whose stored bytes were damaged is refused to readers with `file_corrupt`, and passed over by a
 * search; it can be written anew or deleted.
 */
export class LocalFileStore implements RuntimeFileStore {
  /** The root as the model sees it. */
  readonly displayRoot: string = "/workspace";
  readonly #connection: Connection;
  readonly #limits: WorkspaceLimits;
  readonly #clock: Clock;

  /**
   * Keeps files in an open store.
   *
   * @throws {RangeError} when a cap is not a whole number of 0 or more
   */
  constructor(connection: Connection, options: LocalFileStoreOptions = {}) {
    this.#connection = connection;
    this.#clock = options.clock ?? systemClock();
    this.#limits = {
      fileBytes: cap("maxFileBytes", options.maxFileBytes ?? 10 * 1024 * 1024),
      totalBytes: cap("maxWorkspaceBytes", options.maxWorkspaceBytes ?? 100 * 1024 * 1024),
      files: cap("maxFiles", options.maxFiles ?? 10_000),
    };
  }

  /**
   * Reads a file.
   *
   * @throws {FileStoreError} `file_not_found`, `file_is_directory`, `file_corrupt` or `path_invalid`
   */
  readFile(workspaceId: string, path: string): Promise<StoredFile> {
    return Promise.try(() => this.#tree(workspaceId).read(canonicalPath(path)));
  }

  /**
   * Writes a file whole; tells whether it was created.
   *
   * @throws {FileStoreError} `file_read_only`, `file_is_directory`, `file_too_large`, `workspace_full`,
   * `content_invalid` or `path_invalid`
   */
  async writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const canonical = canonicalPath(path);
    const tree = this.#tree(workspaceId);
    return await this.#connection.write(() => tree.write(canonical, content, encoding), { bytes: content.length });
  }

  /**
   * Writes a file only if its content is still `expected`; tells whether it did.
   *
   * @throws {FileStoreError} as {@linkcode LocalFileStore.writeFile}, or `file_corrupt`
   */
  async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const canonical = canonicalPath(path);
    const tree = this.#tree(workspaceId);
    return await this.#connection.write(() => tree.writeIf(canonical, expected, content, encoding), {
      bytes: content.length,
    });
  }

  /**
   * Deletes a file or directory; tells whether it did.
   *
   * @throws {FileStoreError} `file_read_only`, also for a file inside a directory, or `path_invalid`
   */
  async deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const canonical = canonicalPath(path);
    const tree = this.#tree(workspaceId);
    return await this.#connection.write(() => tree.delete(canonical, recursive));
  }

  /**
   * Entries of a directory, sorted by path; empty for a missing path or a file.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]> {
    return Promise.try(() => this.#rows(workspaceId).list(canonicalPath(path)));
  }

  /**
   * What a path names, or undefined.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  statFile(workspaceId: string, path: string): Promise<FileStat | undefined> {
    return Promise.try(() => this.#tree(workspaceId).stat(canonicalPath(path)));
  }

  /**
   * Searches lines with a linear-time regular expression; base64 files are passed over.
   *
   * @throws {FileStoreError} `pattern_invalid` or `scan_too_large`
   */
  async grepFiles(workspaceId: string, pattern: string, options: GrepOptions = {}): Promise<GrepResult> {
    // Most sessions never search: the machinery is loaded by the first that does.
    const { grepFiles } = await import("../../src/kit/grep.ts");
    return await grepFiles(searchable(this.#rows(workspaceId)), pattern, options);
  }

  /**
   * Makes a directory and its parents; harmless when it exists.
   *
   * @throws {FileStoreError} `workspace_full` or `path_invalid`
   */
  async createDirectory(workspaceId: string, path: string): Promise<void> {
    const canonical = canonicalPath(path);
    const tree = this.#tree(workspaceId);
    if (tree.stat(canonical)?.isDirectory === true) return;
    await this.#connection.write(() => tree.createDirectory(canonical));
  }

  /**
   * Writes a file of a layer, keeping its read-only mark; an existing file stays as it is.
   *
   * @throws {FileStoreError} as {@linkcode LocalFileStore.writeFile}
   */
  async seedInitialFile(workspaceId: string, file: InitialFile): Promise<void> {
    const { content, encoding = "text", isReadonly = false } = file;
    const path = canonicalPath(file.path);
    const tree = this.#tree(workspaceId);
    const isThere = (): boolean => tree.stat(path)?.isDirectory === false;
    // A session that continues has its files: looking needs no transaction.
    if (isThere()) return;
    await this.#connection.write(() => isThere() || tree.write(path, content, encoding, isReadonly), {
      bytes: content.length,
    });
  }

  #rows(workspaceId: string): FileRows {
    return new FileRows(this.#connection, encodeJson(workspaceId));
  }

  #tree(workspaceId: string): WorkspaceTree {
    return new WorkspaceTree(this.#rows(workspaceId), this.#limits, () => this.#clock.now());
  }
}

/** The files of a workspace for a search; the content of one at a time is read. */
function* searchable(rows: FileRows): Iterable<GrepFile> {
  for (const { path, sizeBytes, isText } of rows.files()) {
    yield { path, sizeBytes, read: () => isText ? readText(rows, path) : undefined };
  }
}

/** The text of a file; empty when it was deleted meanwhile, undefined when there is no text to be had. */
function readText(rows: FileRows, path: string): string | undefined {
  try {
    const file = rows.file(path);
    if (file === undefined) return "";
    return file.encoding === "text" ? file.content : undefined;
  } catch (error) {
    if (error instanceof FileStoreError) return undefined;
    throw error;
  }
}

function cap(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot make a file store: ${name} is ${value}, expected a whole number of 0 or more`);
}
