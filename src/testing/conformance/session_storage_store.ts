/** What every session storage store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { JsonValue } from "../../records/json.ts";
import { Secret } from "../../records/secret.ts";
import type { SessionStorageStore } from "../../ports/session_storage_store.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);

/**
 * Registers one check for each promise of {@linkcode SessionStorageStore}.
 *
 * @example
 * ```ts ignore
 * testSessionStorageStore({ name: "MyStorage", create: () => new MyStorage(), test: Deno.test });
 * ```
 */
export function testSessionStorageStore(options: ConformanceOptions<SessionStorageStore>): void {
  check(options, "an empty storage finds, lists and deletes nothing", async (store) => {
    assert.equal(await store.getValue(SESSION, "key"), undefined);
    assert.equal(await store.getSecret(SESSION, "key"), undefined);
    assert.deepEqual(await store.listKeys(SESSION), []);
    assert.deepEqual(await store.listSecrets(SESSION), []);
    assert.equal(await store.deleteValue(SESSION, "key"), false);
    assert.equal(await store.deleteSecret(SESSION, "key"), false);
  });

  const values: readonly JsonValue[] = ["", "\u{1F600}\u0000", 0, -1.5, true, false, null, [], {}, [1, { a: [null] }]];
  for (const value of values) {
    check(options, `setValue() keeps ${JSON.stringify(value)}`, async (store) => {
      await store.setValue(SESSION, "key", value);
      assert.deepEqual(await store.getValue(SESSION, "key"), value);
    });
  }

  check(options, "setValue() replaces an earlier value", async (store) => {
    await store.setValue(SESSION, "key", { old: 1 });
    await store.setValue(SESSION, "key", { new: 2 });
    assert.deepEqual(await store.getValue(SESSION, "key"), { new: 2 });
    assert.deepEqual(await store.listKeys(SESSION), ["key"]);
  });

  check(options, "setValue() keeps a copy: changing the object later changes nothing", async (store) => {
    const value = { list: [1] };
    await store.setValue(SESSION, "key", value);
    value.list.push(2);
    assert.deepEqual(await store.getValue(SESSION, "key"), { list: [1] });
  });

  check(options, "any text is a key, and keys are listed sorted", async (store) => {
    const keys = ["b", "__proto__", "a/b", "a", "", "constructor", "\u{1F511}"];
    for (const key of keys) await store.setValue(SESSION, key, key);
    assert.deepEqual(await store.listKeys(SESSION), [...keys].sort());
    for (const key of keys) assert.equal(await store.getValue(SESSION, key), key);
  });

  check(options, "deleteValue() removes one value and tells that it was there", async (store) => {
    await store.setValue(SESSION, "a", 1);
    await store.setValue(SESSION, "b", 2);
    assert.equal(await store.deleteValue(SESSION, "a"), true);
    assert.equal(await store.deleteValue(SESSION, "a"), false);
    assert.deepEqual(await store.listKeys(SESSION), ["b"]);
  });

  check(options, "setSecret() keeps and replaces a secret; only its name is listed", async (store) => {
    await store.setSecret(SESSION, "token", new Secret("first"));
    await store.setSecret(SESSION, "token", new Secret("s3cret"));
    assert.equal((await store.getSecret(SESSION, "token"))?.reveal(), "s3cret");
    assert.deepEqual(await store.listSecrets(SESSION), ["token"]);
  });

  check(options, "deleteSecret() removes a secret and tells that it was there", async (store) => {
    for (const name of ["b", "a"]) await store.setSecret(SESSION, name, new Secret(name));
    assert.deepEqual(await store.listSecrets(SESSION), ["a", "b"]);
    assert.equal(await store.deleteSecret(SESSION, "b"), true);
    assert.equal(await store.deleteSecret(SESSION, "b"), false);
    assert.deepEqual(await store.listSecrets(SESSION), ["a"]);
  });

  check(options, "values and secrets of the same name do not meet", async (store) => {
    await store.setValue(SESSION, "name", "value");
    await store.setSecret(SESSION, "name", new Secret("secret"));
    await store.deleteValue(SESSION, "name");
    assert.equal(await store.getValue(SESSION, "name"), undefined);
    assert.equal((await store.getSecret(SESSION, "name"))?.reveal(), "secret");
  });

  check(options, "sessions do not see each other's values and secrets", async (store) => {
    await store.setValue(SESSION, "name", 1);
    await store.setSecret(SESSION, "name", new Secret("secret"));
    assert.equal(await store.getValue(OTHER_SESSION, "name"), undefined);
    assert.equal(await store.getSecret(OTHER_SESSION, "name"), undefined);
    assert.deepEqual(await store.listKeys(OTHER_SESSION), []);
    assert.equal(await store.deleteValue(OTHER_SESSION, "name"), false);
    assert.equal(await store.getValue(SESSION, "name"), 1);
  });
}
