/** Values and secrets of sessions in a store. */

import { RuntimeError } from "../../src/errors.ts";
import { isId, parseId, type SessionId } from "../../src/records/ids.ts";
import type { JsonValue } from "../../src/records/json.ts";
import { Secret } from "../../src/records/secret.ts";
import type { RandomSource } from "../../src/ports/clock.ts";
import type { SessionStorageStore } from "../../src/ports/session_storage_store.ts";
import { systemRandom } from "../../src/kit/ids.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { bytesOf, encodeJson, jsonOf, parseJson, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";
import { SecretBox } from "./secret_box.ts";
import { toStoredJson } from "./stored_json.ts";

/** Options of {@linkcode LocalSessionStorageStore}. */
export interface LocalSessionStorageStoreOptions {
  /**
   * Encrypts secrets: 32 bytes, or a key of AES-GCM with 256 bits that may encrypt and decrypt.
   *
   * Keep it apart from the data folder: whoever has both has the secrets, and without it they are lost.
   *
   * @default none: secrets are refused
   */
  readonly secretKey?: CryptoKey | Uint8Array;
  /** Draws the nonces of secrets; each must be new. @default the system's randomness */
  readonly random?: RandomSource;
}

const SELECT_VALUE = "SELECT body, hash FROM session_value WHERE session_id = ? AND key = ?";
const PUT_VALUE = `INSERT INTO session_value (session_id, key, body, hash) VALUES (?, ?, ?, ?)
  ON CONFLICT (session_id, key) DO UPDATE SET body = excluded.body, hash = excluded.hash`;
const DELETE_VALUE = "DELETE FROM session_value WHERE session_id = ? AND key = ?";
const LIST_VALUES = "SELECT key AS name FROM session_value WHERE session_id = ?";
const SELECT_SECRET = "SELECT nonce, ciphertext FROM session_secret WHERE session_id = ? AND name = ?";
const PUT_SECRET = `INSERT INTO session_secret (session_id, name, nonce, ciphertext) VALUES (?, ?, ?, ?)
  ON CONFLICT (session_id, name) DO UPDATE SET nonce = excluded.nonce, ciphertext = excluded.ciphertext`;
const DELETE_SECRET = "DELETE FROM session_secret WHERE session_id = ? AND name = ?";
const LIST_SECRETS = "SELECT name FROM session_secret WHERE session_id = ?";
const SECRET_ADVICE = "store it with setSecret()";

/**
 * Keeps values and secrets in `local.db`, apart for each session.
 *
 * Secrets are encrypted with AES-256-GCM, each tied to its session and name; their names are not. Keys and names may be
 * any text. Without a `secretKey` secrets can be listed and deleted, but neither stored nor read.
 */
export class LocalSessionStorageStore implements SessionStorageStore {
  readonly #connection: Connection;
  readonly #box: SecretBox | undefined;

  /**
   * Keeps values and secrets in an open store.
   *
   * @throws {RangeError} when the key has not 256 bits
   * @throws {TypeError} when it is no key of AES-GCM
   */
  constructor(connection: Connection, options: LocalSessionStorageStoreOptions = {}) {
    const { secretKey, random = systemRandom() } = options;
    this.#connection = connection;
    this.#box = secretKey === undefined ? undefined : new SecretBox(secretKey, random);
  }

