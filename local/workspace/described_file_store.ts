/** What a file store may tell about itself beyond its port. */

import type { PermissionNeeds } from "../../src/records/permissions.ts";
import type { RuntimeFileStore } from "../../src/ports/file_store.ts";
import { canonicalPath } from "../../src/kit/paths.ts";

/** A file store; every `RuntimeFileStore` is one. */
export interface DescribedFileStore extends RuntimeFileStore {
  /** The Deno permissions it needs. */
  readonly permissions?: PermissionNeeds | undefined;
  /** The canonical form of a path, when it knows more spellings than every file store. */
  canonicalPath?(path: string): string;
}

/**
 * The canonical form of a path in a file store.
 *
 * @throws {FileStoreError} `path_invalid`
 */
export function canonicalPathIn(files: DescribedFileStore, path: string): string {
  if (files.canonicalPath !== undefined) return files.canonicalPath(path);
  const { displayRoot } = files;
  const isShown = displayRoot !== "/" && displayRoot !== "/workspace" && `${path}/`.startsWith(`${displayRoot}/`);
  return canonicalPath(isShown ? `.${path.slice(displayRoot.length)}` : path);
}
