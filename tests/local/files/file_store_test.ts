/** Session files in a store: caps, damaged rows, odd names, and what of the content is kept. */

import assert from "node:assert/strict";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalFileStore } from "../../../local/files/file_store.ts";
import type { Connection } from "../../../local/sqlite/connection.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "../records/_opened_stores.ts";

const WS = "workspace-1";
const MEBIBYTE = 1024 * 1024;

function paths(entries: readonly { readonly path: string }[]): string[] {
  return entries.map(({ path }) => path);
}

function countOf(db: Connection): unknown {
  return db.get("SELECT COUNT(*) AS count FROM file")?.["count"];
}

Deno.test("files survive closing the store, read-only mark and times included", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  let written: unknown[];
  {
    using db = openStore(folder);
    const files = new LocalFileStore(db, { clock });
    await files.seedInitialFile(WS, { path: "/d/a.txt", content: "kept", isReadonly: true });
    await files.writeFile(WS, "/d/b.bin", "AP8=", "base64");
    written = [
      await files.readFile(WS, "/d/a.txt"),
      await files.readFile(WS, "/d/b.bin"),
      await files.statFile(WS, "/d"),
    ];
  }
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const read = [
    await files.readFile(WS, "/d/a.txt"),
    await files.readFile(WS, "/d/b.bin"),
    await files.statFile(WS, "/d"),
  ];
  assert.deepEqual(read, written);
});

Deno.test("files are stamped by the clock the store was given", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const clock = new FakeClock();
  const files = new LocalFileStore(db, { clock });
  const timesOf = async (path: string) => {
    const { createdAt, updatedAt } = (await files.statFile(WS, path))!;
    return [createdAt, updatedAt];
  };
  clock.setNow(100);
  assert.deepEqual(await timesOf("/"), [0, 0]);
  await files.writeFile(WS, "/d/a", "1", "text");
  assert.deepEqual(await Promise.all(["/", "/d", "/d/a"].map(timesOf)), [[100, 100], [100, 100], [100, 100]]);
  clock.setNow(200);
  await files.writeFile(WS, "/d/a", "2", "text");
  assert.deepEqual(await Promise.all(["/", "/d", "/d/a"].map(timesOf)), [[100, 100], [100, 100], [100, 200]]);
  clock.setNow(300);
  await files.writeFile(WS, "/d/e/f", "3", "text");
  assert.deepEqual(await Promise.all(["/", "/d", "/d/e"].map(timesOf)), [[100, 100], [100, 300], [300, 300]]);
  clock.setNow(400);
  await files.createDirectory(WS, "/x/y");
  assert.deepEqual(await Promise.all(["/", "/d", "/x"].map(timesOf)), [[100, 400], [100, 300], [400, 400]]);
  clock.setNow(500);
  await files.deleteFile(WS, "/d/a", false);
  assert.deepEqual(await Promise.all(["/", "/d"].map(timesOf)), [[100, 400], [100, 500]]);
  clock.setNow(600);
  await files.deleteFile(WS, "/d", true);
  assert.deepEqual(await timesOf("/"), [100, 600]);
});

Deno.test("writeFile() refuses what would pass the workspace's bytes, and takes it after a delete", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db, { maxWorkspaceBytes: 10 });
  await files.writeFile(WS, "/a", "123456", "text");
  await assert.rejects(files.writeFile(WS, "/d/b", "12345", "text"), { code: "workspace_full", path: "/d/b" });
  assert.equal(await files.statFile(WS, "/d"), undefined);
  await files.writeFile(WS, "/a", "1234567890", "text");
  await assert.rejects(files.writeFile(WS, "/a", "12345678901", "text"), { code: "workspace_full" });
  assert.equal((await files.readFile(WS, "/a")).content, "1234567890");
  await files.deleteFile(WS, "/a", false);
  await files.writeFile(WS, "/b", "\u00e9\u00e9\u00e9\u00e9\u00e9", "text");
  await assert.rejects(files.writeFile(WS, "/c", "x", "text"), { code: "workspace_full" });
  await files.writeFile("workspace-2", "/c", "x", "text");
});

