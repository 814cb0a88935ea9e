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

/**
 * Reads a body up to a size; what has come when it breaks off or takes too long is kept.
 *
 * @throws what broke it when nothing has come, or the reason of the signal
 */
export async function readBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { maxBytes, signal, waiting }: ReadBodyOptions,
): Promise<ReadBody> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await within(reader, waiting);
      if (done) return { bytes: join(pieces, size) };
      const piece = value.subarray(0, maxBytes - size);
      pieces.push(piece);
      size += piece.length;
      if (piece.length < value.length) return { bytes: join(pieces, size), cut: "size" };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (size === 0) throw error;
    const isTooLarge = error instanceof RuntimeError && error.code === "answer_too_large";
    return { bytes: join(pieces, size), cut: isTooLarge ? "size" : "interrupted" };
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

function join(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}
