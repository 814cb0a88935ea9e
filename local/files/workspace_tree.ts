/** The files of one workspace in a store: a tree of directories, with caps. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding } from "../../src/records/initial_file.ts";
import type { FileStat, StoredFile } from "../../src/ports/file_store.ts";
import type { Mutable } from "../../src/kit/mutable.ts";
import { parentOf } from "../../src/kit/paths.ts";
import { encodeContent, isExpected } from "./content.ts";
import type { FileRows, WorkspaceTotals } from "./file_rows.ts";

/** What a workspace may hold. */
export interface WorkspaceLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
  /** Files; and directories. */
  readonly files: number;
}

/**
 * One workspace; every path it is given is canonical.
 *
 * What changes files runs inside a write, at one instant, and throws before it changes anything.
 */
export class WorkspaceTree {
  readonly #rows: FileRows;
  readonly #limits: WorkspaceLimits;
  readonly #now: () => number;

  /** A workspace over its rows. */
  constructor(rows: FileRows, limits: WorkspaceLimits, now: () => number) {
    this.#rows = rows;
    this.#limits = limits;
    this.#now = now;
  }

  /** Reads a file. */
  read(path: string): StoredFile {
    const file = path === "/" ? undefined : this.#rows.file(path);
    if (file !== undefined) return file;
    if (this.stat(path)?.isDirectory === true) throw isDirectory("read", path);
    throw new FileStoreError("file_not_found", path, `Cannot read "${path}": there is no such file`);
  }

  /** What a path names, or undefined. */
  stat(path: string): FileStat | undefined {
    if (path !== "/") return this.#rows.stat(path);
    const { createdAt, updatedAt } = this.#totals(0);
    return { path, name: "/", isDirectory: true, isReadonly: false, sizeBytes: 0, createdAt, updatedAt };
  }

  /** Writes a file; tells whether it was created. */
  write(path: string, content: string, encoding: FileEncoding, isReadonly: boolean = false): boolean {
    const old = this.stat(path);
    if (old?.isDirectory === true) throw isDirectory("write", path);
    if (old?.isReadonly === true) throw readOnly("write", path);
    const { fileBytes, totalBytes } = this.#limits;
    const bytes = encodeContent(path, content, encoding, fileBytes);
    const now = this.#now();
    const totals = this.#totals(now);
    totals.sizeBytes += bytes.length - (old?.sizeBytes ?? 0);
    if (totals.sizeBytes > totalBytes) throw full(path, `${totalBytes} bytes`);
    if (old === undefined) {
      if (totals.files >= this.#limits.files) throw full(path, `${this.#limits.files} files`);
      this.#addDirectories(parentOf(path), path, totals, now);
      this.#touch(parentOf(path), totals, now);
      totals.files++;
    }
    this.#rows.put(path, bytes, encoding, isReadonly, now);
    this.#rows.putTotals(totals);
    return old === undefined;
  }

  /** Writes a file if its content is the expected one; tells whether it did. */
  writeIf(path: string, expected: string, content: string, encoding: FileEncoding): boolean {
    const old = path === "/" ? undefined : this.#rows.file(path);
    if (old === undefined || !isExpected(old.content, old.encoding, expected)) return false;
    this.write(path, content, encoding);
    return true;
  }

  /** Deletes a file or directory; tells whether it did. */
  delete(path: string, recursive: boolean): boolean {
    const node = path === "/" ? undefined : this.#rows.stat(path);
    if (node === undefined) return false;
    if (node.isReadonly) throw readOnly("delete", path);
    if (node.isDirectory && !recursive && this.#rows.hasChild(path)) return false;
    const inside = this.#rows.sumInside(path);
    if (inside.kept !== undefined) throw readOnly("delete", inside.kept);

    const now = this.#now();
    const totals = this.#totals(now);
    totals.files -= inside.files + (node.isDirectory ? 0 : 1);
    totals.directories -= inside.directories + (node.isDirectory ? 1 : 0);
    totals.sizeBytes -= inside.sizeBytes + node.sizeBytes;
    this.#touch(parentOf(path), totals, now);
    this.#rows.delete(path);
    this.#rows.putTotals(totals);
    return true;
  }

  /** Makes a directory and its parents. */
  createDirectory(path: string): void {
    const now = this.#now();
    const totals = this.#totals(now);
    this.#addDirectories(path, path, totals, now);
    this.#rows.putTotals(totals);
  }

  /** Adds the directories of a path that are not there. */
  #addDirectories(path: string, wanted: string, totals: Mutable<WorkspaceTotals>, now: number): void {
    const missing: string[] = [];
    let at = path;
    for (; at !== "/"; at = parentOf(at)) {
      const node = this.#rows.stat(at);
      if (node?.isDirectory === true) break;
      if (node !== undefined) {
        throw new FileStoreError(
          "path_invalid",
          wanted,
          `Cannot make "${wanted}": "${at}" is a file, not a directory`,
        );
      }
      missing.push(at);
    }
    if (missing.length === 0) return;
    totals.directories += missing.length;
    if (totals.directories > this.#limits.files) throw full(wanted, `${this.#limits.files} directories`);
    this.#touch(at, totals, now);
    for (const each of missing.reverse()) this.#rows.addDirectory(each, now);
  }

  #totals(now: number): Mutable<WorkspaceTotals> {
    return this.#rows.totals() ?? { files: 0, directories: 0, sizeBytes: 0, createdAt: now, updatedAt: now };
  }

  /** Stamps a directory that something was made or deleted in. */
  #touch(path: string, totals: Mutable<WorkspaceTotals>, now: number): void {
    if (path === "/") totals.updatedAt = now;
    else this.#rows.touch(path, now);
  }
}

function isDirectory(action: string, path: string): FileStoreError {
  return new FileStoreError("file_is_directory", path, `Cannot ${action} "${path}": it is a directory`);
}

function readOnly(action: string, path: string): FileStoreError {
  return new FileStoreError("file_read_only", path, `Cannot ${action} "${path}": it is read-only`);
}

function full(path: string, limit: string): FileStoreError {
  return new FileStoreError(
    "workspace_full",
    path,
    `Cannot write "${path}": the workspace may hold ${limit}; delete some files`,
  );
}
