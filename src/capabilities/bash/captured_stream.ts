/** Reading what a command prints, up to a cap. */

/** Options of {@linkcode CapturedStream}. */
export interface CapturedStreamOptions {
  /** Most bytes that are read. */
  readonly maxBytes: number;
  /** Told when there is more than that; nothing further is read. */
  readonly onFull: () => void;
  /** Gets each piece as it comes. */
  readonly onText?: (text: string) => void;
}

/** The text of a stream; bytes that are no UTF-8 become U+FFFD. */
export class CapturedStream {
  /** Resolves when the stream has ended, failed or is full. */
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: CapturedStreamOptions;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #parts: string[] = [];
  #bytes = 0;
  #isFull = false;

  /** Starts to read. */
  constructor(stream: ReadableStream<Uint8Array>, options: CapturedStreamOptions) {
    this.#reader = stream.getReader();
    this.#options = options;
    this.done = this.#read().catch(() => {});
  }

  /** What was read so far. */
  get text(): string {
    return this.#parts.join("");
  }

  /** Whether there was more than the cap. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Reads no more. */
  stop(): void {
    this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    const { maxBytes, onFull } = this.#options;
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      const room = maxBytes - this.#bytes;
      this.#bytes += read.value.length;
      this.#add(this.#decoder.decode(read.value.subarray(0, room), { stream: true }));
      if (this.#bytes <= maxBytes) continue;
      // A character the cap goes through is dropped: the decoder is not told that the text ends.
      this.#isFull = true;
      onFull();
      return;
    }
    this.#add(this.#decoder.decode());
  }

  #add(text: string): void {
    if (text === "") return;
    this.#parts.push(text);
    this.#options.onText?.(text);
  }
}
