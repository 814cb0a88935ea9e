/** What every file store must do with directories. */

import assert from "node:assert/strict";
import type { RuntimeFileStore } from "../../ports/file_store.ts";
import { check } from "./conformance_options.ts";
import type { FileStoreConformanceOptions } from "./file_store_options.ts";
import { assertRefused } from "./assert_refused.ts";

const WORKSPACE = "workspace-1";

/** Registers the checks of listing, stat, making and deleting directories. */
export function testFileDirectories(options: FileStoreConformanceOptions): void {
  check(options, "the root is a directory, also of an empty workspace", async (files) => {
    for (const root of ["/", "", "/workspace", "/workspace/"]) {
      const stat = await files.statFile(WORKSPACE, root);
      assert.ok(stat !== undefined);
      const { path, name, isDirectory, sizeBytes } = stat;
      assert.deepEqual({ path, name, isDirectory, sizeBytes }, {
        path: "/",
        name: "/",
        isDirectory: true,
        sizeBytes: 0,
      });
      assert.deepEqual(await files.listDirectory(WORKSPACE, root), []);
    }
  });

  check(options, "writeFile() makes the directories on the way", async (files) => {
    await files.writeFile(WORKSPACE, "/a/b/c.txt", "x", "text");
    const stat = await files.statFile(WORKSPACE, "/a/b");
    assert.deepEqual([stat?.path, stat?.name, stat?.isDirectory, stat?.sizeBytes], ["/a/b", "b", true, 0]);
    assert.equal((await files.statFile(WORKSPACE, "/a"))?.isDirectory, true);
  });

  check(options, "statFile() describes a file, and is undefined for what is not there", async (files) => {
    await files.writeFile(WORKSPACE, "/a/b.txt", "\u00e9", "text");
    const stat = await files.statFile(WORKSPACE, "a/b.txt");
    assert.ok(stat !== undefined);
    const { createdAt, updatedAt, ...rest } = stat;
    const expected = { path: "/a/b.txt", name: "b.txt", isDirectory: false, isReadonly: false, sizeBytes: 2 };
    assert.deepEqual(rest, expected);
    assert.ok(Number.isFinite(createdAt) && updatedAt >= createdAt);
    assert.equal(await files.statFile(WORKSPACE, "/a/none"), undefined);
    assert.equal(await files.statFile(WORKSPACE, "/a/b.txt/none"), undefined);
  });

  check(options, "listDirectory() gives the entries of one directory, sorted by path", async (files) => {
    for (const path of ["/d/b.txt", "/d/a/x.txt", "/d/a-b", "/d/B", "/other"]) {
      await files.writeFile(WORKSPACE, path, "x", "text");
    }
    const entries = await files.listDirectory(WORKSPACE, "/d");
    assert.deepEqual(entries.map(({ path }) => path), ["/d/B", "/d/a", "/d/a-b", "/d/b.txt"]);
    assert.deepEqual(entries.map(({ name }) => name), ["B", "a", "a-b", "b.txt"]);
    assert.deepEqual(entries.map(({ isDirectory }) => isDirectory), [false, true, false, false]);
    assert.deepEqual(entries.map(({ sizeBytes }) => sizeBytes), [1, 0, 1, 1]);
    assert.deepEqual((await files.listDirectory(WORKSPACE, "/")).map(({ path }) => path), ["/d", "/other"]);
  });

  check(options, "listDirectory() is empty for a missing path and for a file", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", "x", "text");
    assert.deepEqual(await files.listDirectory(WORKSPACE, "/none"), []);
    assert.deepEqual(await files.listDirectory(WORKSPACE, "/a.txt"), []);
  });

  check(options, "createDirectory() makes a directory and its parents, once or twice", async (files) => {
    await files.createDirectory(WORKSPACE, "/a/b");
    await files.createDirectory(WORKSPACE, "/a/b/");
    await files.createDirectory(WORKSPACE, "/");
    assert.deepEqual((await files.listDirectory(WORKSPACE, "/a")).map(({ path }) => path), ["/a/b"]);
    assert.deepEqual(await files.listDirectory(WORKSPACE, "/a/b"), []);
  });

  check(options, "a directory cannot be read or written as a file", async (files) => {
    await files.createDirectory(WORKSPACE, "/a");
    for (const path of ["/a", "/"]) {
      await assertRefused(files.readFile(WORKSPACE, path), "file_is_directory");
      await assertRefused(files.writeFile(WORKSPACE, path, "x", "text"), "file_is_directory");
    }
  });

  check(options, "a file cannot have files or directories in it", async (files) => {
    await files.writeFile(WORKSPACE, "/a", "file", "text");
    await assert.rejects(files.writeFile(WORKSPACE, "/a/b", "x", "text"));
    await assert.rejects(files.createDirectory(WORKSPACE, "/a/b/c"));
    await assert.rejects(files.createDirectory(WORKSPACE, "/a"));
    assert.equal((await files.readFile(WORKSPACE, "/a")).content, "file");
  });

  check(options, "deleteFile() deletes a file once", async (files) => {
    await files.writeFile(WORKSPACE, "/a/b.txt", "x", "text");
    assert.equal(await files.deleteFile(WORKSPACE, "/a/b.txt", false), true);
    assert.equal(await files.deleteFile(WORKSPACE, "/a/b.txt", false), false);
    assert.equal(await files.statFile(WORKSPACE, "/a/b.txt"), undefined);
    assert.equal((await files.statFile(WORKSPACE, "/a"))?.isDirectory, true);
  });

  check(options, "deleteFile() deletes an empty directory, a full one only with `recursive`", async (files) => {
    await files.createDirectory(WORKSPACE, "/empty");
    assert.equal(await files.deleteFile(WORKSPACE, "/empty", false), true);
    await files.writeFile(WORKSPACE, "/a/b/c.txt", "x", "text");
    assert.equal(await files.deleteFile(WORKSPACE, "/a", false), false);
    assert.equal((await files.readFile(WORKSPACE, "/a/b/c.txt")).content, "x");
    assert.equal(await files.deleteFile(WORKSPACE, "/a", true), true);
    assert.deepEqual(await files.listDirectory(WORKSPACE, "/"), []);
  });

  check(options, "deleteFile() never deletes the root", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", "x", "text");
    assert.equal(await files.deleteFile(WORKSPACE, "/", true), false);
    assert.equal(await files.deleteFile(WORKSPACE, "/workspace", true), false);
    assert.equal((await files.readFile(WORKSPACE, "/a.txt")).content, "x");
  });

  check(options, "a deleted path may become something else", async (files) => {
    await files.writeFile(WORKSPACE, "/a", "file", "text");
    await files.deleteFile(WORKSPACE, "/a", false);
    await files.writeFile(WORKSPACE, "/a/b", "inside", "text");
    await files.deleteFile(WORKSPACE, "/a", true);
    await files.writeFile(WORKSPACE, "/a", "file again", "text");
    assert.equal((await files.readFile(WORKSPACE, "/a")).content, "file again");
  });

  check(options, "a directory may hold many files", async (files) => {
    await writeMany(files, 500);
    assert.equal((await files.listDirectory(WORKSPACE, "/many")).length, 500);
  });
}

async function writeMany(files: RuntimeFileStore, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await files.writeFile(WORKSPACE, `/many/${index}.txt`, "x", "text");
}