Deno.test("caps count what other processes wrote", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  using other = openStore(folder);
  const [files, theirs] = [new LocalFileStore(db, { maxFiles: 2 }), new LocalFileStore(other, { maxFiles: 2 })];
  await files.writeFile(WS, "/a", "1", "text");
  await theirs.writeFile(WS, "/b", "2", "text");
  for (const store of [files, theirs]) {
    await assert.rejects(store.writeFile(WS, "/c", "3", "text"), { code: "workspace_full" });
  }
  await theirs.deleteFile(WS, "/a", false);
  await files.writeFile(WS, "/c", "3", "text");
});

Deno.test("writeFile() refuses a file more than the workspace may hold, but replaces one", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db, { maxFiles: 2 });
  await files.writeFile(WS, "/d/a", "1", "text");
  await files.writeFile(WS, "/d/b", "2", "text");
  await assert.rejects(files.writeFile(WS, "/c", "3", "text"), { code: "workspace_full" });
  assert.equal(await files.writeFile(WS, "/d/a", "1+", "text"), false);
  await files.deleteFile(WS, "/d", true);
  await files.writeFile(WS, "/e/c", "3", "text");
  await files.writeFile(WS, "/f/d", "4", "text");
  await assert.rejects(files.seedInitialFile(WS, { path: "/g", content: "" }), { code: "workspace_full" });
});

Deno.test("directories have a cap too, and a refused write makes none", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db, { maxFiles: 3 });
  await assert.rejects(files.createDirectory(WS, "/1/2/3/4"), { code: "workspace_full" });
  await assert.rejects(files.writeFile(WS, "/1/2/3/4/file", "x", "text"), { code: "workspace_full" });
  assert.equal(countOf(db), 0);
  await files.createDirectory(WS, "/1/2/3");
  assert.equal(await files.deleteFile(WS, "/1", true), true);
  await files.createDirectory(WS, "/a/b/c");
});

Deno.test("a file over the cap is refused by its bytes, not its characters", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db, { maxFileBytes: 4 });
  await files.writeFile(WS, "/a", "\u00e9\u00e9", "text");
  await assert.rejects(files.writeFile(WS, "/b", "\u00e9\u00e9\u00e9", "text"), { code: "file_too_large" });
  await files.writeFile(WS, "/c", "AAAAAA==", "base64");
  await assert.rejects(files.writeFile(WS, "/d", "AAAAAAA=", "base64"), { code: "file_too_large" });
});

Deno.test("by default a file has 10 MiB at most, and a workspace 100 MiB", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const full = "x".repeat(10 * MEBIBYTE);
  await assert.rejects(files.writeFile(WS, "/over", `${full}x`, "text"), { code: "file_too_large" });
  for (let n = 0; n < 10; n++) await files.writeFile(WS, `/${n}`, full, "text");
  await assert.rejects(files.writeFile(WS, "/more", "x", "text"), { code: "workspace_full" });
});

Deno.test("a cap that is no whole number is refused", () => {
  using folder = tempFolder();
  using db = openStore(folder);
  for (const wrong of [{ maxFileBytes: -1 }, { maxWorkspaceBytes: 1.5 }, { maxFiles: NaN }]) {
    assert.throws(() => new LocalFileStore(db, wrong), RangeError);
  }
});

Deno.test("10 MiB of text with NUL, line ends and marks come back to the character", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const line = "\u0000\ufeff\r\n\u00e9\u{1F600}\ufffd\u2028";
  const text = line.repeat(Math.floor(10 * MEBIBYTE / new TextEncoder().encode(line).length));
  await files.writeFile(WS, "/large.txt", text, "text");
  const { content, sizeBytes } = await files.readFile(WS, "/large.txt");
  assert.ok(content === text);
  assert.ok(sizeBytes > 10 * MEBIBYTE - 32);
  assert.equal(await files.writeFileIfContentMatches(WS, "/large.txt", text, "small", "text"), true);
});

