/** What a model may know of an error that is not made for it. */

import { messageOf, RuntimeError } from "../errors.ts";

/** Conditions of the host's store: their words name its files. */
const HOST_ONLY: ReadonlySet<string> = new Set([
  "store_failed",
  "store_busy",
  "store_too_new",
  "store_unsafe",
  "storage_full",
  "storage_read_only",
  "corrupt_store",
]);

/** The words of errors of the runtime; of the host's store only the code, and of anything else nothing. */
export function toldToModel(error: unknown): string {
  if (!(error instanceof RuntimeError)) return "an internal error";
  return HOST_ONLY.has(error.code) ? `an internal error (${error.code})` : messageOf(error);
}
