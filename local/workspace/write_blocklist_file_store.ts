/** A file store in which some directories can be read but not changed. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding, InitialFile } from "../../src/records/initial_file.ts";
import type { RuntimeFileStore } from "../../src/ports/file_store.ts";
import { FileStoreDecorator } from "./file_store_decorator.ts";

/** Names that are blocked when the host names none: version control, and what tools make and remake. */
export const DEFAULT_BLOCKED_NAMES: readonly string[] = Object.freeze([
  ".git",
  "node_modules",
  "target",
  "dist",
  "build",
  ".next",
  ".venv",
  "venv",
  ".tox",
  ".gradle",
]);

/** Directories one check of a tree looks into before it gives up, and refuses. */
const MAX_DIRECTORIES = 10_000;

/** Options of {@linkcode WriteBlocklistFileStore}. */
export interface WriteBlocklistOptions {
  /**
   * Names nothing may be changed under, instead of the usual ones. Case does not
   * count, as it does not on macOS and Windows.
   *
   * @default {DEFAULT_BLOCKED_NAMES}
   */
  readonly names?: readonly string[];
}

/**
 * Refuses every change of a path with a blocked name in it, at any depth; reading is free.
 *
 * That is writing, comparing and writing, deleting, making directories and seeding (`path_blocked`), and deleting
 * a directory that holds such a path. It keeps mistakes of a model away from version control and generated files; a
 * tool that runs programs goes past it.
 *
 * With an {@linkcode ApprovalGateFileStore} the blocklist goes inside: `new ApprovalGateFileStore(new
 * WriteBlocklistFileStore(files), ...)`, so that no approval opens what is blocked. Needs the permissions of the file
 * store inside, and none of its own.
 *
 * @example
 * ```ts ignore
 * import { InMemoryFileStore } from "@everruns/runtime";
 * import { WriteBlocklistFileStore } from "@everruns/runtime/local";
 *
 * const files = new WriteBlocklistFileStore(new InMemoryFileStore(), { names: [".git", "secrets"] });
 * await files.writeFile("project", "/secrets/key.txt", "x", "text"); // throws path_blocked
 * ```
 */
export class WriteBlocklistFileStore extends FileStoreDecorator {
  readonly #names: ReadonlySet<string>;

  /**
   * Puts the blocklist around a file store.
   *
   * @throws {TypeError} when a name is none: empty, or with a `/`
   */
  constructor(files: RuntimeFileStore, options: WriteBlocklistOptions = {}) {
    super(files);
    const names = options.names ?? DEFAULT_BLOCKED_NAMES;
    for (const name of names) {
      if (typeof name === "string" && name !== "" && !name.includes("/")) continue;
      throw new TypeError(`Cannot block ${JSON.stringify(name)}: expected the name of a file or directory, without /`);
    }
    this.#names = new Set(names.map(spellingOf));
  }

  /**
   * Writes a file whole; tells whether it was created.
   *
   * @throws {FileStoreError} `path_blocked`, or what the file store inside refuses
   */
  override async writeFile(
    workspaceId: string,
    path: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    this.#assertFree("write", path);
    return await super.writeFile(workspaceId, path, content, encoding);
  }

  /**
   * Writes a file only if its content is still `expected`; tells whether it did.
   *
   * @throws {FileStoreError} `path_blocked`, or what the file store inside refuses
   */
  override async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    this.#assertFree("write", path);
    return await super.writeFileIfContentMatches(workspaceId, path, expected, content, encoding);
  }

  /**
   * Deletes a file or directory; tells whether it did.
   *
   * @throws {FileStoreError} `path_blocked`, also when something in the directory is; `scan_too_large` when there are
   * too many directories in it to know; or what the file store inside refuses
   */
  override async deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const canonical = this.#assertFree("delete", path);
    if (recursive && canonical !== "/") await this.#assertFreeInside(workspaceId, canonical);
    return await super.deleteFile(workspaceId, path, recursive);
  }

  /**
   * Makes a directory and its parents; harmless when it exists.
   *
   * @throws {FileStoreError} `path_blocked`, or what the file store inside refuses
   */
  override async createDirectory(workspaceId: string, path: string): Promise<void> {
    this.#assertFree("make", path);
    await super.createDirectory(workspaceId, path);
  }

  /**
   * Writes a file of a layer, keeping its read-only mark; an existing file stays as it is.
   *
   * @throws {FileStoreError} `path_blocked`, or what the file store inside refuses
   */
  override async seedInitialFile(workspaceId: string, file: InitialFile): Promise<void> {
    this.#assertFree("write", file.path);
    await super.seedInitialFile(workspaceId, file);
  }

  #assertFree(action: string, path: string): string {
    const canonical = this.canonicalPath(path);
    const name = canonical.split("/").find((part) => this.#names.has(spellingOf(part)));
    if (name === undefined) return canonical;
    throw new FileStoreError(
      "path_blocked",
      canonical,
      `Cannot ${action} "${canonical}": what is in "${name}" may be read but not changed`,
    );
  }

  /** Level by level, so that a blocked directory is found without looking into it. */
  async #assertFreeInside(workspaceId: string, path: string): Promise<void> {
    const directories = [path];
    for (const directory of directories) {
      for (const entry of await this.listDirectory(workspaceId, directory)) {
        if (this.#names.has(spellingOf(entry.name))) {
          throw new FileStoreError(
            "path_blocked",
            path,
            `Cannot delete "${path}": it holds "${entry.path}", which may be read but not changed`,
          );
        }
        if (entry.isDirectory) directories.push(entry.path);
      }
      if (directories.length <= MAX_DIRECTORIES) continue;
      throw new FileStoreError(
        "scan_too_large",
        path,
        `Cannot delete "${path}": there are too many directories in it; delete them one by one`,
      );
    }
  }
}

/** One spelling for all a file system may take for the same name (git refuses them since CVE-2014-9390). */
function spellingOf(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
