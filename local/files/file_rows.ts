/** Files, directories and workspaces as rows. */

import { hash128 } from "../sqlite/hash128.ts";
import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding } from "../../src/records/initial_file.ts";
import type { FileStat, StoredFile } from "../../src/ports/file_store.ts";
import { nameOf, parentOf } from "../../src/kit/paths.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { bytesOf, numberOf, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";
import { decodeContent } from "./content.ts";

const SELECT_WORKSPACE = "SELECT files, directories, size_bytes, created_at, updated_at FROM workspace WHERE id = ?";
const PUT_WORKSPACE = `INSERT INTO workspace (id, files, directories, size_bytes, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET files = excluded.files,
  directories = excluded.directories, size_bytes = excluded.size_bytes, updated_at = excluded.updated_at`;
const SELECT_STAT = `SELECT path, is_directory, is_readonly, size_bytes, created_at, updated_at
  FROM file WHERE workspace_id = ? AND path = ?`;
const SELECT_FILE = `SELECT path, is_readonly, encoding, size_bytes, created_at, updated_at, hash, content
  FROM file WHERE workspace_id = ? AND path = ? AND is_directory = 0`;
const LIST = `SELECT path, is_directory, is_readonly, size_bytes, created_at, updated_at
  FROM file WHERE workspace_id = ? AND parent = ?`;
const LIST_FILES = "SELECT path, encoding, size_bytes FROM file WHERE workspace_id = ? AND is_directory = 0";
const HAS_CHILD = "SELECT 1 AS found FROM file WHERE workspace_id = ? AND parent = ? LIMIT 1";
const INSERT_DIRECTORY = `INSERT INTO file
  (workspace_id, path, parent, is_directory, is_readonly, size_bytes, created_at, updated_at)
  VALUES (?, ?, ?, 1, 0, 0, ?, ?)`;
const PUT_FILE = `INSERT INTO file (workspace_id, path, parent, is_directory, is_readonly, encoding, size_bytes,
  created_at, updated_at, hash, content) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (workspace_id, path) DO UPDATE SET is_readonly = excluded.is_readonly, encoding = excluded.encoding,
  size_bytes = excluded.size_bytes, updated_at = excluded.updated_at, hash = excluded.hash,
  content = excluded.content`;
const TOUCH_DIRECTORY = "UPDATE file SET updated_at = ? WHERE workspace_id = ? AND path = ?";
// "0" follows "/": the range is exactly what is inside the directory, whatever its name holds.
const INSIDE = "workspace_id = ?1 AND path > ?2 || '/' AND path < ?2 || '0'";
const SUM_INSIDE = `SELECT COUNT(*) - TOTAL(is_directory) AS files, TOTAL(is_directory) AS directories,
  TOTAL(size_bytes) AS size_bytes, MIN(CASE WHEN is_readonly = 1 THEN path END) AS kept FROM file WHERE ${INSIDE}`;
const DELETE_INSIDE = `DELETE FROM file WHERE ${INSIDE}`;
const DELETE = "DELETE FROM file WHERE workspace_id = ? AND path = ?";

/** What the files of a workspace come to, and the times of its root. */
export interface WorkspaceTotals {
  /** How many files. */
  readonly files: number;
  /** How many directories; the root is none. */
  readonly directories: number;
  /** Bytes of all files. */
  readonly sizeBytes: number;
  /** When something was written for the first time; milliseconds since the epoch. */
  readonly createdAt: number;
  /** When something in the root was made or deleted; milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** A file that may be searched. */
export interface ListedFile {
  /** Canonical path. */
  readonly path: string;
  /** Size of the bytes. */
  readonly sizeBytes: number;
  /** Whether its content was given as text. */
  readonly isText: boolean;
}

/** What is inside a directory. */
export interface InsideSum {
  /** Files at any depth. */
  readonly files: number;
  /** Directories at any depth. */
  readonly directories: number;
  /** Bytes of the files. */
  readonly sizeBytes: number;
  /** A read-only file among them. */
  readonly kept?: string;
}

/** The rows of one workspace; its id as JSON text, its paths canonical and never the root. */
export class FileRows {
  readonly #connection: Connection;
  readonly #workspace: string;

  /** The rows of a workspace in an open store. */
  constructor(connection: Connection, workspace: string) {
    this.#connection = connection;
    this.#workspace = workspace;
  }

  /** The workspace, or undefined when nothing was ever written to it. */
  totals(): WorkspaceTotals | undefined {
    const row = this.#connection.get(SELECT_WORKSPACE, this.#workspace);
    if (row === undefined) return undefined;
    return {
      files: numberOf(row, "files"),
      directories: numberOf(row, "directories"),
      sizeBytes: numberOf(row, "size_bytes"),
      createdAt: numberOf(row, "created_at"),
      updatedAt: numberOf(row, "updated_at"),
    };
  }

