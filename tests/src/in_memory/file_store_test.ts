import assert from "node:assert/strict";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";

const WS = "workspace-1";

Deno.test("writeFile() refuses what would pass the workspace's bytes, and takes it after a delete", async () => {
  const files = new InMemoryFileStore({ maxWorkspaceBytes: 10 });
  await files.writeFile(WS, "/a", "123456", "text");
  await assert.rejects(files.writeFile(WS, "/b", "12345", "text"), { code: "workspace_full", path: "/b" });
  assert.equal(await files.statFile(WS, "/b"), undefined);
  await files.writeFile(WS, "/a", "1234567890", "text");
  await assert.rejects(files.writeFile(WS, "/a", "12345678901", "text"), { code: "workspace_full" });
  await files.deleteFile(WS, "/a", false);
  await files.writeFile(WS, "/b", "\u00e9\u00e9\u00e9\u00e9\u00e9", "text");
  await assert.rejects(files.writeFile(WS, "/c", "x", "text"), { code: "workspace_full" });
  await files.writeFile("workspace-2", "/c", "x", "text");
});

Deno.test("writeFile() refuses a file more than the workspace may hold, but replaces one", async () => {
  const files = new InMemoryFileStore({ maxFiles: 2 });
  await files.writeFile(WS, "/d/a", "1", "text");
  await files.writeFile(WS, "/d/b", "2", "text");
  await assert.rejects(files.writeFile(WS, "/c", "3", "text"), { code: "workspace_full" });
  assert.equal(await files.writeFile(WS, "/d/a", "1+", "text"), false);
  await files.deleteFile(WS, "/d", true);
  await files.writeFile(WS, "/e/c", "3", "text");
  await files.writeFile(WS, "/f/d", "4", "text");
  await assert.rejects(files.seedInitialFile(WS, { path: "/g", content: "" }), { code: "workspace_full" });
});

Deno.test("directories have a cap too, checked before any is made", async () => {
  const files = new InMemoryFileStore({ maxFiles: 3 });
  await assert.rejects(files.createDirectory(WS, "/1/2/3/4"), { code: "workspace_full" });
  await assert.rejects(files.writeFile(WS, "/1/2/3/4/file", "x", "text"), { code: "workspace_full" });
  assert.deepEqual(await files.listDirectory(WS, "/"), []);
  await files.createDirectory(WS, "/1/2/3");
  assert.equal(await files.deleteFile(WS, "/1", true), true);
  await files.createDirectory(WS, "/a/b/c");
});

Deno.test("a file over the cap is refused by its bytes, not its characters", async () => {
  const files = new InMemoryFileStore({ maxFileBytes: 4 });
  await files.writeFile(WS, "/a", "\u00e9\u00e9", "text");
  await assert.rejects(files.writeFile(WS, "/b", "\u00e9\u00e9\u00e9", "text"), { code: "file_too_large" });
  await files.writeFile(WS, "/c", "AAAAAA==", "base64");
  await assert.rejects(files.writeFile(WS, "/d", "AAAAAAA=", "base64"), { code: "file_too_large" });
});

Deno.test("a path as deep as paths may be is deleted without overflowing the stack", async () => {
  const files = new InMemoryFileStore();
  await files.writeFile(WS, "/d".repeat(2000) + "/file", "x", "text");
  assert.equal((await files.grepFiles(WS, "x")).matchCount, 1);
  assert.equal(await files.deleteFile(WS, "/d", true), true);
  assert.deepEqual(await files.listDirectory(WS, "/"), []);
});

Deno.test("files are stamped by the clock the store was given", async () => {
  let now = 100;
  const files = new InMemoryFileStore({ now: () => now });
  await files.writeFile(WS, "/d/a", "1", "text");
  now = 200;
  await files.writeFile(WS, "/d/a", "2", "text");
  const { createdAt, updatedAt } = await files.readFile(WS, "/d/a");
  assert.deepEqual([createdAt, updatedAt], [100, 200]);
  await files.writeFile(WS, "/d/b", "2", "text");
  assert.equal((await files.statFile(WS, "/d"))?.updatedAt, 200);
});

Deno.test("reading a workspace makes nothing: its root has no time until something is written", async () => {
  const files = new InMemoryFileStore({ now: () => 100 });
  await assert.rejects(files.readFile(WS, "/a"), { code: "file_not_found" });
  assert.deepEqual(await files.listDirectory(WS, "/"), []);
  assert.equal(await files.deleteFile(WS, "/a", true), false);
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "", "x", "text"), false);
  assert.equal((await files.statFile(WS, "/"))?.createdAt, 0);
  await files.createDirectory(WS, "/a");
  assert.equal((await files.statFile(WS, "/"))?.createdAt, 100);
});

Deno.test("readFile() gives the same frozen object until the file is written", async () => {
  const files = new InMemoryFileStore();
  await files.writeFile(WS, "/a", "1", "text");
  const first = await files.readFile(WS, "/a");
  assert.ok(Object.isFrozen(first));
  assert.equal(await files.readFile(WS, "/a"), first);
});

Deno.test("names that mean something to objects are names like any other", async () => {
  const files = new InMemoryFileStore();
  for (const name of ["__proto__", "constructor", "children", "toString"]) {
    assert.equal(await files.statFile(WS, name), undefined);
    await files.writeFile(WS, `/${name}/${name}`, name, "text");
    assert.equal((await files.readFile(WS, `/${name}/${name}`)).content, name);
  }
});

Deno.test("InMemoryFileStore() refuses a cap that is not a whole number of 0 or more", () => {
  for (const value of [-1, 1.5, NaN, Infinity]) {
    assert.throws(() => new InMemoryFileStore({ maxFileBytes: value }), RangeError);
    assert.throws(() => new InMemoryFileStore({ maxWorkspaceBytes: value }), RangeError);
    assert.throws(() => new InMemoryFileStore({ maxFiles: value }), RangeError);
  }
});
