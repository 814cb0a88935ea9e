/** Values and secrets of sessions in a store: what is encrypted, what is refused, what is found damaged. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import { Secret } from "../../../src/records/secret.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { LocalSessionStorageStore } from "../../../local/records/session_storage_store.ts";
import type { Connection } from "../../../local/sqlite/connection.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "./_opened_stores.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);
const KEY = new Uint8Array(32).fill(7);
const CANARY = "canary-4f1d";

function storageOf(db: Connection, secretKey: CryptoKey | Uint8Array = KEY): LocalSessionStorageStore {
  return new LocalSessionStorageStore(db, { secretKey });
}

Deno.test("secrets and values survive closing the store", async () => {
  using folder = tempFolder();
  {
    using db = openStore(folder);
    await storageOf(db).setSecret(SESSION, "token", new Secret(CANARY));
    await storageOf(db).setValue(SESSION, "key", [CANARY]);
  }
  using db = openStore(folder);
  assert.equal((await storageOf(db).getSecret(SESSION, "token"))?.reveal(), CANARY);
  assert.deepEqual(await storageOf(db).getValue(SESSION, "key"), [CANARY]);
});

Deno.test("a secret is never written as it is: neither the file nor the log holds it, also a replaced one", async () => {
  using folder = tempFolder();
  const db = openStore(folder);
  const store = storageOf(db);
  // Small and large ones: a page holds several, and one takes several pages.
  await store.setValue(SESSION, "key", "plain-92ab");
  await store.setSecret(SESSION, "token", new Secret(`${CANARY}-old`));
  await store.setSecret(SESSION, "token", new Secret(CANARY));
  db.checkpoint();
  await store.setValue(SESSION, "key", "plain-92ab again");
  await store.setSecret(SESSION, "deleted", new Secret(CANARY.repeat(1000)));
  await store.deleteSecret(SESSION, "deleted");
  // While one connection is left, closing another does not empty the log. It is not used any more: reading the files
  // drops its locks.
  const last = openStore(folder);
  assert.equal(last.all("SELECT key FROM session_value").length, 1);
  db.close();
  const files = ["local.db", "local.db-wal"].map((name) => latin1(Deno.readFileSync(join(folder.path, name))));
  last.close();
  // What is stored in plain shows, so the search finds what is there.
  assert.ok(files.every((file) => file.includes("plain-92ab")));
  for (const spelling of [CANARY, btoa(CANARY).slice(0, 14), utf16(CANARY)]) {
    assert.ok(files.every((file) => !file.includes(spelling)), `a file holds ${JSON.stringify(spelling)}`);
  }
});

Deno.test("without a key secrets are refused, and can be listed and deleted", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await storageOf(db).setSecret(SESSION, "token", new Secret(CANARY));
  const store = new LocalSessionStorageStore(db);
  const missing = { code: "secret_key_missing", message: /option `secretKey`/ };
  await assert.rejects(store.getSecret(SESSION, "token"), missing);
  await assert.rejects(store.setSecret(SESSION, "token", new Secret("new")), missing);
  assert.deepEqual(await store.listSecrets(SESSION), ["token"]);
  assert.equal((await storageOf(db).getSecret(SESSION, "token"))?.reveal(), CANARY);
  assert.equal(await store.deleteSecret(SESSION, "token"), true);
  assert.deepEqual(await store.listSecrets(SESSION), []);
  await store.setValue(SESSION, "key", 1);
});

Deno.test("a secret stored with another key is refused, and can be stored again", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await storageOf(db).setSecret(SESSION, "token", new Secret(CANARY));
  const store = storageOf(db, new Uint8Array(32).fill(8));
  await assert.rejects(store.getSecret(SESSION, "token"), { code: "secret_unreadable" });
  await store.setSecret(SESSION, "token", new Secret("new"));
  assert.equal((await store.getSecret(SESSION, "token"))?.reveal(), "new");
});

const tampered: readonly (readonly [what: string, sql: string])[] = [
  ["whose ciphertext was changed", "UPDATE session_secret SET ciphertext = zeroblob(length(ciphertext))"],
  ["whose ciphertext was cut", "UPDATE session_secret SET ciphertext = x''"],
  ["whose nonce was changed", "UPDATE session_secret SET nonce = zeroblob(12)"],
  ["whose nonce was cut", "UPDATE session_secret SET nonce = x''"],
  ["moved to another name", `UPDATE session_secret SET name = '"b"'`],
  ["moved to another session", `UPDATE session_secret SET session_id = '${OTHER_SESSION}'`],
];
for (const [what, sql] of tampered) {
  Deno.test(`a secret ${what} is refused`, async () => {
    using folder = tempFolder();
    using db = openStore(folder);
    const store = storageOf(db);
    await store.setSecret(SESSION, "a", new Secret(CANARY));
    await db.write(() => db.run(sql));
    for (const session of [SESSION, OTHER_SESSION]) {
      for (const name of await store.listSecrets(session)) {
        await assert.rejects(store.getSecret(session, name), { code: "secret_unreadable" });
      }
    }
    assert.equal(db.all("SELECT name FROM session_secret").length, 1);
  });
}

Deno.test("each write draws a nonce of its own from the random source", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStorageStore(db, { secretKey: KEY, random: seededRandom(1) });
  for (const name of ["a", "b", "a"]) await store.setSecret(SESSION, name, new Secret(CANARY));
  const nonces = db.all("SELECT nonce FROM session_secret ORDER BY name").map((row) => row["nonce"]);
  const drawn = [1, 2, 3].map(() => new Uint8Array(12));
  const random = seededRandom(1);
  for (const nonce of drawn) random.fill(nonce);
  assert.deepEqual(nonces, [drawn[2], drawn[1]]);
});

Deno.test("a raw key must have 32 bytes", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  for (const length of [0, 16, 31, 33]) {
    assert.throws(() => storageOf(db, new Uint8Array(length)), RangeError);
  }
  assert.throws(() => storageOf(db, "x".repeat(32) as unknown as Uint8Array), TypeError);
  await storageOf(db, new Uint8Array(32)).setSecret(SESSION, "a", new Secret(CANARY));
});

Deno.test("a raw key is copied: changing its bytes later changes nothing", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const bytes = new Uint8Array(KEY);
  const store = storageOf(db, bytes);
  bytes.fill(0);
  await store.setSecret(SESSION, "a", new Secret(CANARY));
  assert.equal((await storageOf(db).getSecret(SESSION, "a"))?.reveal(), CANARY);
});

Deno.test("a CryptoKey of AES-GCM with 256 bits does as well, and no other", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const usages: KeyUsage[] = ["encrypt", "decrypt"];
  const key = await crypto.subtle.importKey("raw", KEY, "AES-GCM", false, usages);
  await storageOf(db, key).setSecret(SESSION, "a", new Secret(CANARY));
  assert.equal((await storageOf(db).getSecret(SESSION, "a"))?.reveal(), CANARY);
  const short = await crypto.subtle.importKey("raw", KEY.slice(0, 16), "AES-GCM", false, usages);
  assert.throws(() => storageOf(db, short), RangeError);
  const other = await crypto.subtle.importKey("raw", KEY, "AES-CBC", false, usages);
  assert.throws(() => storageOf(db, other), TypeError);
  const half = await crypto.subtle.importKey("raw", KEY, "AES-GCM", false, ["encrypt"]);
  assert.throws(() => storageOf(db, half), TypeError);
});

Deno.test("a secret that is not wrapped is refused", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await assert.rejects(storageOf(db).setSecret(SESSION, "a", CANARY as unknown as Secret), TypeError);
  assert.deepEqual(await storageOf(db).listSecrets(SESSION), []);
});

Deno.test("a secret inside a value is refused, naming the member", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const value = Object.assign({}, { list: [1, new Secret(CANARY) as unknown] }) as { list: JsonValue[] };
  const storing = storageOf(db).setValue(SESSION, "key", value);
  await assert.rejects(storing, { code: "secret_in_record", message: /"list\.1".*setSecret/ });
  assert.equal(await storageOf(db).getValue(SESSION, "key"), undefined);
});

Deno.test("a value that is not JSON is refused, naming the member", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const value = Object.assign({}, { at: new Date(0) as unknown }) as { at: JsonValue };
  await assert.rejects(storageOf(db).setValue(SESSION, "key", value), {
    name: "TypeError",
    message: /\(member "at"\)/,
  });
  assert.deepEqual(await storageOf(db).listKeys(SESSION), []);
});

Deno.test("a damaged value is refused, others are served, and storing it again mends it", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = storageOf(db);
  for (const key of ["a", "b"]) await store.setValue(SESSION, key, 1);
  await db.write(() => db.run(`UPDATE session_value SET body = '2' WHERE key = '"a"'`));
  await assert.rejects(store.getValue(SESSION, "a"), { code: "corrupt_record" });
  assert.equal(await store.getValue(SESSION, "b"), 1);
  await store.setValue(SESSION, "a", 3);
  assert.equal(await store.getValue(SESSION, "a"), 3);
});

Deno.test("a session id with something after it finds nothing and stores nothing", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = storageOf(db);
  await store.setValue(SESSION, "key", 1);
  await store.setSecret(SESSION, "token", new Secret(CANARY));
  const other = `${SESSION}\u0000` as const;
  assert.deepEqual([await store.getValue(other, "key"), await store.getSecret(other, "token")], [undefined, undefined]);
  assert.deepEqual([await store.listKeys(other), await store.listSecrets(other)], [[], []]);
  assert.equal(await store.deleteValue(other, "key") || await store.deleteSecret(other, "token"), false);
  await assert.rejects(store.setValue(other, "key", 2), TypeError);
  await assert.rejects(store.setSecret(other, "token", new Secret("new")), TypeError);
  assert.equal(await store.getValue(SESSION, "key"), 1);
});

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function utf16(text: string): string {
  return [...text].map((character) => `${character}\u0000`).join("");
}
