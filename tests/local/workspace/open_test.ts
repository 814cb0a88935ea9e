/** Opening a workspace: what is refused before anything is used, and how the data folder stays out of it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PermissionMissingError } from "../../../local/errors.ts";
import { realDiskFileSystem } from "../../../local/workspace/real_disk_file_system.ts";
import { RealDiskFileStore } from "../../../local/workspace/real_disk_file_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { ID, openWorkspace } from "./_workspace.ts";

for (const root of ["project", "./project", "~/project", "", "/a\0b"]) {
  Deno.test(`${JSON.stringify(root)} is refused as a root with a TypeError`, async () => {
    await assert.rejects(RealDiskFileStore.open(root), TypeError);
    await assert.rejects(RealDiskFileStore.open("/a", { hidden: [root] }), TypeError);
    assert.throws(() => realDiskFileSystem(root), TypeError);
  });
}

Deno.test("a root that is missing or a file is refused with configuration, saying what to do", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "file");
  Deno.writeTextFileSync(file, "x");
  await assert.rejects(RealDiskFileStore.open(join(folder.path, "none")), /no such folder; make it first/);
  await assert.rejects(RealDiskFileStore.open(file), /it is not a folder/);
});

Deno.test("a root that is not granted is refused by naming both flags", {
  permissions: { read: [".tmp", "tests/local/golden"], write: [".tmp"] },
}, async () => {
  const elsewhere = join(Deno.cwd(), "somewhere");
  await assert.rejects(RealDiskFileStore.open(elsewhere), (error: unknown) => {
    assert.ok(error instanceof PermissionMissingError);
    assert.match(error.message, /--allow-read=.*somewhere.*--allow-write=.*somewhere/);
    return true;
  });
});

for (const options of [{ maxFileBytes: -1 }, { maxEntries: 0.5 }]) {
  Deno.test(`${JSON.stringify(options)} is refused with a RangeError`, async () => {
    using folder = tempFolder();
    await assert.rejects(RealDiskFileStore.open(folder.path, options), RangeError);
  });
}

for (const displayRoot of ["workspace", "/a/", "/a/../b", ""]) {
  Deno.test(`${JSON.stringify(displayRoot)} is refused as a display root`, async () => {
    using folder = tempFolder();
    await assert.rejects(RealDiskFileStore.open(folder.path, { displayRoot }), TypeError);
  });
}

Deno.test("a root that is itself hidden is refused", async () => {
  using folder = tempFolder();
  await assert.rejects(RealDiskFileStore.open(folder.path, { hidden: [`${folder.path}/`] }), /it is a hidden folder/);
});

Deno.test("a hidden folder around the root hides nothing of it", async () => {
  using folder = tempFolder();
  const root = join(folder.path, "workspace");
  Deno.mkdirSync(root);
  Deno.writeTextFileSync(join(folder.path, "local.db"), "data");
  const files = await RealDiskFileStore.open(root, { hidden: [folder.path] });
  assert.equal(await files.writeFile(ID, "a.txt", "x", "text"), true);
  await assert.rejects(files.readFile(ID, join(folder.path, "local.db")), { code: "file_not_found" });
  await assert.rejects(files.readFile(ID, "../local.db"), { code: "path_invalid" });
});

for (const isThere of [true, false]) {
  Deno.test(`a hidden folder that is ${isThere ? "" : "not yet "}there is refused to every method, and not seen`, async () => {
    using folder = tempFolder();
    const data = join(folder.path, "project", "data");
    Deno.mkdirSync(join(folder.path, "project"));
    if (isThere) Deno.mkdirSync(data);
    const files = await RealDiskFileStore.open(join(folder.path, "project"), { hidden: [data] });
    Deno.mkdirSync(data, { recursive: true });
    Deno.writeTextFileSync(join(data, "local.db"), "secret");
    const refused = [
      () => files.readFile(ID, "/data/local.db"),
      () => files.readFile(ID, join(data, "local.db")),
      () => files.writeFile(ID, "/data/local.db", "x", "text"),
      () => files.writeFile(ID, "/data/new/a", "x", "text"),
      () => files.writeFileIfContentMatches(ID, "/data/local.db", "secret", "x", "text"),
      () => files.deleteFile(ID, "/data/local.db", false),
      () => files.deleteFile(ID, "/data", true),
      () => files.createDirectory(ID, "/data/new"),
      () => files.seedInitialFile(ID, { path: "/data/seed", content: "x" }),
    ];
    for (const each of refused) await assert.rejects(each(), { code: "path_hidden" });
    assert.equal(await files.statFile(ID, "/data/local.db"), undefined);
    assert.deepEqual(await files.listDirectory(ID, "/data"), []);
    assert.deepEqual(await files.listDirectory(ID, "/"), []);
    assert.equal((await files.grepFiles(ID, "secret")).matchCount, 0);
    assert.equal(Deno.readTextFileSync(join(data, "local.db")), "secret");
  });
}

Deno.test("a directory that holds a hidden folder is not deleted", async () => {
  using folder = tempFolder();
  const data = join(folder.path, "project", "a", "b", "data");
  Deno.mkdirSync(data, { recursive: true });
  Deno.writeTextFileSync(join(data, "local.db"), "secret");
  const files = await RealDiskFileStore.open(join(folder.path, "project"), { hidden: [data] });
  await assert.rejects(files.deleteFile(ID, "/a", true), { code: "path_hidden" });
  await assert.rejects(files.deleteFile(ID, "/a/b", true), { code: "path_hidden" });
  assert.equal(Deno.readTextFileSync(join(data, "local.db")), "secret");
});

Deno.test("realDiskFileSystem() says what it needs and decorates the store it makes", async () => {
  using workspace = await openWorkspace();
  const { root } = workspace;
  const marked: unknown[] = [];
  const system = realDiskFileSystem(root, { decorate: (files) => (marked.push(files), files) });
  assert.deepEqual(system.permissions, { read: [root], write: [root] });
  const files = await system.create({ organizationId: "org_00000000000000000000000000000001", extensions: new Map() });
  assert.deepEqual(marked, [files]);
  assert.equal(await files.writeFile(ID, "a", "x", "text"), true);
  assert.equal(Deno.readTextFileSync(workspace.host("a")), "x");
});