  /** Stores what the workspace comes to. */
  putTotals({ files, directories, sizeBytes, createdAt, updatedAt }: WorkspaceTotals): void {
    this.#connection.run(PUT_WORKSPACE, this.#workspace, files, directories, sizeBytes, createdAt, updatedAt);
  }

  /** What a path names, or undefined. */
  stat(path: string): FileStat | undefined {
    const row = this.#connection.get(SELECT_STAT, this.#workspace, path);
    return row === undefined ? undefined : statOf(row);
  }

  /**
   * A file with its content, or undefined.
   *
   * @throws {FileStoreError} `file_corrupt`
   */
  file(path: string): StoredFile | undefined {
    const row = this.#connection.get(SELECT_FILE, this.#workspace, path);
    if (row === undefined) return undefined;
    try {
      return fileOf(row, this.#workspace);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      throw new FileStoreError(
        "file_corrupt",
        path,
        `Cannot read "${path}": its stored content is damaged; write it anew or delete it`,
      );
    }
  }

  /** Entries of a directory, sorted by path. */
  list(path: string): FileStat[] {
    return this.#connection.all(LIST, this.#workspace, path).map(statOf).sort(byPath);
  }

  /** Every file, sorted by path; no content is read. */
  files(): ListedFile[] {
    const files = this.#connection.all(LIST_FILES, this.#workspace).map((row) => ({
      path: textOf(row, "path"),
      sizeBytes: numberOf(row, "size_bytes"),
      isText: row["encoding"] === "text",
    }));
    return files.sort(byPath);
  }

  /** Whether a directory holds anything. */
  hasChild(path: string): boolean {
    return this.#connection.get(HAS_CHILD, this.#workspace, path) !== undefined;
  }

  /** Adds a directory to one that is there. */
  addDirectory(path: string, now: number): void {
    this.#connection.run(INSERT_DIRECTORY, this.#workspace, path, parentOf(path), now, now);
  }

  /** Stamps a directory something was made or deleted in. */
  touch(path: string, now: number): void {
    this.#connection.run(TOUCH_DIRECTORY, now, this.#workspace, path);
  }

  /** Adds or replaces a file in a directory that is there; one that is replaced keeps its time of creation. */
  put(path: string, content: Uint8Array, encoding: FileEncoding, isReadonly: boolean, now: number): void {
    const stored = { path, encoding, isReadonly };
    this.#connection.run(
      PUT_FILE,
      this.#workspace,
      path,
      parentOf(path),
      isReadonly ? 1 : 0,
      encoding,
      content.length,
      now,
      now,
      rowHash(...hashedParts(this.#workspace, stored, content)),
      content,
    );
  }

  /** What is inside a directory, at any depth. */
  sumInside(path: string): InsideSum {
    const row = this.#connection.get(SUM_INSIDE, this.#workspace, path) ?? {};
    const sum = {
      files: numberOf(row, "files"),
      directories: numberOf(row, "directories"),
      sizeBytes: numberOf(row, "size_bytes"),
    };
    return row["kept"] === null ? sum : { ...sum, kept: textOf(row, "kept") };
  }

  /** Deletes an entry and everything inside it. */
  delete(path: string): void {
    this.#connection.run(DELETE_INSIDE, this.#workspace, path);
    this.#connection.run(DELETE, this.#workspace, path);
  }
}

function statOf(row: SqlRow): FileStat {
  const path = textOf(row, "path");
  return {
    path,
    name: nameOf(path),
    isDirectory: numberOf(row, "is_directory") === 1,
    isReadonly: numberOf(row, "is_readonly") === 1,
    sizeBytes: numberOf(row, "size_bytes"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}

function fileOf(row: SqlRow, workspace: string): StoredFile {
  const path = textOf(row, "path");
  const encoding = encodingOf(row);
  const isReadonly = numberOf(row, "is_readonly") === 1;
  const content = bytesOf(row, "content");
  checkRow(row["hash"], `file "${path}"`, ...hashedParts(workspace, { path, encoding, isReadonly }, content));
  return Object.freeze({
    path,
    content: decodeContent(content, encoding),
    encoding,
    sizeBytes: content.length,
    isReadonly,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  });
}

function encodingOf(row: SqlRow): FileEncoding {
  const encoding = textOf(row, "encoding");
  if (encoding === "text" || encoding === "base64") return encoding;
  throw new CorruptRecordError(`file "${textOf(row, "path")}"`, `its encoding is "${encoding}"`);
}

/** What is hashed of a file; its place is, so a row moved to another one does not match. */
function hashedParts(
  workspace: string,
  { path, encoding, isReadonly }: Pick<StoredFile, "path" | "encoding" | "isReadonly">,
  content: Uint8Array,
): readonly string[] {
  return [workspace, path, encoding, isReadonly ? "readonly" : "", hash128(content)];
}

function byPath(a: ListedFile | FileStat, b: ListedFile | FileStat): number {
  return a.path < b.path ? -1 : 1;
}
