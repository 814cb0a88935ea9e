/** The body of an answer: its content coding undone, its bytes counted. */

import { pipeline, type Readable } from "node:stream";
import type { IncomingMessage } from "node:http";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { RuntimeError } from "../../errors.ts";

/** Options of {@linkcode bodyOf}. */
export interface AnswerBodyOptions {
  /** The `content-encoding` of the answer. */
  readonly coding: string | null;
  /** Most bytes as they come over the wire. */
  readonly maxWireBytes: number;
  /** Whose reason is told when it ends the request. */
  readonly signal: AbortSignal | undefined;
}

/**
 * The body of an answer as a stream that is read as fast as it is taken.
 *
 * Whoever takes less of a bomb decompresses less of it. A `DecompressionStream` would not do: it decompresses a chunk
 * whole, so that 405 bytes of Brotli became 512 MiB at once (Deno 2.9.6); the streams of `node:zlib` give 16 KiB at a
 * time.
 *
 * @throws {RuntimeError} `coding_unknown` for a coding nobody asked for
 */
export function bodyOf(answer: IncomingMessage, options: AnswerBodyOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { maxWireBytes, signal } = options;
  let bytes = 0;
  const decoded = decode(answer, options.coding);
  answer.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= maxWireBytes) return;
    answer.destroy(new RuntimeError("answer_too_large", `Cannot read the answer: it has over ${maxWireBytes} bytes`));
  });
  return toWeb(decoded, answer, signal);
}

function decode(answer: IncomingMessage, coding: string | null): Readable {
  const name = coding?.trim().toLowerCase() ?? "";
  if (name === "" || name === "identity") return answer;
  if (name !== "gzip" && name !== "x-gzip" && name !== "br") {
    throw new RuntimeError("coding_unknown", `Cannot read the answer: nobody asked for its content coding "${name}"`);
  }
  // The end of either one reaches the reader of the other.
  return pipeline(answer, name === "br" ? createBrotliDecompress() : createGunzip(), () => {});
}

function toWeb(
  source: Readable,
  answer: IncomingMessage,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  let waiting: Uint8Array[] = [];
  let size = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller): void {
      const give = (): void => {
        if (isOver || waiting.length === 0) return;
        controller.enqueue(joined(waiting, size));
        waiting = [];
        size = 0;
      };
      const fail = (error: unknown): void => {
        if (isOver) return;
        isOver = true;
        controller.error(signal?.aborted ? signal.reason : error);
      };
      source.on("data", (chunk: Uint8Array) => {
        // A server may send its bytes one by one, and each piece costs more than a byte: what comes together stays so.
        if (waiting.push(chunk) === 1) queueMicrotask(give);
        size += chunk.length;
        if ((controller.desiredSize ?? 0) <= size) source.pause();
      });
      source.once("end", () => {
        give();
        if (isOver) return;
        isOver = true;
        controller.close();
      });
      source.on("error", fail);
      source.once("close", () => fail(new Error("the connection was closed in the middle of the answer")));
    },
    pull: () => void source.resume(),
    cancel(): Promise<void> {
      isOver = true;
      const closed = new Promise<void>((resolve) => source.once("close", resolve));
      // One that has all come and has no byte left is at its end, and its connection can go on. Not a compressed one, of
      // which any amount may be left.
      if (source === answer && answer.complete && answer.readableLength === 0) source.resume();
      else source.destroy();
      return closed;
    },
  }, { highWaterMark: 64 * 1024, size: (chunk) => chunk.length });
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}