Deno.test("every byte comes back as base64", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const content = Uint8Array.from({ length: 256 }, (_, byte) => byte).toBase64();
  await files.writeFile(WS, "/all.bin", content, "base64");
  assert.equal((await files.readFile(WS, "/all.bin")).content, content);
});

Deno.test("text with half of a surrogate pair is refused, and nothing is written", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  await files.writeFile(WS, "/a", "\ufffd", "text");
  for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
    const refused = { code: "content_invalid", path: "/a" };
    await assert.rejects(files.writeFile(WS, "/a", text, "text"), refused);
    await assert.rejects(files.writeFileIfContentMatches(WS, "/a", "\ufffd", text, "text"), refused);
    // As bytes it would look like the mark that stands there.
    assert.equal(await files.writeFileIfContentMatches(WS, "/a", "\ud800", "new", "text"), false);
  }
  assert.equal((await files.readFile(WS, "/a")).content, "\ufffd");
});

Deno.test("base64 in another spelling is read in its canonical form, and both are expected by a compare", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  await files.writeFile(WS, "/a", "AB==", "base64");
  assert.equal((await files.readFile(WS, "/a")).content, "AA==");
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "AQ==", "x", "text"), false);
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "A===", "x", "text"), false);
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "AB==", "AB==", "base64"), true);
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "AA==", "x", "text"), true);
});

Deno.test("deleting a directory takes what is inside, and nothing whose name is like it", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const beside = ["/a%/x", "/a-/x", "/a./x".replace(".", "!"), "/a0", "/a_", "/aa/x", "/A/x", "/b/a/x", "/a\u00e9/x"];
  const inside = ["/a/x", "/a/!", "/a/0/x", "/a/\u{1F600}/x", "/a/z/z/z", "/a/%"];
  for (const path of [...beside, ...inside]) await files.writeFile(WS, path, "x", "text");
  await files.writeFile("workspace-2", "/a/x", "x", "text");
  assert.equal(await files.deleteFile(WS, "/a", true), true);
  for (const path of beside) assert.equal((await files.readFile(WS, path)).content, "x");
  for (const path of [...inside, "/a/z/z", "/a"]) assert.equal(await files.statFile(WS, path), undefined);
  assert.equal((await files.readFile("workspace-2", "/a/x")).content, "x");
  // A directory made anew is empty: no row was left behind.
  await files.createDirectory(WS, "/a/z/z");
  assert.deepEqual(paths(await files.listDirectory(WS, "/a/z/z")), []);
});

Deno.test("a directory with a read-only file deep inside is kept whole", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  await files.writeFile(WS, "/a/b/c", "x", "text");
  await files.seedInitialFile(WS, { path: "/a/b/d/kept", content: "x", isReadonly: true });
  await assert.rejects(files.deleteFile(WS, "/a", true), { code: "file_read_only", path: "/a/b/d/kept" });
  assert.equal(countOf(db), 5);
});

Deno.test("a path as deep as paths may be is written, listed, searched and deleted", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const directory = "/d".repeat(2000);
  await files.writeFile(WS, `${directory}/file`, "x", "text");
  assert.deepEqual(paths(await files.listDirectory(WS, directory)), [`${directory}/file`]);
  assert.equal((await files.grepFiles(WS, "x")).matchCount, 1);
  assert.equal(await files.deleteFile(WS, "/d", true), true);
  assert.equal(countOf(db), 0);
});

Deno.test("a directory holds 10,000 files, listed in order and deleted at once", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  for (let index = 0; index < 10_000; index++) await files.writeFile(WS, `/many/${index}`, "x", "text");
  await assert.rejects(files.writeFile(WS, "/one-more", "x", "text"), { code: "workspace_full" });
  const listed = paths(await files.listDirectory(WS, "/many"));
  assert.equal(listed.length, 10_000);
  assert.deepEqual(listed, listed.toSorted());
  assert.equal((await files.grepFiles(WS, "x", { limit: 2 })).nextOffset, 2);
  assert.equal(await files.deleteFile(WS, "/many", true), true);
  assert.equal(countOf(db), 0);
  await files.writeFile(WS, "/one-more", "x", "text");
});

