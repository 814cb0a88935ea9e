/** Opening a store: a new one is made whole, and a file that is not safe to use is refused and left as it is. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CorruptStoreError, StoreTooNewError, UnsafeStoreError } from "../../../local/errors.ts";
import { openStore } from "../../../local/sqlite/prepare_store.ts";
import type { Migration } from "../../../local/sqlite/migrations.ts";
import { tempFolder } from "../_support/temp_folder.ts";

/** A store with some content, closed. */
async function makeStore(folder: string): Promise<string> {
  const path = join(folder, "local.db");
  using db = await openStore(path);
  await db.write(() => {
    for (let at = 0; at < 500; at++) {
      db.run(
        "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, ?, 1)",
        `k${at}`,
        "x".repeat(200),
      );
    }
  });
  return path;
}

/** The store as a process leaves it that is killed after some changes: they are in the write-ahead log only. */
async function makeKilledStore(folder: string, change: string): Promise<string> {
  const path = await makeStore(folder);
  const killed = join(folder, "killed");
  Deno.mkdirSync(killed);
  using db = new DatabaseSync(path);
  db.prepare(change).run();
  for (const end of ["", "-wal"]) {
    Deno.copyFileSync(`${path}${end}`, join(killed, `local.db${end}`));
    Deno.chmodSync(join(killed, `local.db${end}`), 0o600);
  }
  return join(killed, "local.db");
}

/** What must not change when a file is refused. */
function stateOf(path: string): unknown {
  const { mtime, size, mode, isSymlink } = Deno.lstatSync(path);
  return { mtime, size, mode, isSymlink, bytes: Deno.readFileSync(path).toHex() };
}

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
  const path = await makeKilledStore(folder.path, "DELETE FROM input_key WHERE key = 'k1'");
  using db = await openStore(path);
  assert.equal(db.get("SELECT count(*) AS n FROM input_key")?.["n"], 499);
});

interface Refusal {
  readonly name: string;
  readonly code: string;
  damage(path: string): void;
}

const REFUSALS: readonly Refusal[] = [
  { name: "cut to 0 bytes", code: "corrupt_store", damage: (path) => Deno.truncateSync(path, 0) },
  { name: "cut to 100 bytes", code: "corrupt_store", damage: (path) => Deno.truncateSync(path, 100) },
  {
    name: "cut in half",
    code: "corrupt_store",
    damage: (path) => Deno.truncateSync(path, Math.floor(Deno.lstatSync(path).size / 2)),
  },
  {
    name: "of random bytes",
    code: "corrupt_store",
    damage: (path) => Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(20_000))),
  },
  {
    name: "of another program",
    code: "corrupt_store",
    damage: (path) => {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA application_id=7");
    },
  },
  {
    name: "of a newer version",
    code: "store_too_new",
    damage: (path) => {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA user_version=99");
    },
  },
  { name: "that others may read", code: "store_unsafe", damage: (path) => Deno.chmodSync(path, 0o640) },
  { name: "that others may write", code: "store_unsafe", damage: (path) => Deno.chmodSync(path, 0o602) },
];

for (const { name, code, damage } of REFUSALS) {
  Deno.test(`a store ${name} is refused as ${code} and left as it is`, async () => {
    using folder = tempFolder();
    const path = await makeStore(folder.path);
    damage(path);
    const before = stateOf(path);
    await assert.rejects(openStore(path), { code });
    assert.deepEqual(stateOf(path), before);
  });
}

Deno.test("a folder in the store's place is refused", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(join(folder.path, "local.db"));
  await assert.rejects(openStore(join(folder.path, "local.db")), UnsafeStoreError);
});

Deno.test("a store whose newer version is only in its log is refused and left as it is", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path, "PRAGMA user_version=99");
  const before = [stateOf(path), stateOf(`${path}-wal`)];
  await assert.rejects(openStore(path), (error) => {
    assert.ok(error instanceof StoreTooNewError);
    assert.deepEqual([error.found, error.supported], [99, 1]);
    return true;
  });
  assert.deepEqual([stateOf(path), stateOf(`${path}-wal`)], before);
});

Deno.test("a log without its store is refused: a fresh store would hide the loss", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path, "DELETE FROM input_key WHERE key = 'k1'");
  Deno.removeSync(path);
  await assert.rejects(openStore(path), CorruptStoreError);
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
});

Deno.test("a killed store that was cut in half is refused", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path, "DELETE FROM input_key WHERE key = 'k1'");
  Deno.truncateSync(path, Math.floor(Deno.lstatSync(path).size / 2));
  await assert.rejects(openStore(path), CorruptStoreError);
});

const FIRST: Migration = { version: 1, statements: ["CREATE TABLE a (x INTEGER) STRICT", "INSERT INTO a VALUES (1)"] };
const SECOND: Migration = { version: 2, statements: ["ALTER TABLE a ADD COLUMN y INTEGER", "UPDATE a SET y = x"] };

Deno.test("a store of an older version is updated, and a copy of it is kept", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  (await openStore(path, { migrations: [FIRST] })).close();
  using db = await openStore(path, { migrations: [FIRST, SECOND] });
  assert.deepEqual({ ...db.get("SELECT x, y FROM a") }, { x: 1, y: 1 });
  using copy = new DatabaseSync(`${path}.v1.bak`, { readOnly: true });
  assert.deepEqual({ ...copy.prepare("SELECT * FROM a").get() }, { x: 1 });
});

Deno.test("an update that fails leaves the store as it was", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  (await openStore(path, { migrations: [FIRST] })).close();
  const broken: Migration = { version: 2, statements: [...SECOND.statements, "INSERT INTO missing VALUES (1)"] };
  await assert.rejects(openStore(path, { migrations: [FIRST, broken] }), { code: "store_failed" });
  using db = await openStore(path, { migrations: [FIRST] });
  assert.deepEqual({ ...db.get("SELECT * FROM a") }, { x: 1 });
});
