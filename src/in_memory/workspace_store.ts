/** The files of one workspace in memory: a tree of directories, with caps. */

import { FileStoreError } from "../errors.ts";
import type { FileEncoding } from "../records/initial_file.ts";
import type { FileStat, StoredFile } from "../ports/file_store.ts";
import { contentSize } from "../kit/file_content.ts";
import { nameOf, parentOf } from "../kit/paths.ts";

/** What a workspace may hold. */
export interface WorkspaceLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
  /** Files; and directories. */
  readonly files: number;
}

interface Directory {
  readonly children: Map<string, StoredFile | Directory>;
  readonly createdAt: number;
  updatedAt: number;
}

/**
 * One workspace; every path it is given is canonical.
 *
 * Each method checks everything before it changes anything, and runs to its end without waiting: an act is whole or
 * does not happen.
 */
export class WorkspaceStore {
  readonly #limits: WorkspaceLimits;
  readonly #now: () => number;
  readonly #root: Directory;
  #bytes = 0;
  #files = 0;
  #directories = 0;

  /** Makes an empty workspace. */
  constructor(limits: WorkspaceLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#root = directory(now());
  }

  /** Reads a file. */
  read(path: string): StoredFile {
    const node = this.#find(path);
    if (node === undefined) throw missing(path);
    if (isDirectory(node)) {
      throw new FileStoreError("file_is_directory", path, `Cannot read "${path}": it is a directory`);
    }
    return node;
  }

  /** Writes a file; tells whether it was created. */
  write(path: string, content: string, encoding: FileEncoding, isReadonly: boolean = false): boolean {
    const old = this.#find(path);
    if (old !== undefined && isDirectory(old)) {
      throw new FileStoreError("file_is_directory", path, `Cannot write "${path}": it is a directory`);
    }
    if (old?.isReadonly === true) throw readOnly("write", path);
    const { fileBytes, totalBytes } = this.#limits;
    const sizeBytes = contentSize(path, content, encoding, fileBytes);
    if (sizeBytes > fileBytes) {
      throw new FileStoreError(
        "file_too_large",
        path,
        `Cannot write "${path}": a file may have ${fileBytes} bytes and this has ${sizeBytes}; write it in parts`,
      );
    }
    const growth = sizeBytes - (old?.sizeBytes ?? 0);
    if (this.#bytes + growth > totalBytes) throw full(path, `${totalBytes} bytes`);
    if (old === undefined && this.#files >= this.#limits.files) throw full(path, `${this.#limits.files} files`);

    const parent = this.#makeDirectories(parentOf(path), path);
    const now = this.#now();
    const createdAt = old?.createdAt ?? now;
    const file: StoredFile = { path, content, encoding, sizeBytes, isReadonly, createdAt, updatedAt: now };
    parent.children.set(nameOf(path), Object.freeze(file));
    this.#bytes += growth;
    if (old !== undefined) return false;
    this.#files++;
    parent.updatedAt = now;
    return true;
  }

  /** Writes a file if its content is the expected one; tells whether it did. */
  writeIf(path: string, expected: string, content: string, encoding: FileEncoding): boolean {
    const old = this.#find(path);
    if (old === undefined || isDirectory(old) || old.content !== expected) return false;
    this.write(path, content, encoding);
    return true;
  }

  /** Deletes a file or directory; tells whether it did. */
  delete(path: string, recursive: boolean): boolean {
    const node = this.#find(path);
    if (node === undefined || node === this.#root) return false;
    if (isDirectory(node) && node.children.size > 0 && !recursive) return false;
    const files = isDirectory(node) ? filesUnder(node) : { files: [node], directories: 0 };
    const kept = files.files.find(({ isReadonly }) => isReadonly);
    if (kept !== undefined) throw readOnly("delete", kept.path);

    const parent = this.#find(parentOf(path));
    if (parent === undefined || !isDirectory(parent)) return false;
    parent.children.delete(nameOf(path));
    parent.updatedAt = this.#now();
    this.#files -= files.files.length;
    this.#directories -= files.directories;
    for (const { sizeBytes } of files.files) this.#bytes -= sizeBytes;
    return true;
  }

  /** Entries of a directory, sorted by path. */
  list(path: string): FileStat[] {
    const node = this.#find(path);
    if (node === undefined || !isDirectory(node)) return [];
    const prefix = path === "/" ? "/" : `${path}/`;
    return [...node.children].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, child]) => statOf(`${prefix}${name}`, name, child));
  }

  /** What a path names, or undefined. */
  stat(path: string): FileStat | undefined {
    const node = this.#find(path);
    return node === undefined ? undefined : statOf(path, nameOf(path), node);
  }

  /** Makes a directory and its parents. */
  createDirectory(path: string): void {
    this.#makeDirectories(path, path);
  }

  /** All files, sorted by path. */
  files(): StoredFile[] {
    return filesUnder(this.#root).files.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  #find(path: string): StoredFile | Directory | undefined {
    let node: StoredFile | Directory | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (node === undefined || !isDirectory(node)) return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  #makeDirectories(path: string, wanted: string): Directory {
    let parent = this.#root;
    const names = namesOf(path);
    for (const [index, name] of names.entries()) {
      const child = parent.children.get(name);
      if (child === undefined) return this.#grow(parent, names.slice(index), wanted);
      if (!isDirectory(child)) {
        throw new FileStoreError(
          "path_invalid",
          wanted,
          `Cannot make "${wanted}": "${child.path}" is a file, not a directory`,
        );
      }
      parent = child;
    }
    return parent;
  }

  #grow(parent: Directory, names: readonly string[], wanted: string): Directory {
    if (this.#directories + names.length > this.#limits.files) throw full(wanted, `${this.#limits.files} directories`);
    this.#directories += names.length;
    const now = this.#now();
    parent.updatedAt = now;
    for (const name of names) {
      const child = directory(now);
      parent.children.set(name, child);
      parent = child;
    }
    return parent;
  }
}

/** The stat of the root of a workspace nothing was written to. */
export const EMPTY_ROOT: FileStat = Object.freeze(statOf("/", "/", directory(0)));

function directory(now: number): Directory {
  return { children: new Map(), createdAt: now, updatedAt: now };
}

function isDirectory(node: StoredFile | Directory): node is Directory {
  return "children" in node;
}

function namesOf(path: string): string[] {
  return path === "/" ? [] : path.slice(1).split("/");
}

/** Everything in a directory, itself included; not recursive, since a path may be deeper than the stack. */
function filesUnder(top: Directory): { files: StoredFile[]; directories: number } {
  const files: StoredFile[] = [];
  const directories = [top];
  for (const each of directories) {
    for (const child of each.children.values()) {
      if (isDirectory(child)) directories.push(child);
      else files.push(child);
    }
  }
  return { files, directories: directories.length };
}

function statOf(path: string, name: string, node: StoredFile | Directory): FileStat {
  const { createdAt, updatedAt } = node;
  if (isDirectory(node)) {
    return { path, name, isDirectory: true, isReadonly: false, sizeBytes: 0, createdAt, updatedAt };
  }
  const { isReadonly, sizeBytes } = node;
  return { path, name, isDirectory: false, isReadonly, sizeBytes, createdAt, updatedAt };
}

function missing(path: string): FileStoreError {
  return new FileStoreError("file_not_found", path, `Cannot read "${path}": there is no such file`);
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
