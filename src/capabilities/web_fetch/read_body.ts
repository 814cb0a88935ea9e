/** Reading as much of a body as fits, in the time there is. */

import { RuntimeError } from "../../errors.ts";

/** What was read. */
export interface ReadBody {
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Why the rest is missing; undefined when nothing is. */
  readonly cut?: "size" | "interrupted";
}

/** Options of {@linkcode readBody}. */
export interface ReadBodyOptions {
  /** Most bytes. */
  readonly maxBytes: number;
  /** Whether an error is the caller's own end; it is thrown. */
  readonly signal: AbortSignal;
  /** Told before each wait; what it returns ends the wait in time. */
  readonly waiting: () => Disposable;
}

const FIRST_ROOM = 64 * 1024;

/**
 * Reads a body up to a size; what has come when it breaks off or takes too long is kept.
 *
 * @throws what broke it when nothing has come, or the reason of the signal
 */
export async function readBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { maxBytes, signal, waiting }: ReadBodyOptions,
): Promise<ReadBody> {
  // One buffer that grows: kept as they come, pieces of a byte each would take hundreds of times their size.
  let bytes = new Uint8Array(Math.min(maxBytes, FIRST_ROOM));
  let size = 0;
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await within(reader, waiting);
      if (done) return { bytes: bytes.slice(0, size) };
      const piece = value.subarray(0, maxBytes - size);
      if (size + piece.length > bytes.length) bytes = grown(bytes, Math.min(maxBytes, 2 * (size + piece.length)));
      bytes.set(piece, size);
      size += piece.length;
      if (piece.length < value.length) return { bytes: bytes.slice(0, size), cut: "size" };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (size === 0) throw error;
    const isTooLarge = error instanceof RuntimeError && error.code === "answer_too_large";
    return { bytes: bytes.slice(0, size), cut: isTooLarge ? "size" : "interrupted" };
  } finally {
    // Ends the connection when there is more; a body that failed is over.
    await reader.cancel().catch(() => {});
  }
}

async function within<T>(
  reader: ReadableStreamDefaultReader<T>,
  waiting: () => Disposable,
): Promise<ReadableStreamReadResult<T>> {
  using _ = waiting();
  return await reader.read();
}

function grown(bytes: Uint8Array<ArrayBuffer>, room: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(room);
  larger.set(bytes);
  return larger;
}
