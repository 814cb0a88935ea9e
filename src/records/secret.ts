/** A value that must not be printed. */

/**
 * Wraps a key or password so that text and JSON show `[secret]`, and inspection shows no value.
 *
 * @example
 * ```ts
 * import { Secret } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const key = new Secret("sk-123");
 * assert.equal(JSON.stringify({ key }), '{"key":"[secret]"}');
 * assert.equal(key.reveal(), "sk-123");
 * ```
 */
export class Secret {
  readonly #value: string;

  /** Wraps a value. */
  constructor(value: string) {
    if (typeof value !== "string") throw new TypeError("Cannot make a secret, such as an apiKey: expected a string");
    this.#value = value;
  }

  /** Wraps a string; a secret is returned as it is. */
  static from(value: string | Secret): Secret {
    return value instanceof Secret ? value : new Secret(value);
  }

  /** The value itself; only a driver calls this, at request time. */
  reveal(): string {
    return this.#value;
  }

  /** Hides the value. */
  toString(): string {
    return "[secret]";
  }

  /** Hides the value. */
  toJSON(): string {
    return "[secret]";
  }
}
