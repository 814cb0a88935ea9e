/**
 * A workspace on disk for one test.
 *
 * @module
 */

import { join } from "node:path";
import type { RuntimeFileStore } from "../../../src/ports/file_store.ts";
import { RealDiskFileStore, type RealDiskFileStoreOptions } from "../../../local/workspace/real_disk_file_store.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";

/** The workspace id of the tests; any does. */
export const ID = "w";

/** A workspace beside which other things may lie; disposing removes all of it. */
export interface Workspace extends Disposable {
  /** The folder around the workspace. */
  readonly outside: string;
  /** The root on the host. */
  readonly root: string;
  /** The store over it. */
  readonly files: RealDiskFileStore;
  /** Opens another store over the root. */
  reopen(options?: RealDiskFileStoreOptions): Promise<RealDiskFileStore>;
  /** The path on the host of a path below the root. */
  host(path: string): string;
  /** Puts a file on the host, past the store. */
  put(path: string, content?: string): void;
}

/** Makes a folder with a workspace in it. */
export async function openWorkspace(options: RealDiskFileStoreOptions = {}): Promise<Workspace> {
  const folder = tempFolder();
  const root = join(folder.path, "project");
  Deno.mkdirSync(root);
  const host = (path: string): string => join(root, path);
  return {
    outside: folder.path,
    root,
    files: await RealDiskFileStore.open(root, options),
    reopen: (more = options) => RealDiskFileStore.open(root, more),
    host,
    put(path, content = "content\n"): void {
      Deno.mkdirSync(join(host(path), ".."), { recursive: true });
      Deno.writeTextFileSync(host(path), content);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** File stores over workspaces of their own, as the conformance suite wants them. */
export class Workspaces {
  readonly #options: RealDiskFileStoreOptions;
  readonly #wrap: (files: RuntimeFileStore) => RuntimeFileStore;
  readonly #folders = new WeakMap<RuntimeFileStore, { readonly folder: TempFolder; readonly isFirst: boolean }>();

  /** Makes stores with these options, and wraps them. */
  constructor(
    options: RealDiskFileStoreOptions,
    wrap: (files: RuntimeFileStore) => RuntimeFileStore = (files) => files,
  ) {
    this.#options = options;
    this.#wrap = wrap;
  }

  /** A store over a folder of its own. */
  readonly create = (): Promise<RuntimeFileStore> => this.#open(tempFolder(), true);

  /** A further store over the folder of another one. */
  readonly reopen = (first: RuntimeFileStore): Promise<RuntimeFileStore> =>
    this.#open(this.#folders.get(first)!.folder, false);

  /** Removes the folder with the first store. */
  readonly close = (files: RuntimeFileStore): void => {
    const { folder, isFirst } = this.#folders.get(files)!;
    if (isFirst) folder[Symbol.dispose]();
  };

  async #open(folder: TempFolder, isFirst: boolean): Promise<RuntimeFileStore> {
    const files = this.#wrap(await RealDiskFileStore.open(folder.path, this.#options));
    this.#folders.set(files, { folder, isFirst });
    return files;
  }
}

/** The whole of a folder on the host: paths and contents. */
export function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isSymlink) found[name] = "a link";
    else if (!isDirectory) found[name] = Deno.readTextFileSync(path);
    else for (const [inside, content] of Object.entries(snapshot(path))) found[`${name}/${inside}`] = content;
  }
  return found;
}
