/** Key-value and secret storage of sessions in memory. */

import type { JsonValue } from "../records/json.ts";
import type { SessionId } from "../records/ids.ts";
import { Secret } from "../records/secret.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";

/**
 * Keeps values and secrets in maps, apart for each session; gone with the process.
 *
 * Values are kept as JSON text: what is read is a copy, so changing it later does not change what is stored.
 */
export class InMemorySessionStorageStore implements SessionStorageStore {
  readonly #values = new SessionMaps<string>();
  readonly #secrets = new SessionMaps<Secret>();

  /**
   * Stores a value under a key, replacing an earlier one.
   *
   * @throws {TypeError} when the value is not JSON
   */
  setValue(sessionId: SessionId, key: string, value: JsonValue): Promise<void> {
    return Promise.try(() => {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`Cannot store ${typeof value} under "${key}": it is not JSON`);
      this.#values.set(sessionId, key, text);
    });
  }

  /** The value, or undefined. */
  getValue(sessionId: SessionId, key: string): Promise<JsonValue | undefined> {
    const text = this.#values.get(sessionId, key);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text) as JsonValue);
  }

  /** Removes a value; tells whether there was one. */
  deleteValue(sessionId: SessionId, key: string): Promise<boolean> {
    return Promise.resolve(this.#values.delete(sessionId, key));
  }

  /** The keys, sorted. */
  listKeys(sessionId: SessionId): Promise<readonly string[]> {
    return Promise.resolve(this.#values.keys(sessionId));
  }

  /**
   * Stores a secret under a name, replacing an earlier one.
   *
   * @throws {TypeError} when it is not wrapped in a {@linkcode Secret}
   */
  setSecret(sessionId: SessionId, name: string, value: Secret): Promise<void> {
    return Promise.try(() => {
      if (!(value instanceof Secret)) throw new TypeError(`Cannot store secret "${name}": wrap the value in a Secret`);
      this.#secrets.set(sessionId, name, value);
    });
  }

  /** The secret, or undefined. */
  getSecret(sessionId: SessionId, name: string): Promise<Secret | undefined> {
    return Promise.resolve(this.#secrets.get(sessionId, name));
  }

  /** Removes a secret; tells whether there was one. */
  deleteSecret(sessionId: SessionId, name: string): Promise<boolean> {
    return Promise.resolve(this.#secrets.delete(sessionId, name));
  }

  /** The names of the secrets, sorted. */
  listSecrets(sessionId: SessionId): Promise<readonly string[]> {
    return Promise.resolve(this.#secrets.keys(sessionId));
  }
}

/** A map for each session that has an entry, and none for the others. */
class SessionMaps<V> {
  readonly #maps = new Map<SessionId, Map<string, V>>();

  set(sessionId: SessionId, key: string, value: V): void {
    let map = this.#maps.get(sessionId);
    if (map === undefined) this.#maps.set(sessionId, map = new Map());
    map.set(key, value);
  }

  get(sessionId: SessionId, key: string): V | undefined {
    return this.#maps.get(sessionId)?.get(key);
  }

  delete(sessionId: SessionId, key: string): boolean {
    const map = this.#maps.get(sessionId);
    const deleted = map?.delete(key) ?? false;
    if (map?.size === 0) this.#maps.delete(sessionId);
    return deleted;
  }

  keys(sessionId: SessionId): string[] {
    return [...this.#maps.get(sessionId)?.keys() ?? []].sort();
  }
}
