/** Paths and errors of files as the model sees them: always from the root it was told about. */

import { FileStoreError, ToolError } from "../../errors.ts";
import type { SessionFiles } from "../../ports/file_store.ts";
import { canonicalPath } from "../../kit/paths.ts";

/** A canonical path as the model sees it. */
export function shownPath(files: SessionFiles, canonical: string): string {
  const root = files.displayRoot;
  if (root === "/") return canonical;
  return canonical === "/" ? root : `${root}${canonical}`;
}

/** A path the model wrote, in the form it sees elsewhere. */
export function shownInput(files: SessionFiles, input: string): string {
  const root = files.displayRoot;
  if (input === root || input.startsWith(`${root}/`)) return input;
  try {
    return shownPath(files, canonicalPath(input));
  } catch {
    return input;
  }
}

/** Runs a file operation; what the store refuses becomes a tool error in words for the model. */
export async function withToolErrors<T>(files: SessionFiles, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw error instanceof FileStoreError ? new ToolError(explain(files, error), { cause: error }) : error;
  }
}

function explain(files: SessionFiles, error: FileStoreError): string {
  const { code, path, message } = error;
  switch (code) {
    case "file_not_found":
      return `File not found: ${shownPath(files, path)}`;
    case "file_is_directory":
      return `${shownPath(files, path)} is a directory; use list_directory to see what is in it`;
    case "file_read_only":
      return `${shownPath(files, path)} is read-only`;
    case "path_invalid":
    case "pattern_invalid":
      // About what the model wrote, which has no other form.
      return message;
    default:
      return message.replaceAll(`"${path}"`, `"${shownPath(files, path)}"`);
  }
}
