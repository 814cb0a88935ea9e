/** A file store seen from one workspace. */

import type { FileEncoding } from "../records/initial_file.ts";
import type {
  FileStat,
  GrepOptions,
  GrepResult,
  RuntimeFileStore,
  SessionFiles,
  StoredFile,
} from "../ports/file_store.ts";

/** Pins the workspace of a file store. */
export class WorkspaceFiles implements SessionFiles {
  readonly #store: RuntimeFileStore;
  readonly #workspaceId: string;

  /** Pins a workspace. */
  constructor(store: RuntimeFileStore, workspaceId: string) {
    this.#store = store;
    this.#workspaceId = workspaceId;
  }

  /** The root as the model sees it. */
  get displayRoot(): string {
    return this.#store.displayRoot;
  }

  /** See {@linkcode RuntimeFileStore.readFile}. */
  readFile(path: string): Promise<StoredFile> {
    return this.#store.readFile(this.#workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.writeFile}. */
  writeFile(path: string, content: string, encoding: FileEncoding = "text"): Promise<boolean> {
    return this.#store.writeFile(this.#workspaceId, path, content, encoding);
  }

  /** See {@linkcode RuntimeFileStore.writeFileIfContentMatches}. */
  writeFileIfContentMatches(
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding = "text",
  ): Promise<boolean> {
    return this.#store.writeFileIfContentMatches(this.#workspaceId, path, expected, content, encoding);
  }

  /** See {@linkcode RuntimeFileStore.deleteFile}. */
  deleteFile(path: string, recursive = false): Promise<boolean> {
    return this.#store.deleteFile(this.#workspaceId, path, recursive);
  }

  /** See {@linkcode RuntimeFileStore.listDirectory}. */
  listDirectory(path = "/"): Promise<readonly FileStat[]> {
    return this.#store.listDirectory(this.#workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.statFile}. */
  statFile(path: string): Promise<FileStat | undefined> {
    return this.#store.statFile(this.#workspaceId, path);
  }

  /** See {@linkcode RuntimeFileStore.grepFiles}. */
  grepFiles(pattern: string, options?: GrepOptions): Promise<GrepResult> {
    return this.#store.grepFiles(this.#workspaceId, pattern, options);
  }

  /** See {@linkcode RuntimeFileStore.createDirectory}. */
  createDirectory(path: string): Promise<void> {
    return this.#store.createDirectory(this.#workspaceId, path);
  }
}
