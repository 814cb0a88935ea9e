/** The content of files as text or base64: its size in bytes, and whether it is what it says. */

import { FileStoreError } from "../errors.ts";
import type { FileEncoding } from "../records/initial_file.ts";

/** RFC 4648, section 4, padded and without white space. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const encoder = new TextEncoder();

/**
 * The number of bytes a file with this content has.
 *
 * @param path for the message of an error
 * @param limit bytes from which on the exact size does not matter, so that a huge text is not encoded to be refused
 * @throws {FileStoreError} `content_invalid` when it says base64 and is not
 */
export function contentSize(path: string, content: string, encoding: FileEncoding, limit: number = Infinity): number {
  // A UTF-16 unit becomes at least one byte of UTF-8.
  if (encoding === "text") return content.length > limit ? content.length : encoder.encode(content).length;
  if (content.length % 4 !== 0 || !BASE64.test(content)) {
    throw new FileStoreError("content_invalid", path, `Cannot write "${path}": its content is not padded base64`);
  }
  const padding = content.endsWith("==") ? 2 : content.endsWith("=") ? 1 : 0;
  return content.length / 4 * 3 - padding;
}
