/** Keeps what the runtime itself writes out of a workspace: stored outputs, logs and results of tasks. */

import type { FileEncoding } from "../../src/records/initial_file.ts";
import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "../../src/ports/file_store.ts";
import { FileStoreDecorator } from "./file_store_decorator.ts";

/** Paths the runtime makes for itself; a folder `outputs` of the project keeps its other files. */
const OWN = /^\/(outputs\/call_[0-9a-f]{32}\.\w+|\.background(\/.*)?|\.tasks(\/.*)?)$/;

/**
 * A workspace of which the files the runtime writes by itself lie elsewhere: `/outputs/call_*`, `/.background` and `/.tasks`.
 *
 * The model sees them where the runtime says they are, but no listing or search of the workspace shows them. What wraps
 * the workspace, such as a blocklist or approvals, does not concern them.
 *
 * @example
 * ```ts ignore
 * import { InMemoryFileStore } from "@everruns/runtime";
 * import { OwnFilesStore, RealDiskFileStore } from "@everruns/runtime/local";
 *
 * const project = await RealDiskFileStore.open("/home/me/project");
 * const files = new OwnFilesStore(project, new InMemoryFileStore());
 * ```
 */
export class OwnFilesStore extends FileStoreDecorator {
  readonly #own: RuntimeFileStore;

  /** Goes around a workspace; `own` has the runtime's files. */
  constructor(workspace: RuntimeFileStore, own: RuntimeFileStore) {
    super(workspace);
    this.#own = own;
  }

  /** Reads a file. */
  override readFile(workspaceId: string, path: string): Promise<StoredFile> {
    const own = this.#ownPath(path);
    return own === undefined ? super.readFile(workspaceId, path) : this.#own.readFile(workspaceId, own);
  }

  /** Writes a file whole; tells whether it was created. */
  override writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const own = this.#ownPath(path);
    return own === undefined
      ? super.writeFile(workspaceId, path, content, encoding)
      : this.#own.writeFile(workspaceId, own, content, encoding);
  }

  /** Writes a file only if its content is still `expected`; tells whether it did. */
  override writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: FileEncoding,
  ): Promise<boolean> {
    const own = this.#ownPath(path);
    return own === undefined
      ? super.writeFileIfContentMatches(workspaceId, path, expected, content, encoding)
      : this.#own.writeFileIfContentMatches(workspaceId, own, expected, content, encoding);
  }

  /** Deletes a file or directory; tells whether it did. */
  override deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const own = this.#ownPath(path);
    return own === undefined
      ? super.deleteFile(workspaceId, path, recursive)
      : this.#own.deleteFile(workspaceId, own, recursive);
  }

  /** The entries of a directory. */
  override listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]> {
    const own = this.#ownPath(path);
    return own === undefined ? super.listDirectory(workspaceId, path) : this.#own.listDirectory(workspaceId, own);
  }

  /** What is at a path; undefined when nothing is. */
  override statFile(workspaceId: string, path: string): Promise<FileStat | undefined> {
    const own = this.#ownPath(path);
    return own === undefined ? super.statFile(workspaceId, path) : this.#own.statFile(workspaceId, own);
  }

  /** Makes a directory and its parents. */
  override createDirectory(workspaceId: string, path: string): Promise<void> {
    const own = this.#ownPath(path);
    return own === undefined ? super.createDirectory(workspaceId, path) : this.#own.createDirectory(workspaceId, own);
  }

  /** A search that names one of the runtime's files searches it; no other finds them. */
  override grepFiles(workspaceId: string, pattern: string, options: GrepOptions = {}): Promise<GrepResult> {
    const own = options.pathPattern === undefined ? undefined : this.#ownPath(options.pathPattern);
    return own === undefined
      ? super.grepFiles(workspaceId, pattern, options)
      : this.#own.grepFiles(workspaceId, pattern, { ...options, pathPattern: own });
  }

  /** The path in the other store; undefined for one of the workspace, and for what is no path. */
  #ownPath(path: string): string | undefined {
    try {
      const canonical = this.canonicalPath(path);
      return OWN.test(canonical) ? canonical : undefined;
    } catch {
      return undefined;
    }
  }
}
