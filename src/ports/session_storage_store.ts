/** The session storage port: small values and secrets of a session. */

import type { JsonValue } from "../records/json.ts";
import type { SessionId } from "../records/ids.ts";
import type { Secret } from "../records/secret.ts";

/** Key-value and secret storage, separate for each session. */
export interface SessionStorageStore {
  /** Stores a value under a key, replacing an earlier one. */
  setValue(sessionId: SessionId, key: string, value: JsonValue): Promise<void>;
  /** The value, or undefined. */
  getValue(sessionId: SessionId, key: string): Promise<JsonValue | undefined>;
  /** Removes a value; tells whether there was one. */
  deleteValue(sessionId: SessionId, key: string): Promise<boolean>;
  /** The keys, sorted. */
  listKeys(sessionId: SessionId): Promise<readonly string[]>;
  /** Stores a secret under a name, replacing an earlier one. */
  setSecret(sessionId: SessionId, name: string, value: Secret): Promise<void>;
  /** The secret, or undefined. */
  getSecret(sessionId: SessionId, name: string): Promise<Secret | undefined>;
  /** Removes a secret; tells whether there was one. */
  deleteSecret(sessionId: SessionId, name: string): Promise<boolean>;
  /** The names of the secrets, sorted. */
  listSecrets(sessionId: SessionId): Promise<readonly string[]>;
}
