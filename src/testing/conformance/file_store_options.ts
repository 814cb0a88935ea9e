/** What the part of the conformance suite for file stores is given. */

import type { RuntimeFileStore } from "../../ports/file_store.ts";
import type { SharedConformanceOptions } from "./conformance_options.ts";

/** Options of `testFileStore`. */
export interface FileStoreConformanceOptions extends SharedConformanceOptions<RuntimeFileStore> {
  /**
   * Whether each workspace has its own files; a store over one folder of the host has not.
   *
   * @default {true}
   */
  readonly separatesWorkspaces?: boolean;
  /**
   * Most bytes of a file; without it the cap is not checked.
   *
   * Give the store a small one: the check writes one byte more.
   */
  readonly maxFileBytes?: number;
}
