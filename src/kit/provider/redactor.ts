/** Keeping a key out of what a provider echoes. */

/** Shapes of keys and of headers that carry them, whoever's they are. */
const KEY_SHAPES = /\b(sk|rk|pk)-[\w*-]{8,}|\bBearer\s+[^\s"',}]{16,}/gi;

/** Replaces a key, in every spelling in which it may come back, by `[secret]`. */
export class Redactor {
  readonly #spellings: readonly string[];

  /** Knows some secret values; those of fewer than 6 characters are too common to be looked for. */
  constructor(secrets: readonly string[]) {
    this.#spellings = secrets.filter((secret) => secret.length >= 6).flatMap((secret) => {
      const bytes = new TextEncoder().encode(secret);
      return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), bytes.toBase64()];
    });
  }

  /** The text without secrets. */
  redact(text: string): string {
    let result = text;
    for (const spelling of this.#spellings) result = result.replaceAll(spelling, "[secret]");
    return result.replace(KEY_SHAPES, "[secret]");
  }
}
