/** What a tool prints, as others see it. */

import type { SecretFilter } from "./kernel_ports.ts";

/** Where it prints. */
export type OutputStreamName = "stdout" | "stderr";

/** Shows output without keys, also where a key comes in two pieces: what may be the beginning of one waits for more. */
export class OutputStream {
  readonly #secrets: SecretFilter;
  readonly #show: (delta: string, stream: OutputStreamName) => void;
  readonly #waiting = new Map<OutputStreamName, string>();

  /** Shows nothing yet. */
  constructor(secrets: SecretFilter, show: (delta: string, stream: OutputStreamName) => void) {
    this.#secrets = secrets;
    this.#show = show;
  }

  /** Takes a piece. */
  push(delta: string, stream: OutputStreamName): void {
    const text = (this.#waiting.get(stream) ?? "") + delta;
    const sure = text.length - this.#secrets.beginning(text);
    this.#waiting.set(stream, text.slice(sure));
    if (sure > 0) this.#show(this.#secrets.redactResult(text.slice(0, sure)), stream);
  }

  /** Nothing follows. */
  end(): void {
    for (const [stream, text] of this.#waiting) if (text !== "") this.#show(this.#secrets.redact(text), stream);
    this.#waiting.clear();
  }
}
