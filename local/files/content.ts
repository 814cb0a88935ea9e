/** The content of files as bytes: what is stored of a text or of base64, and what is read back. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding } from "../../src/records/initial_file.ts";
import { contentSize } from "../../src/kit/file_content.ts";

const encoder = new TextEncoder();
// A byte order mark belongs to the content.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The bytes of a content.
 *
 * @param limit most bytes of a file
 * @throws {FileStoreError} `content_invalid` when its base64 is none or its text has no UTF-8 form, `file_too_large`
 */
export function encodeContent(path: string, content: string, encoding: FileEncoding, limit: number): Uint8Array {
  const size = contentSize(path, content, encoding, limit);
  if (size > limit) {
    throw new FileStoreError(
      "file_too_large",
      path,
      `Cannot write "${path}": a file may have ${limit} bytes and this has ${size}; write it in parts`,
    );
  }
  if (encoding === "base64") return Uint8Array.fromBase64(content);
  if (!content.isWellFormed()) {
    throw new FileStoreError(
      "content_invalid",
      path,
      `Cannot write "${path}": its text has half of a surrogate pair; write whole characters, or bytes as base64`,
    );
  }
  return encoder.encode(content);
}

/** The content of stored bytes; base64 in its canonical form (RFC 4648, 3.5). */
export function decodeContent(bytes: Uint8Array, encoding: FileEncoding): string {
  return encoding === "base64" ? bytes.toBase64() : decoder.decode(bytes);
}

/** Bytes as the content of a file. */
export interface FileContent {
  /** The text, or the bytes as base64. */
  readonly content: string;
  /** Which of them. */
  readonly encoding: FileEncoding;
}

/**
 * The content of bytes that anybody may have written: valid UTF-8 without NUL is text, everything else base64.
 *
 * @param written the encoding they were written in, when that is known: text may hold NUL, and what was written as
 * base64 is read as base64
 */
export function contentOf(bytes: Uint8Array, written?: FileEncoding): FileContent {
  if (written !== "base64" && (written === "text" || !bytes.includes(0))) {
    try {
      return { content: strictDecoder.decode(bytes), encoding: "text" };
    } catch {
      // Not UTF-8.
    }
  }
  return { content: bytes.toBase64(), encoding: "base64" };
}

/** Whether a content is the expected one; of base64 the bytes count, so other spellings of them are expected too. */
export function isExpected(content: string, encoding: FileEncoding, expected: string): boolean {
  if (content === expected) return true;
  if (encoding === "text" || content.length !== expected.length) return false;
  try {
    return Uint8Array.fromBase64(expected).toBase64() === content;
  } catch {
    return false;
  }
}
