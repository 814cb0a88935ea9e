/** A commit that fails: the handle is not trusted any more, and what is stored is looked up before anybody is told. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StoreError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { JournalDriver } from "../../../src/testing/conformance/journal_driver.ts";
import { Connection } from "../../../local/sqlite/connection.ts";
import { openJournal } from "../journal/_journal.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { failCommits } from "./_failing_commit.ts";

const ADD = "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, 't', 1)";
const FIND = "SELECT key FROM input_key WHERE key = ?";
const KEYS = "SELECT key FROM input_key ORDER BY key";

function add(db: Connection, key: string, verify = true): Promise<string> {
  const find = (): string | undefined => db.get(FIND, key) === undefined ? undefined : `found ${key}`;
  return db.write(() => {
    db.run(ADD, key);
    return `added ${key}`;
  }, { join: true, ...(verify ? { verify: find } : {}) });
}

function keys(db: Connection): unknown[] {
  return db.all(KEYS).map((row) => row["key"]);
}

Deno.test("a write whose commit failed although it is stored resolves with what is found", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  {
    using _disk = failCommits({ stored: true });
    assert.deepEqual(await Promise.all([add(db, "a"), add(db, "b")]), ["found a", "found b"]);
  }
  assert.equal(await add(db, "c"), "added c");
  assert.deepEqual(keys(db), ["a", "b", "c"]);
});

Deno.test("a write whose commit failed and is not stored rejects, and the next one is stored", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  {
    using _disk = failCommits({ stored: false });
    const settled = await Promise.allSettled([add(db, "a"), add(db, "b")]);
    for (const each of settled) assert.ok(each.status === "rejected" && each.reason instanceof StoreError);
  }
  assert.equal(await add(db, "c"), "added c");
  assert.deepEqual(keys(db), ["c"]);
});

Deno.test("a write that cannot look for itself rejects when its commit failed, also when it is stored", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  using _disk = failCommits({ stored: true });
  await assert.rejects(add(db, "a", false), StoreError);
});

Deno.test("after a failed commit the file is opened again, with the same settings", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"), { durability: "process-crash" });
  using disk = failCommits({ stored: true });
  await add(db, "a");
  assert.equal(disk.opened(), 1);
  assert.equal(db.get("PRAGMA synchronous")?.["synchronous"], 1);
});

Deno.test("when the file cannot be opened again at once, the next use does", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  {
    using _disk = failCommits({ stored: true, locked: true });
    await assert.rejects(add(db, "a"), StoreError);
    await assert.rejects(add(db, "b"), StoreError);
    assert.throws(() => db.run(ADD, "b"), StoreError);
  }
  assert.deepEqual(keys(db), ["a"]);
  assert.equal(await add(db, "c"), "added c");
});

Deno.test("a commit that SQLite itself refuses takes its group with it, and nothing after it", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  const refused = db.write(() => {
    db.get("PRAGMA defer_foreign_keys=ON");
    db.run("INSERT INTO task_message (id, task_id, body, hash) VALUES ('m', 'nobody', '', '')");
  }, { join: true });
  const settled = await Promise.allSettled([add(db, "a"), refused]);
  assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected"]);
  assert.deepEqual(keys(db), []);
  assert.equal(await add(db, "b"), "added b");
});

Deno.test("a step whose commit failed although it is stored counts, and the turn goes on", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const turn = await JournalDriver.acquire(opened.journal, idFromSeed("session", 1));
  {
    using _disk = failCommits({ stored: true });
    await turn.accept(1);
  }
  await turn.end(1);
  assert.equal((await opened.journal.events(idFromSeed("session", 1))).length, 5);
});

Deno.test("a step whose commit failed and is not stored rejects the later ones of its turn, and no others", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const session = idFromSeed("session", 1);
  const turn = await JournalDriver.acquire(opened.journal, session);
  {
    using _disk = failCommits({ stored: false });
    await assert.rejects(turn.accept(1), StoreError);
  }
  await assert.rejects(turn.accept(1), StoreError);
  const again = await JournalDriver.acquire(opened.journal, session, turn.owner);
  await again.accept(1);
  assert.equal((await opened.journal.events(session)).length, 3);
});

Deno.test("writes that cannot be undone reject, the file is opened again, and the next one is stored", async () => {
  using folder = tempFolder();
  using db = Connection.open(join(folder.path, "local.db"));
  const broken = (): Promise<never> =>
    db.write(() => {
      db.run(ADD, "broken");
      throw new RangeError("no");
    }, { join: true });
  {
    using disk = failCommits({ stored: false, statement: "ROLLBACK" });
    const settled = await Promise.allSettled([add(db, "a"), broken()]);
    assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected"]);
    assert.equal(disk.opened(), 1);
  }
  assert.equal(await add(db, "c"), "added c");
  assert.deepEqual(keys(db), ["c"]);
});
