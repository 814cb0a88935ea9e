/** The hash by which the model names the very content it has seen. */

import type { FileEncoding } from "../../records/initial_file.ts";
import { sha256Hex } from "../../kit/sha256.ts";

/** The hash of a file's bytes: `sha256:` and 64 hex digits. */
export async function contentHash(content: string, encoding: FileEncoding): Promise<string> {
  const hex = await sha256Hex(encoding === "text" ? content : Uint8Array.fromBase64(content));
  return `sha256:${hex}`;
}
