/** Bringing an older store up to date: all or nothing, whatever happens meanwhile. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Migration } from "../../../local/sqlite/migrations.ts";
import { openStore } from "../../../local/sqlite/prepare_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { copyStore, stateOf } from "./_made_stores.ts";

/** So many rows of a page each are more than the page cache holds: a long update is written before it is committed. */
const MANY = 1000;
const FILL = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
  INSERT INTO a SELECT i, zeroblob(3000) FROM n`;
const FIRST: Migration = { version: 1, statements: ["CREATE TABLE a (x INTEGER, fill BLOB) STRICT", FILL] };
const SECOND: Migration = {
  version: 2,
  statements: ["ALTER TABLE a ADD COLUMN y INTEGER", "UPDATE a SET y = x", "CREATE TABLE b (z TEXT) STRICT"],
};
const THIRD: Migration = { version: 3, statements: ["INSERT INTO b VALUES ('third')"] };
const SUM = "SELECT count(*) AS n, sum(y) AS y FROM a";
const WHOLE = { n: MANY, y: MANY * (MANY + 1) / 2 };

/** A store of the first version. */
async function makeFirst(folder: string): Promise<string> {
  const path = join(folder, "local.db");
  (await openStore(path, { migrations: [FIRST] })).close();
  return path;
}

/** The version and the tables of a store, seen by a look from outside. */
function versionOf(path: string): unknown {
  using db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  return [db.prepare("PRAGMA user_version").get()?.["user_version"], ...tables.map(({ name }) => name)];
}

Deno.test("a store of an older version is updated, and a copy of it is kept", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  using db = await openStore(path, { migrations: [FIRST, SECOND] });
  assert.deepEqual({ ...db.get(SUM) }, WHOLE);
  assert.deepEqual(versionOf(`${path}.v1.bak`), [1, "a"]);
  assert.equal((Deno.lstatSync(`${path}.v1.bak`).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a store two versions behind takes each step once, in order", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  for (let opening = 0; opening < 2; opening++) {
    using db = await openStore(path, { migrations: [FIRST, SECOND, THIRD] });
    assert.deepEqual(db.all("SELECT z FROM b").map(({ z }) => z), ["third"]);
    assert.equal(db.get("PRAGMA user_version")?.["user_version"], 3);
  }
});

Deno.test("four processes that open an older store at once update it once", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  const migrations = [FIRST, SECOND, THIRD];
  const opened = await Promise.all(Array.from({ length: 4 }, () => openStore(path, { migrations })));
  for (const db of opened) {
    assert.deepEqual([{ ...db.get(SUM) }, db.all("SELECT z FROM b").length], [WHOLE, 1]);
    db.close();
  }
  assert.deepEqual(versionOf(`${path}.v1.bak`), [1, "a"]);
});

Deno.test("the kept copy is the store right before the update, not before one that failed earlier", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  const broken: Migration = { version: 2, statements: ["INSERT INTO missing VALUES (1)"] };
  await assert.rejects(openStore(path, { migrations: [FIRST, broken] }));
  {
    using db = await openStore(path, { migrations: [FIRST] });
    await db.write(() => db.run("INSERT INTO a VALUES (-1, NULL)"));
  }
  (await openStore(path, { migrations: [FIRST, SECOND] })).close();
  using copy = new DatabaseSync(`${path}.v1.bak`, { readOnly: true });
  assert.equal(copy.prepare("SELECT min(x) AS x FROM a").get()?.["x"], -1);
});

Deno.test("an update leaves the store, its lock and the copy behind, nothing of itself or of one that died", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  Deno.writeFileSync(`${path}.v1.bak-dead`, new Uint8Array(3));
  (await openStore(path, { migrations: [FIRST, SECOND] })).close();
  assert.deepEqual(
    [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    [".create.lock", "local.db", "local.db.v1.bak"],
  );
});

Deno.test("an update that fails leaves the store as it was", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  const broken: Migration = { version: 3, statements: ["INSERT INTO missing VALUES (1)"] };
  await assert.rejects(openStore(path, { migrations: [FIRST, SECOND, broken] }), { code: "store_failed" });
  assert.deepEqual(versionOf(path), [1, "a"]);
  using db = await openStore(path, { migrations: [FIRST, SECOND] });
  assert.deepEqual({ ...db.get(SUM) }, WHOLE);
});

for (let at = 0; at < SECOND.statements.length; at++) {
  Deno.test(`a process that dies before statement ${at + 1} of an update leaves the older version whole`, async () => {
    using folder = tempFolder();
    const path = await makeFirst(folder.path);
    const killed = join(folder.path, "killed");
    const statements = observed(SECOND.statements, at, () => copyStore(path, killed));
    (await openStore(path, { migrations: [FIRST, { version: 2, statements }] })).close();
    const left = join(killed, "local.db");
    // The half of the update that is on the disk already is what a kill leaves.
    if (at === 2) assert.ok(Deno.lstatSync(`${left}-wal`).size > 100_000);
    assert.deepEqual(versionOf(left), [1, "a"]);
    (await openStore(left, { migrations: [FIRST] })).close();
    using db = await openStore(left, { migrations: [FIRST, SECOND] });
    assert.deepEqual({ ...db.get(SUM) }, WHOLE);
  });
}

Deno.test("an older release refuses an updated store and leaves it as it is", async () => {
  using folder = tempFolder();
  const path = await makeFirst(folder.path);
  (await openStore(path, { migrations: [FIRST, SECOND] })).close();
  const before = stateOf(path);
  await assert.rejects(openStore(path, { migrations: [FIRST] }), { code: "store_too_new" });
  assert.deepEqual(stateOf(path), before);
});

/** The statements, with something that happens right before one of them is run. */
function observed(statements: readonly string[], at: number, act: () => void): readonly string[] {
  const copy = [...statements];
  const sql = copy[at]!;
  let seen = false;
  Object.defineProperty(copy, at, {
    get: () => {
      if (!seen) act();
      seen = true;
      return sql;
    },
  });
  return copy;
}
