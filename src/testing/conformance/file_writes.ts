/** What every file store must do when files are read, written and deleted. */

import assert from "node:assert/strict";
import type { RuntimeFileStore } from "../../ports/file_store.ts";
import { check, checkShared } from "./conformance_options.ts";
import type { FileStoreConformanceOptions } from "./file_store_options.ts";
import { assertRefused } from "./assert_refused.ts";

const WORKSPACE = "workspace-1";

/** Registers the checks of reading, writing, compare-and-write, deleting and seeding files. */
export function testFileWrites(options: FileStoreConformanceOptions): void {
  check(options, "readFile() refuses what is not there with file_not_found, naming the path", async (files) => {
    await assert.rejects(files.readFile(WORKSPACE, "notes/none.md"), {
      code: "file_not_found",
      path: "/notes/none.md",
    });
  });

  const texts = ["", "plain", "line\r\nline\n", "\ufeffmark", "\u{1F44B} \u00e9 e\u0301 \t", "\u0001\u0000"];
  for (const text of texts) {
    check(options, `writeFile() keeps the text ${JSON.stringify(text)} to the character`, async (files) => {
      assert.equal(await files.writeFile(WORKSPACE, "/a.txt", text, "text"), true);
      const { path, content, encoding, sizeBytes, isReadonly } = await files.readFile(WORKSPACE, "/a.txt");
      const expected = { path: "/a.txt", content: text, encoding: "text", isReadonly: false };
      assert.deepEqual({ path, content, encoding, isReadonly }, expected);
      assert.equal(sizeBytes, new TextEncoder().encode(text).length);
    });
  }

  const binaries: readonly (readonly [base64: string, size: number])[] = [["/w==", 1], ["AP8=", 2], ["AP/+", 3]];
  for (const [base64, size] of binaries) {
    check(options, `writeFile() keeps the ${size} bytes of ${base64}`, async (files) => {
      await files.writeFile(WORKSPACE, "/a.bin", base64, "base64");
      const { content, encoding, sizeBytes } = await files.readFile(WORKSPACE, "/a.bin");
      assert.deepEqual({ content, encoding, sizeBytes }, { content: base64, encoding: "base64", sizeBytes: size });
    });
  }

  for (const wrong of ["A", "AAA", "A===", "A-_=", "AA==AA==", "hello!!!", "AAAA\n"]) {
    check(options, `writeFile() refuses ${JSON.stringify(wrong)} as base64`, async (files) => {
      await assert.rejects(files.writeFile(WORKSPACE, "/a.bin", wrong, "base64"));
      assert.equal(await files.statFile(WORKSPACE, "/a.bin"), undefined);
    });
  }

  check(options, "writeFile() tells whether it created the file, and replaces it whole", async (files) => {
    assert.equal(await files.writeFile(WORKSPACE, "/a.txt", "a longer text", "text"), true);
    const first = await files.readFile(WORKSPACE, "/a.txt");
    assert.equal(await files.writeFile(WORKSPACE, "/a.txt", "AAAA", "base64"), false);
    const second = await files.readFile(WORKSPACE, "/a.txt");
    assert.deepEqual([second.content, second.encoding, second.sizeBytes], ["AAAA", "base64", 3]);
    assert.equal(second.createdAt, first.createdAt);
    assert.ok(second.updatedAt >= first.updatedAt);
  });

  const spellings = ["/src/a.ts", "src/a.ts", "./src/a.ts", "/workspace/src/a.ts", "/src/a.ts/"];
  for (const spelling of spellings) {
    check(options, `${spelling} means /src/a.ts`, async (files) => {
      await files.writeFile(WORKSPACE, spelling, spelling, "text");
      assert.equal((await files.readFile(WORKSPACE, "/src/a.ts")).content, spelling);
      assert.equal((await files.readFile(WORKSPACE, spelling)).path, "/src/a.ts");
    });
  }

  check(options, "the display root is another spelling of the root", async (files) => {
    await files.writeFile(WORKSPACE, `${files.displayRoot === "/" ? "" : files.displayRoot}/a.txt`, "here", "text");
    assert.equal((await files.readFile(WORKSPACE, "/a.txt")).content, "here");
  });

  for (const path of ["../a", "/a/../b", "/..", "a\\b", "a\u0000b", "/a//b", "/a/./b"]) {
    check(options, `every method refuses the path ${JSON.stringify(path)} with path_invalid`, async (files) => {
      for (const refused of everyMethod(files, path)) await assertRefused(refused, "path_invalid");
      assert.deepEqual(await files.listDirectory(WORKSPACE, "/"), []);
    });
  }

  check(options, "case and Unicode forms of names are kept apart", async (files) => {
    for (const name of ["a", "A", "\u00e9", "e\u0301"]) await files.writeFile(WORKSPACE, name, name, "text");
    for (const name of ["a", "A", "\u00e9", "e\u0301"]) {
      assert.equal((await files.readFile(WORKSPACE, name)).content, name);
    }
  });

  check(options, "a read-only file is refused to writers and deleters, also inside a directory", async (files) => {
    await files.seedInitialFile(WORKSPACE, { path: "/a/b.txt", content: "kept", isReadonly: true });
    await files.writeFile(WORKSPACE, "/a/c.txt", "other", "text");
    const refused = [
      () => files.writeFile(WORKSPACE, "/a/b.txt", "new", "text"),
      () => files.writeFileIfContentMatches(WORKSPACE, "/a/b.txt", "kept", "new", "text"),
      () => files.deleteFile(WORKSPACE, "/a/b.txt", false),
      () => files.deleteFile(WORKSPACE, "/a", true),
    ];
    // In turn: a refusal nobody waits for yet would end the process.
    for (const each of refused) await assertRefused(each(), "file_read_only");
    const { content, isReadonly } = await files.readFile(WORKSPACE, "/a/b.txt");
    assert.deepEqual({ content, isReadonly }, { content: "kept", isReadonly: true });
    assert.equal((await files.statFile(WORKSPACE, "/a/b.txt"))?.isReadonly, true);
    assert.equal((await files.readFile(WORKSPACE, "/a/c.txt")).content, "other");
  });

  check(options, "seedInitialFile() leaves an existing file as it is, read-only mark and all", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", "mine", "text");
    await files.seedInitialFile(WORKSPACE, { path: "a.txt", content: "seed", isReadonly: true });
    await files.seedInitialFile(WORKSPACE, { path: "/workspace/b.bin", content: "AAAA", encoding: "base64" });
    const { content, isReadonly } = await files.readFile(WORKSPACE, "/a.txt");
    assert.deepEqual({ content, isReadonly }, { content: "mine", isReadonly: false });
    const seeded = await files.readFile(WORKSPACE, "/b.bin");
    assert.deepEqual([seeded.encoding, seeded.sizeBytes, seeded.isReadonly], ["base64", 3, false]);
  });

  check(options, "writeFileIfContentMatches() writes only over the expected content", async (files) => {
    const write = (expected: string) =>
      files.writeFileIfContentMatches(WORKSPACE, "/a.txt", expected, `${expected}+`, "text");
    assert.equal(await write(""), false);
    await files.writeFile(WORKSPACE, "/a.txt", "one", "text");
    assert.equal(await write("two"), false);
    assert.equal(await write("one"), true);
    assert.equal((await files.readFile(WORKSPACE, "/a.txt")).content, "one+");
    await files.createDirectory(WORKSPACE, "/dir");
    assert.equal(await files.writeFileIfContentMatches(WORKSPACE, "/dir", "", "x", "text"), false);
  });

  check(options, "of many writers that expect the same content exactly one writes", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", "start", "text");
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const wrote = await Promise.all(
      names.map((name) => files.writeFileIfContentMatches(WORKSPACE, "/a.txt", "start", name, "text")),
    );
    assert.equal(wrote.filter(Boolean).length, 1);
    assert.equal((await files.readFile(WORKSPACE, "/a.txt")).content, names[wrote.indexOf(true)]);
  });

  const { maxFileBytes, separatesWorkspaces = true } = options;
  if (maxFileBytes !== undefined) {
    check(
      options,
      "writeFile() refuses a file over its cap with file_too_large and keeps the old one",
      async (files) => {
        await files.writeFile(WORKSPACE, "/a.txt", "x".repeat(maxFileBytes), "text");
        const tooLarge = files.writeFile(WORKSPACE, "/a.txt", "x".repeat(maxFileBytes + 1), "text");
        await assertRefused(tooLarge, "file_too_large");
        assert.equal((await files.readFile(WORKSPACE, "/a.txt")).sizeBytes, maxFileBytes);
      },
    );
  }

  if (separatesWorkspaces) {
    check(options, "workspaces do not see each other's files", async (files) => {
      await files.writeFile(WORKSPACE, "/a.txt", "one", "text");
      await assertRefused(files.readFile("workspace-2", "/a.txt"), "file_not_found");
      assert.deepEqual(await files.listDirectory("workspace-2", "/"), []);
      assert.equal(await files.deleteFile("workspace-2", "/a.txt", true), false);
      assert.equal((await files.grepFiles("workspace-2", "one")).matchCount, 0);
      await files.writeFile("workspace-2", "/a.txt", "two", "text");
      assert.equal((await files.readFile(WORKSPACE, "/a.txt")).content, "one");
    });
  }

  checkShared(options, "another instance sees what was written", async (first, second) => {
    await first.writeFile(WORKSPACE, "/a/b.txt", "shared", "text");
    assert.equal((await second.readFile(WORKSPACE, "/a/b.txt")).content, "shared");
    assert.equal(await second.writeFileIfContentMatches(WORKSPACE, "/a/b.txt", "shared", "changed", "text"), true);
    assert.equal(await first.writeFileIfContentMatches(WORKSPACE, "/a/b.txt", "shared", "lost", "text"), false);
    assert.equal((await first.readFile(WORKSPACE, "/a/b.txt")).content, "changed");
  });
}

function* everyMethod(files: RuntimeFileStore, path: string): Generator<Promise<unknown>> {
  yield files.readFile(WORKSPACE, path);
  yield files.writeFile(WORKSPACE, path, "x", "text");
  yield files.writeFileIfContentMatches(WORKSPACE, path, "x", "y", "text");
  yield files.deleteFile(WORKSPACE, path, true);
  yield files.listDirectory(WORKSPACE, path);
  yield files.statFile(WORKSPACE, path);
  yield files.createDirectory(WORKSPACE, path);
  yield files.seedInitialFile(WORKSPACE, { path, content: "x" });
}
