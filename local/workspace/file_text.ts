/** Telling text from other bytes. */

import type { FileEncoding } from "../../src/records/initial_file.ts";

// A byte order mark belongs to the content.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as the content of a file. */
export interface FileContent {
  /** The text, or the bytes as base64. */
  readonly content: string;
  /** Which of them. */
  readonly encoding: FileEncoding;
}

/**
 * The content of bytes: valid UTF-8 without NUL is text, everything else base64.
 *
 * @param written the encoding they were written in, when that is known: text may hold NUL, and what was written as
 * base64 is read as base64
 */
export function contentOf(bytes: Uint8Array, written?: FileEncoding): FileContent {
  const text = written === "base64" || (written === undefined && bytes.includes(0)) ? undefined : decode(bytes);
  return text === undefined ? { content: bytes.toBase64(), encoding: "base64" } : { content: text, encoding: "text" };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
