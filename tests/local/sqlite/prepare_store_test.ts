/** Opening a store: a new one is made whole, an existing one is opened with everything it holds. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../../local/sqlite/prepare_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { makeKilledStore, makeStore } from "./_made_stores.ts";

Deno.test("openStore() makes a store that only its owner can reach", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "data", "local.db");
  (await openStore(path)).close();
  assert.equal((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o600);
  assert.equal((Deno.lstatSync(join(folder.path, "data")).mode ?? 0) & 0o777, 0o700);
});

Deno.test("openStore() leaves nothing but the store and its lock behind", async () => {
  using folder = tempFolder();
  (await openStore(join(folder.path, "local.db"))).close();
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [".create.lock", "local.db"]);
});

Deno.test("ten openStore() at once make one store", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  const opened = await Promise.all(Array.from({ length: 10 }, () => openStore(path)));
  const [first, ...others] = opened;
  await first?.write(() => first.run("INSERT INTO input_key VALUES ('s', 'k', 't', 1)"));
  for (const other of others) assert.equal(other.get("SELECT count(*) AS n FROM input_key")?.["n"], 1);
  for (const connection of opened) connection.close();
});

Deno.test("an existing store is opened with what it holds", async () => {
  using folder = tempFolder();
  using db = await openStore(await makeStore(folder.path));
  assert.equal(db.get("SELECT count(*) AS n FROM input_key")?.["n"], 500);
});

Deno.test("a store a killed process left behind is opened with what its log holds", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path);
  using db = await openStore(path);
  assert.equal(db.get("SELECT count(*) AS n FROM input_key")?.["n"], 499);
});

Deno.test("what a process left that died while it made a store is swept away", async () => {
  using folder = tempFolder();
  for (const name of [".local.db-dead", ".local.db-dead-wal", ".trial-dead"]) {
    Deno.writeFileSync(join(folder.path, name), new Uint8Array(3));
  }
  (await openStore(join(folder.path, "local.db"))).close();
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [".create.lock", "local.db"]);
});
