/** A file store around another one. */

import type { FileEncoding, InitialFile } from "../../src/records/initial_file.ts";
import type { PermissionNeeds } from "../../src/records/permissions.ts";
import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../../src/ports/file_store.ts";
import { canonicalPath } from "../../src/kit/paths.ts";

/** What a file store may tell about itself beyond its port; every `RuntimeFileStore` is one. */
interface DescribedFileStore extends RuntimeFileStore {
  readonly permissions?: PermissionNeeds | undefined;
  canonicalPath?(path: string): string;
}

/**
 * Passes everything on to the file store inside; override what is to be different.
 *
 * Needs the permissions of the file store inside, and none of its own.
 *
 * @example
 * ```ts ignore
 * import { FileStoreDecorator } from "@everruns/runtime/local";
 *
 * class NoDeletion extends FileStoreDecorator {
 *   override deleteFile(): Promise<boolean> {
 *     return Promise.resolve(false);
 *   }
 * }
 * ```
 */
export class FileStoreDecorator implements RuntimeFileStore {
  readonly #files: DescribedFileStore;

  /** Goes around a file store. */
  constructor(files: RuntimeFileStore) {
    this.#files = files;
  }

  /** The root as the model sees it. */
  get displayRoot(): string {
    return this.#files.displayRoot;
  }

  /** The Deno permissions of the file store inside; undefined when it does not tell. */
  get permissions(): PermissionNeeds | undefined {
    return this.#files.permissions;
  }

  /**
   * The canonical form of a path in any spelling that the file store inside knows.
   *
   * @throws {FileStoreError} `path_invalid`
   */
  canonicalPath(path: string): string {
    if (this.#files.canonicalPath !== undefined) return this.#files.canonicalPath(path);
    const { displayRoot } = this.#files;
    const isShown = displayRoot !== "/" && displayRoot !== "/workspace" && `${path}/`.startsWith(`${displayRoot}/`);
    return canonicalPath(isShown ? `.${path.slice(displayRoot.length)}` : path);
  }

  /** See {@linkcode RuntimeFileStore.readFile}. */
  readFile(workspaceId: string, path: string): Promise<StoredFile> {
    return this.#files.readFile(workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.writeFile}. */
  writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    return this.#files.writeFile(workspaceId, path, content, encoding);
  }

  /** See {@linkcode RuntimeFileStore.writeFileIfContentMatches}. */
  writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    return this.#files.writeFileIfContentMatches(workspaceId, path, expected, content, encoding);
  }

  /** See {@linkcode RuntimeFileStore.deleteFile}. */
  deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    return this.#files.deleteFile(workspaceId, path, recursive);
  }

  /** See {@linkcode RuntimeFileStore.listDirectory}. */
  listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]> {
    return this.#files.listDirectory(workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.statFile}. */
  statFile(workspaceId: string, path: string): Promise<FileStat | undefined> {
    return this.#files.statFile(workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.grepFiles}. */
  grepFiles(workspaceId: string, pattern: string, options?: GrepOptions): Promise<GrepResult> {
    return this.#files.grepFiles(workspaceId, pattern, options);
  }

  /** See {@linkcode RuntimeFileStore.createDirectory}. */
  createDirectory(workspaceId: string, path: string): Promise<void> {
    return this.#files.createDirectory(workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.seedInitialFile}. */
  seedInitialFile(workspaceId: string, file: InitialFile): Promise<void> {
    return this.#files.seedInitialFile(workspaceId, file);
  }
}
