/** Owners: a lock file tells who lives. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { UnsafeStoreError } from "../../local/errors.ts";
import { StoreError } from "../../src/errors.ts";
import { Owners } from "../../local/owners.ts";
import { tempFolder } from "./_support/temp_folder.ts";

Deno.test("isAlive() is true from connect() to disconnect(), also seen by another instance", () => {
  using folder = tempFolder();
  using owners = new Owners(join(folder.path, "owners"));
  using others = new Owners(join(folder.path, "owners"));
  assert.equal(others.isAlive("owner_1"), false);
  owners.connect("owner_1");
  assert.deepEqual([owners.isAlive("owner_1"), others.isAlive("owner_1")], [true, true]);
  assert.deepEqual([owners.isOurs("owner_1"), others.isOurs("owner_1")], [true, false]);
  owners.disconnect("owner_1");
  assert.deepEqual([owners.isAlive("owner_1"), others.isAlive("owner_1")], [false, false]);
});

Deno.test("an owner whose file is there but not locked is dead", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(join(folder.path, "owner_1"), "{}");
  using owners = new Owners(folder.path);
  assert.equal(owners.isAlive("owner_1"), false);
});

Deno.test("asking whether an owner lives does not disturb its lock", () => {
  using folder = tempFolder();
  using owners = new Owners(folder.path);
  using others = new Owners(folder.path);
  owners.connect("owner_1");
  for (let time = 0; time < 3; time++) assert.equal(others.isAlive("owner_1"), true);
});

Deno.test("sweep() removes the files of dead owners and leaves those of living ones", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(join(folder.path, "owner_dead"), "{}");
  using owners = new Owners(folder.path);
  using others = new Owners(folder.path);
  owners.connect("owner_1");
  assert.equal(others.sweep(), 1);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["owner_1"]);
});

Deno.test("sweep() leaves what is no file", () => {
  using folder = tempFolder();
  Deno.mkdirSync(join(folder.path, "notes"));
  using owners = new Owners(folder.path);
  assert.equal(owners.sweep(), 0);
  assert.ok(Deno.lstatSync(join(folder.path, "notes")).isDirectory);
});

Deno.test("owners whose folder is none are refused by a typed error", () => {
  using folder = tempFolder();
  const path = join(folder.path, "owners");
  Deno.writeTextFileSync(path, "");
  using owners = new Owners(path);
  for (const use of [() => owners.sweep(), () => owners.connect("owner_1")]) assert.throws(use, UnsafeStoreError);
  assert.throws(() => owners.isAlive("owner_1"), StoreError);
});

Deno.test("dispose frees every owner of the instance and leaves no file", () => {
  using folder = tempFolder();
  {
    using owners = new Owners(folder.path);
    owners.connect("owner_1");
    owners.connect("owner_2");
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

for (const id of ["", "../x", "a/b", "a b", "ü", "x".repeat(129)]) {
  Deno.test(`connect() refuses ${JSON.stringify(id.slice(0, 10))} (${id.length}), which is no file name`, () => {
    using folder = tempFolder();
    using owners = new Owners(folder.path);
    assert.throws(() => owners.connect(id), TypeError);
    assert.equal(owners.isAlive(id), false);
  });
}

Deno.test("a sweep and a question of several processes do not take each other for a living owner", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(join(folder.path, "owner_dead"), "{}");
  // Another process asks whether the owner lives, right now.
  using asking = Deno.openSync(join(folder.path, "owner_dead"), { read: true });
  assert.equal(asking.tryLockSync(false), true);
  using owners = new Owners(folder.path);
  assert.equal(owners.isAlive("owner_dead"), false);
  assert.equal(owners.sweep(), 1);
});
