/** Bytes to lines. */

/** Splits what a process writes into lines; a line has a cap. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Splits at line feeds. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that a piece completes.
   *
   * @throws {RangeError} when a line is longer than the cap
   */
  *push(piece: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      this.#keep(piece.subarray(start, end));
      start = end + 1;
      yield this.#take();
    }
    // A copy: the rest of the piece need not stay in memory.
    if (start < piece.length) this.#keep(piece.slice(start));
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new RangeError(`a line has more than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }

  #take(): string {
    const line = this.#parts.map((part) => this.#decoder.decode(part, { stream: true })).join("");
    this.#parts = [];
    this.#bytes = 0;
    return line + this.#decoder.decode();
  }
}
