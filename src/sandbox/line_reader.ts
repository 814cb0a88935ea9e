/** Lines of a stream of bytes, within caps. */

/** Caps of {@linkcode readLines}. */
export interface LineCaps {
  /** Most bytes of one line. */
  readonly maxLineBytes: number;
  /** Most bytes of all lines. */
  readonly maxBytes: number;
  /** Most lines, empty ones included: each costs its reader more than its bytes. */
  readonly maxLines: number;
}

/** A stream said more than it may. */
export class LineCapError extends Error {}

/**
 * The lines of a stream of UTF-8 text; what follows the last line break is dropped.
 *
 * Not more than one line and one chunk is held. Leaving the loop cancels the stream.
 *
 * @throws {LineCapError} when a cap is passed
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  caps: LineCaps,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let parts: Uint8Array[] = [];
  let length = 0;
  let total = 0;
  let lines = 0;
  for await (const chunk of stream) {
    total += chunk.length;
    if (total > caps.maxBytes) throw new LineCapError(`more than ${caps.maxBytes} bytes`);
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (++lines > caps.maxLines) throw new LineCapError(`more than ${caps.maxLines} lines`);
      length += end - from;
      if (length > caps.maxLineBytes) throw new LineCapError(`a line of more than ${caps.maxLineBytes} bytes`);
      let text = "";
      for (const part of parts) text += decoder.decode(part, { stream: true });
      yield text + decoder.decode(chunk.subarray(from, end));
      parts = [];
      length = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > caps.maxLineBytes) throw new LineCapError(`a line of more than ${caps.maxLineBytes} bytes`);
  }
}
