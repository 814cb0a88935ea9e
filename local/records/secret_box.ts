/** Encryption of stored secrets: AES-256-GCM (NIST SP 800-38D) by WebCrypto. */

import type { RandomSource } from "../../src/ports/clock.ts";

/** What is kept of a secret. */
export interface SealedSecret {
  /** Drawn anew for each write; never used twice with one key. */
  readonly nonce: Uint8Array;
  /** The encrypted value and its tag. */
  readonly ciphertext: Uint8Array;
}

/** 256 bits. */
const KEY_BYTES = 32;
/** The length the mode is made for (NIST SP 800-38D, 8.2). */
const NONCE_BYTES = 12;
const ALGORITHM = "AES-GCM";

const encoder = new TextEncoder();

/**
 * Encrypts and decrypts texts with one key.
 *
 * A text is tied to a place: it cannot be decrypted in another one. Nonces are random, so one key is good for 2^32
 * texts (NIST SP 800-38D, 8.3).
 */
export class SecretBox {
  readonly #key: () => Promise<CryptoKey>;
  readonly #random: RandomSource;

  /**
   * Takes a key; raw bytes are copied.
   *
   * @throws {RangeError} when a key has not 256 bits
   * @throws {TypeError} when it is no key, or one for something else
   */
  constructor(key: CryptoKey | Uint8Array, random: RandomSource) {
    this.#random = random;
    if (key instanceof CryptoKey) {
      checkKey(key);
      this.#key = () => Promise.resolve(key);
      return;
    }
    if (!(key instanceof Uint8Array)) {
      throw new TypeError("Cannot use `secretKey`: expected 32 bytes or a CryptoKey");
    }
    checkLength(key.length);
    const bytes = new Uint8Array(key);
    let imported: Promise<CryptoKey> | undefined;
    this.#key = () => imported ??= crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["encrypt", "decrypt"]);
  }

  /** Encrypts a text for a place. */
  async seal(place: string, text: string): Promise<SealedSecret> {
    const nonce = new Uint8Array(NONCE_BYTES);
    this.#random.fill(nonce);
    // As JSON any text survives, lone surrogates too.
    const plain = encoder.encode(JSON.stringify(text));
    const ciphertext = await crypto.subtle.encrypt(parametersOf(nonce, place), await this.#key(), plain);
    return { nonce, ciphertext: new Uint8Array(ciphertext) };
  }

  /** Decrypts the text of a place; undefined when the key is another one, or anything was changed. */
  async open(place: string, { nonce, ciphertext }: SealedSecret): Promise<string | undefined> {
    const key = await this.#key();
    try {
      const parameters = parametersOf(new Uint8Array(nonce), place);
      const plain = await crypto.subtle.decrypt(parameters, key, new Uint8Array(ciphertext));
      const text: unknown = JSON.parse(new TextDecoder().decode(plain));
      return typeof text === "string" ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

function parametersOf(iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: ALGORITHM, iv, additionalData: encoder.encode(place) };
}

function checkKey(key: CryptoKey): void {
  const { algorithm, usages } = key;
  if (algorithm.name !== ALGORITHM || !usages.includes("encrypt") || !usages.includes("decrypt")) {
    throw new TypeError(`Cannot use \`secretKey\`: expected a key of ${ALGORITHM} that may encrypt and decrypt`);
  }
  checkLength("length" in algorithm && typeof algorithm.length === "number" ? algorithm.length / 8 : 0);
}

function checkLength(bytes: number): void {
  if (bytes === KEY_BYTES) return;
  throw new RangeError(`Cannot use \`secretKey\`: it has ${bytes} bytes, expected ${KEY_BYTES}`);
}
