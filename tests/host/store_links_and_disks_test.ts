/** Stores behind links, on full disks and on read-only ones. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ReadOnlyStorageError, StorageFullError, UnsafeStoreError } from "../../local/errors.ts";
import { LocalBackends } from "../../local/backends.ts";
import { Owners } from "../../local/owners.ts";
import { LocalProfile } from "../../local/profile.ts";
import { openStore } from "../../local/sqlite/prepare_store.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { stateOf } from "../local/sqlite/_made_stores.ts";
import { canMount, mountSmallDisk, run, symlink } from "./_commands.ts";

const ADD = "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, 't', 1)";

Deno.test("a store that is a symbolic link is refused, and what it points to is left as it is", async () => {
  using folder = tempFolder();
  const real = join(folder.path, "real.db");
  const path = join(folder.path, "local.db");
  (await openStore(real)).close();
  const before = stateOf(real);
  symlink(real, path);
  await assert.rejects(openStore(path), UnsafeStoreError);
  assert.deepEqual(stateOf(real), before);
  assert.ok(Deno.lstatSync(path).isSymlink);
});

Deno.test("a symbolic link that leads nowhere is refused: no store is made where it points", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  symlink(join(folder.path, "elsewhere"), path);
  await assert.rejects(openStore(path), UnsafeStoreError);
  assert.throws(() => Deno.lstatSync(join(folder.path, "elsewhere")), Deno.errors.NotFound);
});

for (const name of ["local.db", "local.db-wal", "local.db-shm"]) {
  Deno.test(`a pipe in the place of ${name} is refused, and nobody waits for its other end`, async () => {
    using folder = tempFolder();
    if (name !== "local.db") (await openStore(join(folder.path, "local.db"))).close();
    assert.ok(run("mkfifo", "-m", "600", join(folder.path, name)));
    await assert.rejects(openStore(join(folder.path, "local.db")), UnsafeStoreError);
  });
}

for (const end of ["-wal", "-shm"]) {
  Deno.test(`a store whose ${end} file is a symbolic link is refused`, async () => {
    using folder = tempFolder();
    const path = join(folder.path, "local.db");
    (await openStore(path)).close();
    symlink(join(folder.path, "elsewhere"), `${path}${end}`);
    await assert.rejects(openStore(path), UnsafeStoreError);
    assert.throws(() => Deno.lstatSync(join(folder.path, "elsewhere")), Deno.errors.NotFound);
  });
}

Deno.test("owners behind a symbolic link are refused, and no file there is taken for one of a dead process", async () => {
  using folder = tempFolder();
  const elsewhere = join(folder.path, "elsewhere");
  const data = join(folder.path, "data");
  for (const made of [elsewhere, data]) Deno.mkdirSync(made);
  Deno.writeTextFileSync(join(elsewhere, "notes"), "mine");
  symlink(elsewhere, join(data, "owners"));
  await assert.rejects(LocalBackends.open(new LocalProfile(data)), UnsafeStoreError);
  using owners = new Owners(join(data, "owners"));
  assert.throws(() => owners.connect("owner_1"), UnsafeStoreError);
  assert.equal(Deno.readTextFileSync(join(elsewhere, "notes")), "mine");
});

Deno.test({
  name: "an owner that a full disk refused is refused as storage_full, and lives when there is space",
  ignore: !canMount(),
  fn: () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 64);
    assert.ok(disk);
    using owners = new Owners(disk.path);
    Deno.writeFileSync(join(disk.path, "ballast.bin"), new Uint8Array(64 * 1024));
    assert.throws(() => owners.connect("owner_1"), StorageFullError);
    Deno.removeSync(join(disk.path, "ballast.bin"));
    assert.equal(owners.isAlive("owner_1"), false);
    owners.connect("owner_1");
    assert.equal(owners.isAlive("owner_1"), true);
  },
});

Deno.test({
  name: "on a full disk a write is refused as storage_full, reads work, and writes go on when there is space",
  ignore: !canMount(),
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 1024);
    assert.ok(disk);
    const ballast = join(disk.path, "ballast");
    using db = await openStore(join(disk.path, "local.db"));
    await db.write(() => db.run(ADD, "first"));
    Deno.writeFileSync(ballast, new Uint8Array(300 * 1024));
    let refused: unknown;
    for (let at = 0; at < 200 && refused === undefined; at++) {
      await db.write(() => db.run(ADD, `${at}${"x".repeat(20_000)}`)).catch((error: unknown) => refused = error);
    }
    assert.ok(refused instanceof StorageFullError, String(refused));
    assert.equal(db.get("SELECT key FROM input_key WHERE key = 'first'")?.["key"], "first");
    Deno.removeSync(ballast);
    assert.equal(await db.write(() => db.run(ADD, "after")), 1);
    assert.equal(db.get("PRAGMA integrity_check")?.["integrity_check"], "ok");
  },
});

Deno.test({
  name: "a store in a read-only folder is refused before it is opened",
  ignore: !canMount(),
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 1024);
    assert.ok(disk);
    const path = join(disk.path, "local.db");
    (await openStore(path)).close();
    disk.setReadOnly(true);
    const names = [...Deno.readDirSync(disk.path)].map(({ name }) => name);
    const before = stateOf(path);
    await assert.rejects(openStore(path), ReadOnlyStorageError);
    assert.deepEqual([...Deno.readDirSync(disk.path)].map(({ name }) => name), names);
    assert.deepEqual(stateOf(path), before);
    disk.setReadOnly(false);
    (await openStore(path)).close();
  },
});
