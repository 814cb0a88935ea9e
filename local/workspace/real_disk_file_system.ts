/** The real-disk workspace as a platform's file system. */

import type { PermissionNeeds } from "../../src/records/permissions.ts";
import type { RuntimeFileStore, SessionFileSystemFactory } from "../../src/ports/file_store.ts";
import { absolutePath } from "../paths.ts";
import { RealDiskFileStore, type RealDiskFileStoreOptions } from "./real_disk_file_store.ts";

/** Options of {@linkcode realDiskFileSystem}. */
export interface RealDiskFileSystemOptions extends RealDiskFileStoreOptions {
  /**
   * Wraps the file store, in a write blocklist for example.
   *
   * @default the store as it is
   */
  readonly decorate?: (files: RuntimeFileStore) => RuntimeFileStore;
}

/** A factory that says which Deno permissions its file store needs. */
export interface RealDiskFileSystem extends SessionFileSystemFactory {
  /** To read and write the root. */
  readonly permissions: PermissionNeeds;
}

/**
 * Lets the sessions of a platform work on one folder of the host's disk.
 *
 * Importing it and calling it needs no permission; the runtime's `build()` opens the folder and needs
 * `--allow-read=<root>` and `--allow-write=<root>`.
 *
 * @example
 * ```ts ignore
 * import { CapabilityRegistry, DriverRegistry, PlatformDefinition } from "@everruns/runtime";
 * import { realDiskFileSystem, WriteBlocklistFileStore } from "@everruns/runtime/local";
 *
 * new PlatformDefinition({
 *   capabilities: new CapabilityRegistry(),
 *   drivers: new DriverRegistry(),
 *   sessionFileSystemFactory: realDiskFileSystem("/home/me/project", {
 *     decorate: (files) => new WriteBlocklistFileStore(files),
 *   }),
 * });
 * ```
 *
 * @throws {TypeError} when the root is not an absolute path
 */
export function realDiskFileSystem(root: string, options: RealDiskFileSystemOptions = {}): RealDiskFileSystem {
  const folder = absolutePath("workspace root", root);
  const { decorate = (files) => files } = options;
  return {
    name: "real_disk",
    permissions: { read: [folder], write: [folder] },
    create: async () => decorate(await RealDiskFileStore.open(folder, options)),
  };
}
