/** The session's storage as a tool gets it: what the tool learns, the runtime knows to be secret. */

import type { JsonValue } from "../records/json.ts";
import type { SessionId } from "../records/ids.ts";
import type { Secret } from "../records/secret.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type { SecretFilter } from "./kernel_ports.ts";

/** Passes everything on, and tells the filter which secrets are about. */
export class WatchedStorage implements SessionStorageStore {
  readonly #store: SessionStorageStore;
  readonly #secrets: SecretFilter;

  /** Watches a store. */
  constructor(store: SessionStorageStore, secrets: SecretFilter) {
    this.#store = store;
    this.#secrets = secrets;
  }

  /** See {@linkcode SessionStorageStore.getSecret}. */
  async getSecret(sessionId: SessionId, name: string): Promise<Secret | undefined> {
    const secret = await this.#store.getSecret(sessionId, name);
    if (secret !== undefined) await this.#secrets.learn(secret);
    return secret;
  }

  /** See {@linkcode SessionStorageStore.setSecret}. */
  async setSecret(sessionId: SessionId, name: string, value: Secret): Promise<void> {
    await this.#secrets.learn(value);
    await this.#store.setSecret(sessionId, name, value);
  }

  /** See {@linkcode SessionStorageStore.deleteSecret}. */
  deleteSecret(sessionId: SessionId, name: string): Promise<boolean> {
    return this.#store.deleteSecret(sessionId, name);
  }

  /** See {@linkcode SessionStorageStore.listSecrets}. */
  listSecrets(sessionId: SessionId): Promise<readonly string[]> {
    return this.#store.listSecrets(sessionId);
  }

  /** See {@linkcode SessionStorageStore.setValue}. */
  setValue(sessionId: SessionId, key: string, value: JsonValue): Promise<void> {
    return this.#store.setValue(sessionId, key, value);
  }

  /** See {@linkcode SessionStorageStore.getValue}. */
  getValue(sessionId: SessionId, key: string): Promise<JsonValue | undefined> {
    return this.#store.getValue(sessionId, key);
  }

  /** See {@linkcode SessionStorageStore.deleteValue}. */
  deleteValue(sessionId: SessionId, key: string): Promise<boolean> {
    return this.#store.deleteValue(sessionId, key);
  }

  /** See {@linkcode SessionStorageStore.listKeys}. */
  listKeys(sessionId: SessionId): Promise<readonly string[]> {
    return this.#store.listKeys(sessionId);
  }
}
