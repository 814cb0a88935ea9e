/** A disk that is full: what is refused, what goes on, and what works again when there is space. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { StorageFullError } from "../../local/errors.ts";
import { openStore } from "../../local/sqlite/prepare_store.ts";
import { openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "./_commands.ts";

/** Fills a disk to the last byte; the file can be removed for space. */
function fill(disk: SmallDisk): string {
  const ballast = join(disk.path, "ballast");
  using file = Deno.openSync(ballast, { write: true, createNew: true });
  for (const size of [4096, 1]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch {
      // It is full, to so many bytes.
    }
  }
  return ballast;
}

Deno.test({
  name:
    "a turn on a full disk is refused as storage_full, history is read, and the next turn goes on when there is space",
  ignore: !canMount(),
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 2048);
    assert.ok(disk);
    await using opened = await openRuntime(disk.path);
    const { runtime } = opened;
    await runtime.runTextTurn(SESSION, "first");
    const ballast = fill(disk);
    let refused: unknown;
    let stored = 1;
    for (let at = 0; at < 50 && refused === undefined; at++) {
      await runtime.runTextTurn(SESSION, `${at} ${"x".repeat(50_000)}`).then(
        () => stored++,
        (error: unknown) => refused = error,
      );
    }
    assert.ok(refused instanceof StorageFullError, String(refused));
    const before = await runtime.messages(SESSION);
    assert.ok(before.length >= stored * 2);
    await assert.rejects(runtime.runTextTurn(SESSION, "x".repeat(50_000)), StorageFullError);
    Deno.removeSync(ballast);
    assert.equal((await runtime.runTextTurn(SESSION, "after")).success, true);
    const after = await runtime.messages(SESSION);
    assert.deepEqual(after.slice(0, before.length), before);
  },
});

Deno.test({
  name: "no store is made on a full disk, nothing of it is left behind, and one is made when there is space",
  ignore: !canMount(),
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 1024);
    assert.ok(disk);
    const path = join(disk.path, "local.db");
    const ballast = fill(disk);
    await assert.rejects(openStore(path), StorageFullError);
    const names = [...Deno.readDirSync(disk.path)].map(({ name }) => name).sort();
    assert.deepEqual(names.filter((name) => name !== ".create.lock"), ["ballast"]);
    Deno.removeSync(ballast);
    (await openStore(path)).close();
  },
});

Deno.test({
  name:
    "a disk that fills up anywhere on the way to a new store leaves none or a whole one, opened when there is space",
  ignore: !canMount(),
  fn: async () => {
    let refusals = 0;
    for (let kibibytes = 8; kibibytes <= 640; kibibytes += 32) {
      using folder = tempFolder();
      using disk = mountSmallDisk(folder.path, kibibytes);
      assert.ok(disk);
      const path = join(disk.path, "local.db");
      await openStore(path).then((db) => db.close(), (error: unknown) => {
        assert.ok(error instanceof StorageFullError, `${kibibytes} KiB: ${String(error)}`);
        refusals++;
      });
      disk.resize(4096);
      using db = await openStore(path);
      assert.equal(db.get("PRAGMA integrity_check")?.["integrity_check"], "ok");
      assert.deepEqual(db.all("SELECT key FROM input_key"), []);
    }
    assert.ok(refusals > 3, `${refusals} refusals`);
  },
});

Deno.test({
  name: "a store on a full disk is opened and read, and is whole after it was closed there",
  ignore: !canMount(),
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 1024);
    assert.ok(disk);
    const path = join(disk.path, "local.db");
    {
      using db = await openStore(path);
      await db.write(() =>
        db.run("INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', 'k', 't', 1)")
      );
    }
    const ballast = fill(disk);
    // SQLite needs 32 KiB for its shared memory; without them the refusal is typed and nothing is lost.
    await assert.rejects(openStore(path), StorageFullError);
    Deno.truncateSync(ballast, Deno.lstatSync(ballast).size - 64 * 1024);
    {
      using db = await openStore(path);
      assert.equal(db.get("SELECT key FROM input_key")?.["key"], "k");
      const large = db.write(() => db.run("UPDATE input_key SET turn_id = ?", "x".repeat(100_000)));
      await assert.rejects(large, StorageFullError);
    }
    Deno.removeSync(ballast);
    using db = await openStore(path);
    assert.equal(db.get("SELECT turn_id FROM input_key")?.["turn_id"], "t");
    assert.equal(db.get("PRAGMA integrity_check")?.["integrity_check"], "ok");
  },
});
