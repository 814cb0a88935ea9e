/** The file store port: files of a session, not of the host. */

import type { FileEncoding, InitialFile } from "../records/initial_file.ts";
import type { OrgId, SessionId } from "../records/ids.ts";

/** A file with its content. */
export interface StoredFile {
  /** Canonical path. */
  readonly path: string;
  /** The content. */
  readonly content: string;
  /** How `content` is written. */
  readonly encoding: FileEncoding;
  /** Size of the bytes. */
  readonly sizeBytes: number;
  /** Whether tools may change it. */
  readonly isReadonly: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** What a path names. */
export interface FileStat {
  /** Canonical path. */
  readonly path: string;
  /** Last part of the path; `/` for the root. */
  readonly name: string;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
  /** Whether tools may change it. */
  readonly isReadonly: boolean;
  /** Size of the bytes; 0 for a directory. */
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** Options of a search through files. */
export interface GrepOptions {
  /** Only files that match: a glob without `/` at any depth, a glob with `/` from the root, else a substring. */
  readonly pathPattern?: string;
  /** Lines shown before a match. @default {0} */
  readonly before?: number;
  /** Lines shown after a match. @default {0} */
  readonly after?: number;
  /** Matches to skip. @default {0} */
  readonly offset?: number;
  /** Most matches. @default {100} */
  readonly limit?: number;
  /** Most characters of the answer. @default {65536} */
  readonly maxBytes?: number;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

/** One line of a search's answer. */
export interface GrepLine {
  /** Canonical path of the file. */
  readonly path: string;
  /** From 1. */
  readonly lineNumber: number;
  /** The line without its end. */
  readonly line: string;
  /** Whether it matches, or is shown as context. */
  readonly isMatch: boolean;
}

/** The answer of a search. */
export interface GrepResult {
  /** Lines by path, then by number; overlapping context appears once. */
  readonly lines: readonly GrepLine[];
  /** Matches among them. */
  readonly matchCount: number;
  /** Where to go on, when there is more. */
  readonly nextOffset?: number;
  /** Files passed over because they are larger than 512 KiB or not text. */
  readonly skippedFiles: number;
}

/**
 * Files keyed by workspace.
 *
 * Canonical paths start with `/`; `/workspace` is an alias of the root; relative paths count from the root; a
 * trailing slash is dropped; `..`, NUL and backslash are refused. Parent directories are made as needed.
 */
export interface RuntimeFileStore {
  /** The root as the model sees it. */
  readonly displayRoot: string;
  /**
   * Reads a file.
   *
   * @throws {FileStoreError} `file_not_found`, `file_is_directory` or `path_invalid`
   */
  readFile(workspaceId: string, path: string): Promise<StoredFile>;
  /**
   * Writes a file whole, at once or not at all.
   *
   * @returns whether it was created
   * @throws {FileStoreError} `file_read_only`, `file_is_directory`, `file_too_large` or `path_invalid`
   */
  writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean>;
  /**
   * Writes a file only if its content is still `expected`; compare and write are one act.
   *
   * @returns false when it changed, is missing or is a directory
   */
  writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean>;
  /**
   * Deletes a file or directory.
   *
   * @returns false when nothing was deleted: missing, the root, or a full directory without `recursive`
   * @throws {FileStoreError} `file_read_only` or `path_invalid`
   */
  deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean>;
  /** Entries of a directory, sorted by path; empty for a missing path or a file. */
  listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]>;
  /** What a path names, or undefined. */
  statFile(workspaceId: string, path: string): Promise<FileStat | undefined>;
  /**
   * Searches lines with a linear-time regular expression.
   *
   * @throws {FileStoreError} `pattern_invalid` or `scan_too_large` (over 5 MiB)
   */
  grepFiles(workspaceId: string, pattern: string, options?: GrepOptions): Promise<GrepResult>;
  /** Makes a directory and its parents; harmless when it exists. */
  createDirectory(workspaceId: string, path: string): Promise<void>;
  /** Writes a file of a layer, keeping its read-only mark; an existing file stays as it is. */
  seedInitialFile(workspaceId: string, file: InitialFile): Promise<void>;
}

/** The file store of one session's workspace; what a tool gets. */
export interface SessionFiles {
  /** The root as the model sees it. */
  readonly displayRoot: string;
  /** See {@linkcode RuntimeFileStore.readFile}. */
  readFile(path: string): Promise<StoredFile>;
  /** See {@linkcode RuntimeFileStore.writeFile}. */
  writeFile(path: string, content: string, encoding?: FileEncoding): Promise<boolean>;
  /** See {@linkcode RuntimeFileStore.writeFileIfContentMatches}. */
  writeFileIfContentMatches(path: string, expected: string, content: string, encoding?: FileEncoding): Promise<boolean>;
  /** See {@linkcode RuntimeFileStore.deleteFile}. */
  deleteFile(path: string, recursive?: boolean): Promise<boolean>;
  /** See {@linkcode RuntimeFileStore.listDirectory}. */
  listDirectory(path?: string): Promise<readonly FileStat[]>;
  /** See {@linkcode RuntimeFileStore.statFile}. */
  statFile(path: string): Promise<FileStat | undefined>;
  /** See {@linkcode RuntimeFileStore.grepFiles}. */
  grepFiles(pattern: string, options?: GrepOptions): Promise<GrepResult>;
  /** See {@linkcode RuntimeFileStore.createDirectory}. */
  createDirectory(path: string): Promise<void>;
}

/** What a file-system factory is told. */
export interface FileSystemContext {
  /** The session that needs files, when there is one yet. */
  readonly sessionId?: SessionId;
  /** Its organisation. */
  readonly organizationId: OrgId;
  /** Whatever the host gave to the builder. */
  readonly extensions: ReadonlyMap<string, unknown>;
}

/** Makes the file store of a runtime. */
export interface SessionFileSystemFactory {
  /** Its name, for messages. */
  readonly name: string;
  /** Makes the store; called once at `build()`. */
  create(context: FileSystemContext): RuntimeFileStore | Promise<RuntimeFileStore>;
}
