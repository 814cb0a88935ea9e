/** Keeps what the runtime itself writes out of the user's folder: stored outputs, logs and results of tasks. */

import type { FileStat, GrepOptions, GrepResult, RuntimeFileStore, StoredFile } from "@everruns/runtime";
import { FileStoreDecorator } from "@everruns/runtime/local";

type FileEncoding = StoredFile["encoding"];

/** Paths the runtime makes for itself; a folder `outputs` of the project keeps its other files. */
const OWN = /^\/(outputs\/call_[0-9a-f]{32}\.\w+|\.background(\/.*)?|\.tasks(\/.*)?)$/;

/** A workspace of which some paths lie elsewhere; the agent sees them where the runtime says they are. */
export class OwnFilesStore extends FileStoreDecorator {
  readonly #own: RuntimeFileStore;

  /** Goes around the workspace; `own` has the runtime's files. */
  constructor(workspace: RuntimeFileStore, own: RuntimeFileStore) {
    super(workspace);
    this.#own = own;
  }

  override readFile(workspaceId: string, path: string): Promise<StoredFile> {
    const own = this.#ownPath(path);
    return own === undefined ? super.readFile(workspaceId, path) : this.#own.readFile(workspaceId, own);
  }

  override writeFile(workspaceId: string, path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const own = this.#ownPath(path);
    return own === undefined
      ? super.writeFile(workspaceId, path, content, encoding)
      : this.#own.writeFile(workspaceId, own, content, encoding);
  }

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

  override deleteFile(workspaceId: string, path: string, recursive: boolean): Promise<boolean> {
    const own = this.#ownPath(path);
    return own === undefined
      ? super.deleteFile(workspaceId, path, recursive)
      : this.#own.deleteFile(workspaceId, own, recursive);
  }

  override listDirectory(workspaceId: string, path: string): Promise<readonly FileStat[]> {
    const own = this.#ownPath(path);
    return own === undefined ? super.listDirectory(workspaceId, path) : this.#own.listDirectory(workspaceId, own);
  }

  override statFile(workspaceId: string, path: string): Promise<FileStat | undefined> {
    const own = this.#ownPath(path);
    return own === undefined ? super.statFile(workspaceId, path) : this.#own.statFile(workspaceId, own);
  }

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
