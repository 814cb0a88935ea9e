/** What the workspace on disk does beyond the rules of every file store. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { FileStoreError } from "../../../src/errors.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { ID, openWorkspace, snapshot } from "./_workspace.ts";

const TEMPORARY = `.everruns-${"0".repeat(32)}.tmp`;

Deno.test("workspace ids are accepted and ignored: everybody sees the same files", async () => {
  using workspace = await openWorkspace();
  const { files } = workspace;
  await files.writeFile("one", "a.txt", "x", "text");
  assert.equal((await files.readFile("two", "a.txt")).content, "x");
  workspace.put("b.txt", "put");
  assert.deepEqual((await files.listDirectory("three", "/")).map(({ name }) => name), ["a.txt", "b.txt"]);
});

Deno.test("the store needs the root and nothing else", async () => {
  using workspace = await openWorkspace();
  const { root } = workspace;
  assert.deepEqual(workspace.files.permissions, { read: [root], write: [root] });
});

Deno.test("files of others are text when they are UTF-8 without NUL, and base64 otherwise", async () => {
  using workspace = await openWorkspace();
  const contents: readonly (readonly [name: string, bytes: readonly number[], encoding: string])[] = [
    ["text", [0x68, 0xc3, 0xa9], "text"],
    ["mark", [0xef, 0xbb, 0xbf, 0x61], "text"],
    ["zero", [0x61, 0x00], "base64"],
    ["broken", [0xc3], "base64"],
    ["overlong", [0xc0, 0xaf], "base64"],
    ["empty", [], "text"],
  ];
  for (const [name, bytes, encoding] of contents) {
    Deno.writeFileSync(workspace.host(name), new Uint8Array(bytes));
    const file = await workspace.files.readFile(ID, name);
    assert.deepEqual([name, file.encoding, file.sizeBytes], [name, encoding, bytes.length]);
    // What was read can be written back without a change.
    await workspace.files.writeFile(ID, "copy", file.content, file.encoding);
    assert.deepEqual([...Deno.readFileSync(workspace.host("copy"))], bytes);
  }
});

Deno.test("a file that another program replaced is what it is now, not what was written", async () => {
  using workspace = await openWorkspace();
  await workspace.files.writeFile(ID, "a", "AAAA", "base64");
  workspace.put("a", "text now");
  const { content, encoding } = await workspace.files.readFile(ID, "a");
  assert.deepEqual([content, encoding], ["text now", "text"]);
});

Deno.test("a write leaves one whole file and nothing beside it", async () => {
  using workspace = await openWorkspace();
  await Promise.all(["a", "b", "c"].map((name) => workspace.files.writeFile(ID, `d/${name}`, name, "text")));
  assert.deepEqual(snapshot(workspace.root), { "d/a": "a", "d/b": "b", "d/c": "c" });
});

Deno.test("a reader beside writers sees a whole old or a whole new file", async () => {
  using workspace = await openWorkspace();
  const { files } = workspace;
  const text = (letter: string): string => letter.repeat(200_000);
  await files.writeFile(ID, "a", text("a"), "text");
  const writes = [..."bcdefgh"].map((letter) => files.writeFile(ID, "a", text(letter), "text"));
  for (let read = 0; read < 20; read++) {
    const { content } = await files.readFile(ID, "a");
    assert.equal(content, text(content[0] ?? ""));
  }
  await Promise.all(writes);
  assert.equal((await files.readFile(ID, "a")).content, text("h"));
});

Deno.test("a write that fails leaves the old file and no temporary one", async () => {
  using workspace = await openWorkspace();
  workspace.put("a/b", "old");
  const { files } = workspace;
  await assert.rejects(files.writeFile(ID, "a", "x", "text"), { code: "file_is_directory" });
  await assert.rejects(files.writeFile(ID, "a/b/c", "x", "text"), { code: "path_invalid" });
  await assert.rejects(files.writeFile(ID, "a/b", "no base64", "base64"), { code: "content_invalid" });
  await assert.rejects(files.writeFile(ID, "a/b", "\ud800", "text"), { code: "content_invalid" });
  assert.deepEqual(snapshot(workspace.root), { "a/b": "old" });
});

Deno.test("a file that is replaced keeps its permissions; special bits are not for what a model wrote", async () => {
  using workspace = await openWorkspace();
  for (const [mode, kept] of [[0o600, 0o600], [0o755, 0o755], [0o640, 0o640], [0o4755, 0o755]] as const) {
    workspace.put("a", "old");
    Deno.chmodSync(workspace.host("a"), mode);
    await workspace.files.writeFile(ID, "a", "new", "text");
    assert.equal((Deno.lstatSync(workspace.host("a")).mode ?? 0) & 0o7777, kept);
  }
});

Deno.test("of many compare-and-writes through two stores over one folder exactly one succeeds", async () => {
  using workspace = await openWorkspace();
  const stores = [workspace.files, await workspace.reopen()];
  workspace.put("a", "start");
  const wrote = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) => stores[index % 2]!.writeFileIfContentMatches(ID, "a", "start", `${index}`, "text"),
    ),
  );
  assert.equal(wrote.filter(Boolean).length, 1);
  assert.equal(Deno.readTextFileSync(workspace.host("a")), `${wrote.indexOf(true)}`);
});

Deno.test("twenty increments by compare-and-write from two stores lose nothing", async () => {
  using workspace = await openWorkspace();
  const stores = [workspace.files, await workspace.reopen()];
  workspace.put("n", "0");
  await Promise.all(stores.map(async (files) => {
    for (let done = 0; done < 10;) {
      const { content } = await files.readFile(ID, "n");
      if (await files.writeFileIfContentMatches(ID, "n", content, `${Number(content) + 1}`, "text")) done++;
    }
  }));
  assert.equal(Deno.readTextFileSync(workspace.host("n")), "20");
});

Deno.test("writes into a directory and its deletion take turns, and leave all of it or nothing", async () => {
  using workspace = await openWorkspace();
  const { files } = workspace;
  for (let round = 0; round < 20; round++) {
    const acts = [
      files.writeFile(ID, "d/a", "1", "text"),
      files.deleteFile(ID, "d", true),
      files.writeFile(ID, "d/b/c", "2", "text"),
    ];
    await Promise.all(acts);
    assert.deepEqual(snapshot(workspace.root), { "d/b/c": "2" });
  }
});

Deno.test("a file over maxFileBytes is neither read nor written", async () => {
  using workspace = await openWorkspace({ maxFileBytes: 4 });
  workspace.put("a", "12345");
  await assert.rejects(workspace.files.readFile(ID, "a"), { code: "file_too_large" });
  await assert.rejects(workspace.files.writeFile(ID, "a", "12345", "text"), { code: "file_too_large" });
  assert.equal((await workspace.files.statFile(ID, "a"))?.sizeBytes, 5);
});

Deno.test("a listing or a deletion of more than maxEntries is refused, and so is a search", async () => {
  using workspace = await openWorkspace({ maxEntries: 3 });
  for (const name of ["a", "b", "c", "d"]) workspace.put(`many/${name}`);
  const { files } = workspace;
  await assert.rejects(files.listDirectory(ID, "/many"), { code: "scan_too_large" });
  await assert.rejects(files.grepFiles(ID, "x"), { code: "scan_too_large" });
  assert.equal((await files.listDirectory(ID, "/")).length, 1);
});

Deno.test("no error names the folder on the host, in its message or path", async () => {
  using workspace = await openWorkspace({ maxFileBytes: 10 });
  const { files } = workspace;
  workspace.put("dir/file");
  workspace.put("large", "more than 10 bytes");
  const long = `/${Array.from({ length: 20 }, () => "x".repeat(200)).join("/")}`;
  const refused = [
    () => files.readFile(ID, "none"),
    () => files.readFile(ID, "dir"),
    () => files.readFile(ID, "large"),
    () => files.readFile(ID, "dir/file/inside"),
    () => files.readFile(ID, long),
    () => files.writeFile(ID, "dir", "x", "text"),
    () => files.writeFile(ID, "dir/file/inside", "x", "text"),
    () => files.createDirectory(ID, "dir/file"),
    () => files.deleteFile(ID, TEMPORARY, true),
    () => files.readFile(ID, TEMPORARY),
    () => files.grepFiles(ID, "("),
  ];
  let seen = 0;
  for (const each of refused) {
    await each().catch((error: unknown) => {
      assert.ok(error instanceof FileStoreError, String(error));
      assert.ok(!`${error.message} ${error.path} ${error.code}`.includes(workspace.outside), error.message);
      seen++;
    });
  }
  assert.equal(seen, refused.length);
});

Deno.test("no error names the folder on the host when the folder itself is gone", async () => {
  using workspace = await openWorkspace();
  const { files, root } = workspace;
  Deno.removeSync(root);
  await assert.rejects(files.writeFile(ID, "a", "x", "text"), (error: unknown) => {
    assert.ok(error instanceof FileStoreError && !error.message.includes(workspace.outside), String(error));
    return true;
  });
  assert.deepEqual(await files.listDirectory(ID, "/"), []);
  assert.equal((await files.grepFiles(ID, "x")).matchCount, 0);
});

Deno.test("names of temporary files are no part of the workspace", async () => {
  using workspace = await openWorkspace();
  workspace.put(TEMPORARY, "found");
  const { files } = workspace;
  assert.deepEqual(await files.listDirectory(ID, "/"), []);
  assert.equal(await files.statFile(ID, TEMPORARY), undefined);
  assert.equal((await files.grepFiles(ID, "found")).matchCount, 0);
  await assert.rejects(files.readFile(ID, TEMPORARY), { code: "path_hidden" });
  await assert.rejects(files.writeFile(ID, TEMPORARY, "x", "text"), { code: "path_hidden" });
});

Deno.test("a temporary file that a crash left is swept away after ten minutes, a younger one is not", async () => {
  const clock = new FakeClock();
  using workspace = await openWorkspace({ clock });
  workspace.put(`d/${TEMPORARY}`);
  const at = (minutes: number): Date => new Date(clock.now() - minutes * 60_000);
  Deno.utimeSync(workspace.host(`d/${TEMPORARY}`), at(9), at(9));
  await workspace.files.listDirectory(ID, "d");
  assert.deepEqual(Object.keys(snapshot(workspace.root)), [`d/${TEMPORARY}`]);
  Deno.utimeSync(workspace.host(`d/${TEMPORARY}`), at(11), at(11));
  await workspace.files.listDirectory(ID, "d");
  assert.deepEqual(snapshot(workspace.root), {});
});

Deno.test("what a crash left of the deletion of a directory is hidden, and swept away after ten minutes", async () => {
  const clock = new FakeClock();
  using workspace = await openWorkspace({ clock });
  workspace.put(`${TEMPORARY}/a/b.txt`, "found");
  const { files } = workspace;
  const at = (minutes: number): Date => new Date(clock.now() - minutes * 60_000);
  Deno.utimeSync(workspace.host(TEMPORARY), at(9), at(9));
  assert.deepEqual(await files.listDirectory(ID, "/"), []);
  assert.equal((await files.grepFiles(ID, "found")).matchCount, 0);
  assert.equal(Deno.lstatSync(workspace.host(TEMPORARY)).isDirectory, true);
  Deno.utimeSync(workspace.host(TEMPORARY), at(11), at(11));
  await files.listDirectory(ID, "/");
  assert.deepEqual([...Deno.readDirSync(workspace.root)], []);
});

Deno.test("a read-only mark is the store's alone, and no permission of the disk", async () => {
  using workspace = await openWorkspace();
  await workspace.files.seedInitialFile(ID, { path: "a", content: "seed", isReadonly: true });
  await assert.rejects(workspace.files.writeFile(ID, "a", "x", "text"), { code: "file_read_only" });
  Deno.writeTextFileSync(workspace.host("a"), "the host may");
  assert.equal((await workspace.files.readFile(ID, "a")).isReadonly, true);
});

Deno.test("a new store marks a file again when it is still as it is seeded, and leaves a changed one alone", async () => {
  using workspace = await openWorkspace();
  const seed = (path: string) => ({ path, content: "seed", isReadonly: true });
  for (const path of ["same", "changed"]) await workspace.files.seedInitialFile(ID, seed(path));
  workspace.put("changed", "by the user");
  const later = await workspace.reopen();
  for (const path of ["same", "changed"]) await later.seedInitialFile(ID, seed(path));
  assert.equal((await later.readFile(ID, "same")).isReadonly, true);
  const { content, isReadonly } = await later.readFile(ID, "changed");
  assert.deepEqual([content, isReadonly], ["by the user", false]);
});

Deno.test("a mark goes with a file that the host deletes: what is written there later is not read-only", async () => {
  using workspace = await openWorkspace();
  const { files } = workspace;
  await files.seedInitialFile(ID, { path: "a", content: "seed", isReadonly: true });
  Deno.removeSync(workspace.host("a"));
  assert.equal(await files.writeFile(ID, "a", "mine", "text"), true);
  assert.equal((await files.readFile(ID, "a")).isReadonly, false);
  assert.equal(await files.deleteFile(ID, "a", false), true);
});

Deno.test("a file keeps the time it was made when it is replaced", async () => {
  using workspace = await openWorkspace();
  workspace.put("a", "old");
  const first = await workspace.files.statFile(ID, "a");
  await workspace.files.writeFile(ID, "a", "new", "text");
  const second = await workspace.files.statFile(ID, "a");
  assert.equal(second?.createdAt, first?.createdAt);
  assert.ok((second?.updatedAt ?? 0) >= (second?.createdAt ?? Infinity));
});

Deno.test("a directory with only a left-over temporary file is deleted recursively, and the root never", async () => {
  using workspace = await openWorkspace();
  workspace.put(`d/${TEMPORARY}`);
  assert.equal(await workspace.files.deleteFile(ID, "d", true), true);
  assert.equal(await workspace.files.deleteFile(ID, workspace.root, true), false);
  assert.deepEqual([...Deno.readDirSync(workspace.outside)].map(({ name }) => name), ["project"]);
});

Deno.test("results name paths from the root, whatever spelling asked for them", async () => {
  using workspace = await openWorkspace();
  workspace.put("d/a", "found");
  const { files } = workspace;
  const answers = [
    await files.readFile(ID, workspace.host("d/a")),
    await files.statFile(ID, workspace.host("d/a")),
    await files.listDirectory(ID, workspace.host("d")),
    await files.grepFiles(ID, "found", { pathPattern: join(workspace.root, "d") }),
  ];
  const text = JSON.stringify(answers);
  assert.ok(!text.includes(workspace.outside), text);
  assert.equal(text.match(/"\/d\/a"/g)?.length, 4);
});
