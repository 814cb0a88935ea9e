/** What every file store must do. */

import type { FileStoreConformanceOptions } from "./file_store_options.ts";
import { testFileDirectories } from "./file_directories.ts";
import { testFileSearch } from "./file_search.ts";
import { testFileWrites } from "./file_writes.ts";

/**
 * Registers one check for each promise of `RuntimeFileStore`: files, directories, search.
 *
 * @example
 * ```ts ignore
 * testFileStore({ name: "MyFileStore", create: () => new MyFileStore(), test: Deno.test });
 * ```
 */
export function testFileStore(options: FileStoreConformanceOptions): void {
  testFileWrites(options);
  testFileDirectories(options);
  testFileSearch(options);
}
