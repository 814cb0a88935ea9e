/** The end of what a process writes to its standard error. */

import { stripVTControlCharacters } from "node:util";

/** Most bytes that are kept. */
const MAX_BYTES = 64 * 1024;

/** Drains a stream for as long as it lasts and keeps its end. */
export class StderrTail {
  /** Resolves when the stream has ended. */
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Starts to drain. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.done = this.#drain().catch(() => {});
  }

  /** Reads no more. */
  stop(): void {
    this.#reader.cancel().catch(() => {});
  }

  /** The last lines without secrets, at most so many characters. */
  text(maxCharacters: number, redact: (text: string) => string): string {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    // Redacted before it is cut: half a secret at its beginning would not be recognised.
    const text = redact(stripVTControlCharacters(new TextDecoder().decode(bytes)).trim());
    return text.length > maxCharacters ? `…${text.slice(-maxCharacters)}` : text;
  }

  async #drain(): Promise<void> {
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      const piece = read.value;
      this.#parts.push(piece.length > MAX_BYTES ? piece.slice(-MAX_BYTES) : piece);
      this.#bytes += this.#parts.at(-1)?.length ?? 0;
      while (this.#parts.length > 1 && this.#bytes - (this.#parts[0]?.length ?? 0) >= MAX_BYTES) {
        this.#bytes -= this.#parts.shift()?.length ?? 0;
      }
    }
  }
}
