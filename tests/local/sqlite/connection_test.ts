/** Grouped transactions: what shares a commit, and what does not take others with it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StoreError } from "../../../src/errors.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { Connection } from "../../../local/sqlite/connection.ts";
import { StorageFullError, StoreBusyError } from "../../../local/errors.ts";
import { tempFolder } from "../_support/temp_folder.ts";

const ADD = "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, 't', 1)";
const KEYS = "SELECT key FROM input_key ORDER BY key";

function add(db: Connection, key: string, join = false): Promise<number> {
  return db.write(() => db.run(ADD, key), { join });
}

function keys(db: Connection): unknown[] {
  return db.all(KEYS).map((row) => row["key"]);
}

Deno.test("write() stores what its function did and resolves with what it returned", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  assert.equal(await add(db, "a"), 1);
  assert.deepEqual(keys(db), ["a"]);
});

Deno.test("write() undoes what a function did that throws, and rejects with its error", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  const failing = db.write(() => {
    db.run(ADD, "a");
    throw new RangeError("no");
  });
  await assert.rejects(failing, new RangeError("no"));
  assert.deepEqual(keys(db), []);
  await add(db, "b");
  assert.deepEqual(keys(db), ["b"]);
});

Deno.test("writes that join share one commit", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "joined.db"));
  using alone = Connection.open(join(folder.path, "alone.db"));
  await Promise.all(["a", "b", "c"].map((key) => add(db, key, true)));
  for (const key of ["a", "b", "c"]) await add(alone, key);
  assert.deepEqual(keys(db), keys(alone));
  // Each commit writes the changed page once more to the log.
  assert.equal(framesOf(alone) - framesOf(db), 2);
});

Deno.test("a write that throws takes no other of its group with it", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  const writes = [add(db, "a", true), add(db, "b", true), add(db, "a", true), add(db, "c", true)];
  const settled = await Promise.allSettled(writes);
  assert.deepEqual(settled.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(keys(db), ["a", "b", "c"]);
});

Deno.test("run() outside write() is refused", () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  assert.throws(() => db.run(ADD, "a"), StoreError);
  assert.deepEqual(keys(db), []);
});

Deno.test("a write waits for another process's lock without blocking, and is stored when it is free", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  using db = Connection.open(join(folder.path, "local.db"), { clock });
  using other = holdLock(folder.path);
  const write = add(db, "a");
  const second = add(db, "b");
  await clock.advance(1000);
  other[Symbol.dispose]();
  await clock.advance(1000);
  assert.deepEqual([await write, await second], [1, 1]);
  assert.deepEqual(keys(db), ["a", "b"]);
});

Deno.test("a write is given up with StoreBusyError after 5 s of another process's lock", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  using db = Connection.open(join(folder.path, "local.db"), { clock });
  using _other = holdLock(folder.path);
  const write = assert.rejects(add(db, "a"), StoreBusyError);
  for (let second = 0; second < 7; second++) await clock.advance(1000);
  await write;
});

Deno.test("writes that came while another process's lock was waited for are given up too, each after 5 s at most", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  using db = Connection.open(join(folder.path, "local.db"), { clock });
  using _other = holdLock(folder.path);
  const first = assert.rejects(add(db, "a"), StoreBusyError);
  await clock.advance(1000);
  const told: string[] = [];
  const later = ["b", "c"].map((key) => assert.rejects(add(db, key), StoreBusyError).then(() => told.push(key)));
  for (let second = 0; second < 6; second++) await clock.advanceAsync(1000);
  await first;
  assert.deepEqual(told, ["b", "c"]);
  await Promise.all(later);
});

Deno.test("close() stores what waits", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  const db = Connection.open(path);
  const write = add(db, "a", true);
  db.close();
  await write;
  using again = Connection.open(path);
  assert.deepEqual(keys(again), ["a"]);
});

Deno.test("a closed connection refuses reads and writes", async () => {
  using folder = tempFolder();
  const db = Connection.open(join(folder.path, "local.db"));
  db.close();
  await assert.rejects(add(db, "a"), StoreError);
  assert.throws(() => db.get(KEYS), StoreError);
});

Deno.test("a full store refuses what does not fit, keeps the rest of its group and stays readable", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  await add(db, "a");
  db.get(`PRAGMA max_page_count=${Number(db.get("PRAGMA page_count")?.["page_count"]) + 4}`);
  const large = db.write(() => db.run(ADD, "x".repeat(1_000_000)), { join: true });
  const settled = await Promise.allSettled([add(db, "b", true), large, add(db, "c", true)]);
  assert.deepEqual(settled.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.ok(settled[1]?.status === "rejected" && settled[1].reason instanceof StorageFullError);
  assert.deepEqual(keys(db), ["a", "b", "c"]);
});

// 2 is FULL: each commit is synced; 1 is NORMAL: only checkpoints are (sqlite.org/pragma.html#pragma_synchronous).
for (const [durability, synchronous] of [[undefined, 2], ["power-loss", 2], ["process-crash", 1]] as const) {
  Deno.test(`a store opened for ${durability ?? "nothing in particular"} has synchronous=${synchronous}, again and again`, () => {
    using folder = tempFolder();
    for (let opening = 0; opening < 2; opening++) {
      using db = Connection.open(join(folder.path, "local.db"), durability === undefined ? {} : { durability });
      assert.equal(db.get("PRAGMA synchronous")?.["synchronous"], synchronous);
    }
  });
}

Deno.test("a store is in WAL mode and keeps temporary files in memory", () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  const pragmas = ["journal_mode", "temp_store", "trusted_schema", "cell_size_check", "foreign_keys"];
  assert.deepEqual(pragmas.map((name) => db.get(`PRAGMA ${name}`)?.[name]), ["wal", 2, 0, 1, 1]);
});

/** Pages in the write-ahead log. */
function framesOf(db: Connection): number {
  return Number(db.get("PRAGMA wal_checkpoint(PASSIVE)")?.["log"]);
}

/** Another connection in the middle of a transaction. */
function holdLock(folder: string): Disposable {
  const other = Connection.open(join(folder, "local.db"));
  other.get("BEGIN IMMEDIATE");
  let held = true;
  return {
    [Symbol.dispose]: () => {
      if (!held) return;
      held = false;
      other.get("ROLLBACK");
      other.close();
    },
  };
}
