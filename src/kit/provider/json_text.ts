/** JSON text of requests, made once for what does not change. */

/**
 * The JSON text of a value, with unpaired surrogates replaced.
 *
 * A tool output cut in the middle of a character holds half of it. JSON writes that as an escape which providers
 * answer with 400, and as the history is sent again and again the session would never recover.
 */
export function jsonText(value: object | string): string {
  const text = JSON.stringify(value);
  if (!text.includes("\\ud")) return text;
  return JSON.stringify(value, (_key, inner: unknown) => typeof inner === "string" ? inner.toWellFormed() : inner);
}

/**
 * Keeps the JSON text of records that do not change.
 *
 * A history of thousands of messages is sent with every step of a turn: only new messages are encoded, the rest is
 * looked up, and the texts go away with the messages.
 */
export class TextCache<T extends object> {
  readonly #texts = new WeakMap<T, string>();
  readonly #encode: (record: T) => string;

  /** Makes a cache over an encoder. */
  constructor(encode: (record: T) => string) {
    this.#encode = encode;
  }

  /** The text of a record. */
  of(record: T): string {
    let text = this.#texts.get(record);
    if (text === undefined) {
      text = this.#encode(record);
      this.#texts.set(record, text);
    }
    return text;
  }
}
