/** Searching a workspace on disk: what is searched, what ignore files leave out, and that it always ends. */

import assert from "node:assert/strict";
import { FileStoreError } from "../../../src/errors.ts";
import type { RealDiskFileStore } from "../../../local/workspace/real_disk_file_store.ts";
import { assertLinearSearch } from "../../_support/redos.ts";
import { ID, openWorkspace } from "./_workspace.ts";

Deno.test("a search minds .gitignore, .ignore and git's exclude file, also without git's help", async () => {
  using workspace = await openWorkspace();
  workspace.put(".gitignore", "*.log\n/build/\nnotes/*\n!notes/keep.md\n");
  workspace.put(".ignore", "!important.log\nprivate\n");
  workspace.put(".git/info/exclude", "scratch.txt\n");
  workspace.put(".git/config", "content\n");
  for (const path of ["a.log", "important.log", "build/a.js", "sub/build/a.js", "notes/a.md", "notes/keep.md"]) {
    workspace.put(path);
  }
  for (const path of ["private/a", "sub/private", "scratch.txt", "a.txt", ".hidden/a"]) workspace.put(path);
  assert.deepEqual(await found(workspace.files), [
    "/.hidden/a",
    "/a.txt",
    "/important.log",
    "/notes/keep.md",
    "/sub/build/a.js",
  ]);
});

Deno.test("an ignore file deeper down decides over those above it", async () => {
  using workspace = await openWorkspace();
  workspace.put(".gitignore", "*.log\n");
  workspace.put("sub/.gitignore", "!*.log\n/own.txt\n");
  for (const path of ["a.log", "sub/a.log", "sub/own.txt", "own.txt", "sub/deep/own.txt", "sub/deep/b.log"]) {
    workspace.put(path);
  }
  assert.deepEqual(await found(workspace.files), [
    "/own.txt",
    "/sub/a.log",
    "/sub/deep/b.log",
    "/sub/deep/own.txt",
  ]);
});

Deno.test("nothing in an ignored directory is searched, whatever its own ignore file says", async () => {
  using workspace = await openWorkspace();
  workspace.put(".gitignore", "node_modules/\n");
  workspace.put("node_modules/.gitignore", "!*\n");
  workspace.put("node_modules/a.js");
  workspace.put("a.js");
  assert.deepEqual(await found(workspace.files), ["/a.js"]);
});

Deno.test("ignored files can still be read, listed and written", async () => {
  using workspace = await openWorkspace();
  workspace.put(".gitignore", "*.log\n");
  workspace.put("a.log", "x");
  assert.equal((await workspace.files.readFile(ID, "a.log")).content, "x");
  assert.equal((await workspace.files.listDirectory(ID, "/")).length, 2);
  assert.equal(await workspace.files.writeFile(ID, "a.log", "y", "text"), false);
});

Deno.test("files that are no text or over 512 KiB are passed over and counted", async () => {
  using workspace = await openWorkspace();
  workspace.put("a.txt");
  workspace.put("large.txt", "content\n".repeat(64 * 1024 + 1));
  Deno.writeFileSync(workspace.host("a.bin"), new TextEncoder().encode("content\0"));
  const { lines, skippedFiles } = await workspace.files.grepFiles(ID, "content");
  assert.deepEqual([lines.map(({ path }) => path), skippedFiles], [["/a.txt"], 2]);
});

Deno.test("a directory that is closed to us is passed over", async () => {
  using workspace = await openWorkspace();
  workspace.put("closed/a.txt");
  workspace.put("z.txt");
  Deno.chmodSync(workspace.host("closed"), 0o000);
  try {
    const paths = await found(workspace.files);
    // The superuser reads it all the same.
    assert.deepEqual(paths.filter((path) => path !== "/closed/a.txt"), ["/z.txt"]);
  } finally {
    Deno.chmodSync(workspace.host("closed"), 0o700);
  }
});

Deno.test("a path pattern may be written as the path on the host", async () => {
  using workspace = await openWorkspace();
  for (const path of ["src/a.ts", "src/deep/b.ts", "other/a.ts"]) workspace.put(path);
  const paths = async (pathPattern: string): Promise<string[]> =>
    (await workspace.files.grepFiles(ID, "content", { pathPattern })).lines.map(({ path }) => path);
  assert.deepEqual(await paths(workspace.host("src/*.ts")), ["/src/a.ts"]);
  assert.deepEqual(await paths(workspace.host("src")), ["/src/a.ts", "/src/deep/b.ts"]);
  assert.deepEqual(await paths(workspace.root), ["/other/a.ts", "/src/a.ts", "/src/deep/b.ts"]);
});

Deno.test("an ignore file made to stop a backtracking matcher is answered", async () => {
  using workspace = await openWorkspace();
  const deep = "a/".repeat(200);
  workspace.put(`${deep}c.txt`);
  workspace.put(`${"a".repeat(200)}.txt`);
  const lines = [
    `${"a/**/".repeat(100)}b`,
    `${"**/a/".repeat(100)}b`,
    `${"*a".repeat(100)}b`,
    `${"[a-z]*".repeat(90)}!`,
  ];
  workspace.put(".gitignore", lines.join("\n"));
  assert.equal((await found(workspace.files)).length, 2);
});

Deno.test("a search that compares many ignored entries ends when its signal does", async () => {
  using workspace = await openWorkspace();
  workspace.put(".gitignore", "*.log\n");
  for (let index = 0; index < 300; index++) workspace.put(`${index}.log`, "");
  const controller = new AbortController();
  const reason = new Error("no longer wanted");
  const search = workspace.files.grepFiles(ID, "x", { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(search, reason);
});

Deno.test("patterns that drive backtracking engines mad are searched for within their budget", async () => {
  using workspace = await openWorkspace();
  await assertLinearSearch(workspace.files, ID);
});

Deno.test("a pattern of 1,000 characters is searched for, a longer one refused, and so is one that explodes", async () => {
  using workspace = await openWorkspace();
  workspace.put("a.txt", "x".repeat(1_000));
  assert.equal((await workspace.files.grepFiles(ID, "x".repeat(1_000))).matchCount, 1);
  for (const pattern of ["x".repeat(1_001), "((((a{100}){100}){100}){100})", "(?=a)", "(a)\\1"]) {
    await assert.rejects(workspace.files.grepFiles(ID, pattern), (error: unknown) => {
      assert.ok(error instanceof FileStoreError && error.code === "pattern_invalid", String(error));
      return true;
    });
  }
});

Deno.test("a search ends with scan_too_large after 5 MiB, ignored files not counted", async () => {
  using workspace = await openWorkspace();
  const text = "x\n".repeat(256 * 1024);
  for (let index = 0; index < 9; index++) workspace.put(`${index}.txt`, text);
  workspace.put(".gitignore", "*.log\n");
  for (const name of ["a.log", "b.log", "c.log"]) workspace.put(name, text);
  assert.equal((await workspace.files.grepFiles(ID, "none")).matchCount, 0);
  for (const name of ["y.txt", "z.txt"]) workspace.put(name, text);
  await assert.rejects(workspace.files.grepFiles(ID, "none"), { code: "scan_too_large" });
});

/** The files in which `content` is found. */
async function found(files: RealDiskFileStore): Promise<string[]> {
  return (await files.grepFiles(ID, "content")).lines.map(({ path }) => path);
}