Deno.test("a workspace id may be any text, and none sees another's files", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const ids = ["", "a", "a\u0000", "a\u0000b", "\ud800", "\udc00", "\ufffd", '"a"', "a\n", "A", "__proto__"];
  for (const [index, id] of ids.entries()) await files.writeFile(id, "/file", `${index}`, "text");
  for (const [index, id] of ids.entries()) assert.equal((await files.readFile(id, "/file")).content, `${index}`);
});

const damages: readonly (readonly [what: string, sql: string])[] = [
  ["content", "UPDATE file SET content = x'62' WHERE path = '/a'"],
  ["missing content", "UPDATE file SET content = NULL WHERE path = '/a'"],
  ["encoding", "UPDATE file SET encoding = 'base64' WHERE path = '/a'"],
  ["read-only mark", "UPDATE file SET is_readonly = 2 - is_readonly - 1 WHERE path = '/a'"],
  ["hash", "UPDATE file SET hash = '00' WHERE path = '/a'"],
  [
    "place",
    "UPDATE file SET (content, hash) = (SELECT content, hash FROM file WHERE path = '/b') WHERE path = '/a'",
  ],
];
for (const [what, sql] of damages) {
  Deno.test(`a file with a damaged ${what} is refused in words for the model, and hides no other`, async () => {
    using folder = tempFolder();
    using db = openStore(folder);
    const files = new LocalFileStore(db);
    await files.writeFile(WS, "/a", "match a", "text");
    await files.writeFile(WS, "/b", "match b", "text");
    await db.write(() => assert.equal(db.run(sql), 1));
    const corrupt = {
      name: "FileStoreError",
      code: "file_corrupt",
      path: "/a",
      message: /"\/a".*damaged.*write it anew/,
    };
    await assert.rejects(files.readFile(WS, "/a"), corrupt);
    assert.equal((await files.readFile(WS, "/b")).content, "match b");
    assert.deepEqual(paths(await files.listDirectory(WS, "/")), ["/a", "/b"]);
    const { lines, skippedFiles } = await files.grepFiles(WS, "match");
    assert.deepEqual([paths(lines), skippedFiles], [["/b"], 1]);
  });
}

Deno.test("a damaged file is not overwritten by a compare, and can be written anew or deleted", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  for (const path of ["/a", "/b"]) await files.writeFile(WS, path, "x", "text");
  await db.write(() => db.run("UPDATE file SET hash = '00'"));
  await assert.rejects(files.writeFileIfContentMatches(WS, "/a", "x", "y", "text"), { code: "file_corrupt" });
  assert.equal(await files.writeFile(WS, "/a", "y", "text"), false);
  assert.equal((await files.readFile(WS, "/a")).content, "y");
  assert.equal(await files.deleteFile(WS, "/b", false), true);
});

Deno.test("a search reads a file only when it comes to it", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  for (const path of ["/a", "/b", "/c"]) await files.writeFile(WS, path, `match ${path}`, "text");
  const { signal } = new AbortController();
  let looks = 0;
  // It looks at its signal once at the start, and once for each file.
  signal.throwIfAborted = (): void => {
    if (++looks === 2) void files.deleteFile(WS, "/b", false);
    if (looks === 2) void files.writeFile(WS, "/c", "match changed", "text");
  };
  const { lines, skippedFiles } = await files.grepFiles(WS, "match", { signal });
  assert.deepEqual(lines.map(({ line }) => line), ["match /a", "match changed"]);
  assert.equal(skippedFiles, 0);
});

Deno.test("looking at a workspace nothing was written to makes nothing", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  await assert.rejects(files.readFile(WS, "/a"), { code: "file_not_found" });
  await files.createDirectory(WS, "/");
  assert.equal(await files.deleteFile(WS, "/a", true), false);
  assert.equal(await files.writeFileIfContentMatches(WS, "/a", "", "x", "text"), false);
  assert.deepEqual([db.all("SELECT id FROM workspace"), countOf(db)], [[], 0]);
});
