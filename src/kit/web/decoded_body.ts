/** Undoing what a server did to save bytes on the way. */

import { RuntimeError } from "../../errors.ts";

/** The codings we say we understand. */
export const ACCEPTED_CODINGS = "gzip, deflate, br";

const FORMATS: ReadonlyMap<string, CompressionFormat> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "brotli"],
]);

/**
 * The body behind its content coding.
 *
 * Nothing is collected here: whoever reads less of a bomb decompresses less of it.
 *
 * @throws {RuntimeError} `coding_unknown` for a coding nobody asked for, or more than one
 */
export function decodedBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  coding: string | null,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const name = coding?.trim().toLowerCase() ?? "";
  if (name === "" || name === "identity") return body;
  const format = FORMATS.get(name);
  if (format === undefined) {
    throw new RuntimeError(
      "coding_unknown",
      `Cannot read the answer: its content coding ${JSON.stringify(name)} is not one of ${ACCEPTED_CODINGS}`,
    );
  }
  return body.pipeThrough(new DecompressionStream(format));
}
