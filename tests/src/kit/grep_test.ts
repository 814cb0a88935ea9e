import assert from "node:assert/strict";
import { type GrepFile, grepFiles, MAX_GREP_FILE_BYTES } from "../../../src/kit/grep.ts";

Deno.test("grepFiles() searches an async iterable and reads only the files the path pattern names", async () => {
  const read: string[] = [];
  const { lines } = await grepFiles(asAsync([file("/a.ts", "x"), file("/b.md", "x")], read), "x", {
    pathPattern: "*.md",
  });
  assert.deepEqual(lines.map(({ path }) => path), ["/b.md"]);
  assert.deepEqual(read, ["/b.md"]);
});

Deno.test("grepFiles() does not read a file that is too large, and counts it", async () => {
  const read: string[] = [];
  const large = { ...file("/large", "x"), sizeBytes: MAX_GREP_FILE_BYTES + 1 };
  const { skippedFiles } = await grepFiles(asAsync([large, file("/b", "x")], read), "x");
  assert.equal(skippedFiles, 1);
  assert.deepEqual(read, ["/b"]);
});

Deno.test("grepFiles() asks for no further file once it knows that there is a next page", async () => {
  const read: string[] = [];
  const all = ["/a", "/b", "/c", "/d"].map((path) => file(path, "x"));
  const { nextOffset } = await grepFiles(asAsync(all, read), "x", { limit: 1 });
  assert.equal(nextOffset, 1);
  assert.deepEqual(read, ["/a", "/b"]);
});

Deno.test("grepFiles() ends between two pieces of work when its signal is aborted", async () => {
  const controller = new AbortController();
  const text = "some text\n".repeat(50_000);
  const searching = grepFiles([file("/a", text)], "none", { signal: controller.signal });
  const reason = new Error("stop");
  setTimeout(() => controller.abort(reason), 0);
  await assert.rejects(searching, reason);
});

Deno.test("grepFiles() lets other work run while it searches", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const texts = Array.from({ length: 8 }, (_, index) => file(`/${index}`, "some text here\n".repeat(30_000)));
  await grepFiles(texts, "no+ne|not+hing|nowh?ere");
  clearInterval(timer);
  assert.ok(turns > 0);
});

Deno.test("grepFiles() looks at the first 16,384 characters of a line", async () => {
  const text = `${"-".repeat(16_383)}m\n${"-".repeat(16_384)}m\n`;
  const { lines } = await grepFiles([file("/a", text)], "m");
  assert.deepEqual(lines.map(({ lineNumber }) => lineNumber), [1]);
});

Deno.test("a match shown as context of the one before it is marked, and does not count twice", async () => {
  const { lines, matchCount } = await grepFiles([file("/a", "m1\nm2\n3\n")], "^m", { after: 1 });
  assert.deepEqual(lines.map(({ line, isMatch }) => [line, isMatch]), [["m1", true], ["m2", true], ["3", false]]);
  assert.equal(matchCount, 2);
});

Deno.test("a match of another page is shown as context", async () => {
  const options = { after: 1, limit: 1 };
  const first = await grepFiles([file("/a", "m1\nm2\n3\n")], "^m", options);
  assert.deepEqual(first.lines.map(({ line, isMatch }) => [line, isMatch]), [["m1", true], ["m2", false]]);
  assert.equal(first.nextOffset, 1);
  const second = await grepFiles([file("/a", "m1\nm2\n3\n")], "^m", { ...options, offset: 1, before: 1 });
  assert.deepEqual(second.lines.map(({ line, isMatch }) => [line, isMatch]), [["m1", false], ["m2", true], [
    "3",
    false,
  ]]);
});

Deno.test("context does not run from one file into the next", async () => {
  const { lines } = await grepFiles([file("/a", "m\n"), file("/b", "1\nm\n")], "^m", { before: 3, after: 3 });
  assert.deepEqual(lines.map(({ path, lineNumber }) => `${path}:${lineNumber}`), ["/a:1", "/b:1", "/b:2"]);
});

Deno.test("an empty file has no line, and a file without a final line end has its last one", async () => {
  assert.equal((await grepFiles([file("/a", "")], "^$")).matchCount, 0);
  assert.equal((await grepFiles([file("/a", "\n")], "^$")).matchCount, 1);
  assert.equal((await grepFiles([file("/a", "\n\nx")], "^$|x")).matchCount, 3);
});

Deno.test("grepFiles() refuses a path pattern that stands for too much", async () => {
  await assert.rejects(grepFiles([], "x", { pathPattern: "{a,b}".repeat(20) }), { code: "pattern_invalid" });
});

for (const member of ["before", "after", "offset", "limit", "maxBytes"]) {
  Deno.test(`grepFiles() refuses ${member} when it is not a whole number of 0 or more`, async () => {
    for (const value of [-1, 0.5, NaN]) await assert.rejects(grepFiles([], "x", { [member]: value }), RangeError);
  });
}

function file(path: string, text: string): GrepFile {
  return { path, sizeBytes: text.length, read: () => text };
}

async function* asAsync(files: readonly GrepFile[], read: string[]): AsyncGenerator<GrepFile> {
  for (const each of files) {
    await Promise.resolve();
    yield {
      ...each,
      read: () => {
        read.push(each.path);
        return each.read();
      },
    };
  }
}