  /**
   * Stores a value under a key, replacing an earlier one.
   *
   * @throws {TypeError} when the value is not JSON, naming the member
   * @throws {RuntimeError} `secret_in_record` when a {@linkcode Secret} is in it
   */
  async setValue(sessionId: SessionId, key: string, value: JsonValue): Promise<void> {
    parseId("session", sessionId);
    const name = encodeJson(key);
    const body = encodeJson(toStoredJson(value, whatOf("value", sessionId, name), SECRET_ADVICE));
    const hash = rowHash(sessionId, name, body);
    await this.#connection.write(() => this.#connection.run(PUT_VALUE, sessionId, name, body, hash), {
      bytes: body.length,
    });
  }

  /**
   * The value, or undefined.
   *
   * @throws {CorruptRecordError} when it is damaged; storing it again mends it
   */
  getValue(sessionId: SessionId, key: string): Promise<JsonValue | undefined> {
    return Promise.try(() => {
      const name = encodeJson(key);
      const row = isId("session", sessionId) ? this.#connection.get(SELECT_VALUE, sessionId, name) : undefined;
      if (row === undefined) return undefined;
      checkRow(row["hash"], whatOf("value", sessionId, name), sessionId, name, textOf(row, "body"));
      return jsonOf(row, "body");
    });
  }

  /** Removes a value; tells whether there was one. */
  deleteValue(sessionId: SessionId, key: string): Promise<boolean> {
    return this.#delete(DELETE_VALUE, sessionId, key);
  }

  /** The keys, sorted by UTF-16 units. */
  listKeys(sessionId: SessionId): Promise<readonly string[]> {
    return this.#list(LIST_VALUES, sessionId);
  }

  /**
   * Stores a secret under a name, replacing an earlier one.
   *
   * @throws {RuntimeError} `secret_key_missing` when the store was given no key
   * @throws {TypeError} when it is not wrapped in a {@linkcode Secret}
   */
  async setSecret(sessionId: SessionId, name: string, value: Secret): Promise<void> {
    parseId("session", sessionId);
    const key = encodeJson(name);
    const box = this.#needBox("store", sessionId, key);
    if (!(value instanceof Secret)) throw new TypeError(`Cannot store secret ${key}: wrap the value in a Secret`);
    const { nonce, ciphertext } = await box.seal(placeOf(sessionId, key), value.reveal());
    await this.#connection.write(() => this.#connection.run(PUT_SECRET, sessionId, key, nonce, ciphertext), {
      bytes: ciphertext.length,
    });
  }

  /**
   * The secret, or undefined.
   *
   * @throws {RuntimeError} `secret_key_missing` when the store was given no key, `secret_unreadable` when it was stored
   * with another key or its row was changed
   */
  async getSecret(sessionId: SessionId, name: string): Promise<Secret | undefined> {
    const key = encodeJson(name);
    const box = this.#needBox("read", sessionId, key);
    const row = isId("session", sessionId) ? this.#connection.get(SELECT_SECRET, sessionId, key) : undefined;
    if (row === undefined) return undefined;
    const sealed = { nonce: bytesOf(row, "nonce"), ciphertext: bytesOf(row, "ciphertext") };
    const text = await box.open(placeOf(sessionId, key), sealed);
    if (text !== undefined) return new Secret(text);
    throw new RuntimeError(
      "secret_unreadable",
      `Cannot read ${whatOf("secret", sessionId, key)}: it was stored with another \`secretKey\`, or its row was ` +
        "changed; give the key it was stored with, or store it again",
    );
  }

  /** Removes a secret; tells whether there was one. */
  deleteSecret(sessionId: SessionId, name: string): Promise<boolean> {
    return this.#delete(DELETE_SECRET, sessionId, name);
  }

  /** The names of the secrets, sorted by UTF-16 units. */
  listSecrets(sessionId: SessionId): Promise<readonly string[]> {
    return this.#list(LIST_SECRETS, sessionId);
  }

  async #delete(sql: string, sessionId: SessionId, name: string): Promise<boolean> {
    if (!isId("session", sessionId)) return false;
    const key = encodeJson(name);
    return await this.#connection.write(() => this.#connection.run(sql, sessionId, key)) > 0;
  }

  #list(sql: string, sessionId: SessionId): Promise<readonly string[]> {
    return Promise.try(() => {
      if (!isId("session", sessionId)) return [];
      const names = this.#connection.all(sql, sessionId).map((row) => nameOf(textOf(row, "name"), sessionId));
      return names.sort();
    });
  }

  #needBox(action: string, sessionId: SessionId, key: string): SecretBox {
    if (this.#box !== undefined) return this.#box;
    throw new RuntimeError(
      "secret_key_missing",
      `Cannot ${action} ${whatOf("secret", sessionId, key)}: there is no key to encrypt it with; give one with the ` +
        "option `secretKey` (32 random bytes)",
    );
  }
}

/** What a secret is tied to; a line feed is in neither part. */
function placeOf(sessionId: SessionId, key: string): string {
  return `${sessionId}\n${key}`;
}

function whatOf(kind: string, sessionId: SessionId, key: string): string {
  return `${kind} ${key} of session "${sessionId}"`;
}

function nameOf(key: string, sessionId: SessionId): string {
  const what = `the names of session "${sessionId}"`;
  const name = parseJson(key, what);
  if (typeof name === "string") return name;
  throw new CorruptRecordError(what, "one of them is not text");
}
