import assert from "node:assert/strict";
import fc from "fast-check";
import { sessionFileSystem } from "../../../src/capabilities/session_file_system/capability.ts";
import { diffOf } from "../../../src/capabilities/session_file_system/edit_diff.ts";
import { applyReplacements, locateEdits } from "../../../src/capabilities/session_file_system/text_edits.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { callTools, eventsOf, say, simRuntime } from "../_support/runtime.ts";
import { call, sessionFiles, toolContext, toolOf } from "./_tool_context.ts";

const WS = "workspace-1";
const editFile = toolOf(sessionFileSystem, "edit_file");
const readFile = toolOf(sessionFileSystem, "read_file");

/** Writes a file, edits it as the model would after reading it, and gives the answer and the file. */
async function edit(
  content: string,
  ...edits: readonly (readonly [oldText: string, newText: string])[]
): Promise<{ readonly answer: JsonObject; readonly content: string }> {
  const store = new InMemoryFileStore({ now: () => 0 });
  const context = toolContext(sessionFiles(store));
  await store.writeFile(WS, "/a.txt", content, "text");
  const { hash } = await call(readFile, { path: "a.txt" }, context);
  const asked = edits.map(([old_text, new_text]) => ({ old_text, new_text }));
  const answer = await call(editFile, { path: "a.txt", expected_hash: hash ?? "", edits: asked }, context);
  return { answer, content: (await store.readFile(WS, "/a.txt")).content };
}

Deno.test("edit_file replaces passages, and answers with the new hash and a diff", async () => {
  const { answer, content } = await edit("one\ntwo\nthree\n", ["two", "zwei"], ["three\n", "drei\nvier\n"]);
  assert.equal(content, "one\nzwei\ndrei\nvier\n");
  const { hash, ...rest } = answer;
  assert.match(String(hash), /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(rest, {
    path: "/workspace/a.txt",
    size_bytes: 19,
    edits: 2,
    diff: "@@ -1,3 +1,4 @@\n one\n-two\n+zwei\n-three\n+drei\n+vier",
  });
});

Deno.test("the hash an edit gives is the one the next edit needs", async () => {
  const store = new InMemoryFileStore();
  const context = toolContext(sessionFiles(store));
  const written = await call(toolOf(sessionFileSystem, "write_file"), { path: "a", content: "1" }, context);
  const first = { path: "a", expected_hash: written["hash"] ?? "", edits: [{ old_text: "1", new_text: "2" }] };
  const { hash } = await call(editFile, first, context);
  const second = { path: "a", expected_hash: hash ?? "", edits: [{ old_text: "2", new_text: "3" }] };
  await call(editFile, second, context);
  assert.equal((await store.readFile(WS, "/a")).content, "3");
  assert.match(JSON.stringify(await call(editFile, second, context)), /not as you read it/);
});

Deno.test("edits are matched against the original text, not against each other's result", async () => {
  const { content } = await edit("a b", ["a", "b"], ["b", "a"]);
  assert.equal(content, "b a");
});

const refused: readonly (readonly [what: string, text: string, edits: [string, string][], error: RegExp])[] = [
  ["a passage that is missing", "one", [["two", "x"]], /edits\[0\]\.old_text is not in the file; nothing was changed/],
  ["a passage that is there twice", "x\ny\nx", [["y", "z"], ["x", "z"]], /edits\[1\].*\(lines 1, 3\)/],
  ["a passage that overlaps itself", "aaa", [["aa", "b"]], /more than once/],
  ["edits that overlap", "abc", [["bc", "x"], ["ab", "y"]], /edits\[0\] and edits\[1\] overlap/],
  ["edits that change nothing", "abc", [["b", "b"]], /leave \/workspace\/a\.txt as it is/],
  ["other white space", "a  b", [["a b", "c"]], /not in the file/],
];
for (const [what, text, edits, error] of refused) {
  Deno.test(`edit_file refuses ${what} and changes nothing`, async () => {
    const { answer, content } = await edit(text, ...edits);
    assert.match(String(answer["error"]), error);
    assert.equal(content, text);
  });
}

Deno.test("edit_file refuses an empty passage, no edits, and a hash that is none", async () => {
  assert.match(JSON.stringify((await edit("a", ["", "b"])).answer), /invalid arguments/);
  assert.match(JSON.stringify((await edit("a")).answer), /invalid arguments/);
  const args = { path: "a.txt", expected_hash: "sha256:abc", edits: [{ old_text: "a", new_text: "b" }] };
  assert.match(JSON.stringify(await call(editFile, args)), /invalid arguments/);
});

Deno.test("edit_file keeps a byte order mark and the line ends of the file", async () => {
  const { content } = await edit("\ufeffone\r\ntwo\r\nthree\r\n", ["one\ntwo", "1\n2\n2b"]);
  assert.equal(content, "\ufeff1\r\n2\r\n2b\r\nthree\r\n");
  assert.equal((await edit("one\ntwo\n", ["one\r\ntwo", "1\r\n2"])).content, "1\n2\n");
});

Deno.test("in a file with both kinds of line ends an edit touches no line end but its own", async () => {
  const { content } = await edit("a\r\nb\nc\r\nd\n", ["b\nc", "B\nC"], ["a", "A\nA"]);
  assert.equal(content, "A\nA\r\nB\nC\r\nd\n");
});

Deno.test("edit_file refuses a file that changed between its look and its write", async () => {
  const store = new InMemoryFileStore();
  await store.writeFile(WS, "/a", "mine", "text");
  const files = sessionFiles(store);
  const { hash } = await call(readFile, { path: "a" }, toolContext(files));
  const raced = toolContext({
    ...files,
    writeFileIfContentMatches: async (...write) => {
      await store.writeFile(WS, "/a", "theirs", "text");
      return await files.writeFileIfContentMatches(...write);
    },
  });
  const args = { path: "a", expected_hash: hash ?? "", edits: [{ old_text: "mine", new_text: "new" }] };
  assert.match(JSON.stringify(await call(editFile, args, raced)), /not as you read it/);
  assert.equal((await store.readFile(WS, "/a")).content, "theirs");
});

Deno.test("edit_file refuses what is read-only, not text, a directory or missing", async () => {
  const store = new InMemoryFileStore();
  await store.seedInitialFile(WS, { path: "/fixed", content: "x", isReadonly: true });
  await store.writeFile(WS, "/d/bin", "AAAA", "base64");
  const expected_hash = `sha256:${"0".repeat(64)}`;
  const errors: unknown[] = [];
  for (const path of ["fixed", "d/bin", "d", "none", "../x"]) {
    const args = { path, expected_hash, edits: [{ old_text: "x", new_text: "y" }] };
    errors.push((await call(editFile, args, toolContext(sessionFiles(store))))["error"]);
  }
  assert.deepEqual(errors.slice(0, 4), [
    "/workspace/fixed is read-only",
    "/workspace/d/bin is not text; only text files can be edited",
    "/workspace/d is a directory; use list_directory to see what is in it",
    "File not found: /workspace/none",
  ]);
  assert.match(String(errors[4]), /Cannot use the path/);
});

Deno.test("the diff of a large edit is cut and says so", async () => {
  const { answer } = await edit("start\n", ["start", "line of new text\n".repeat(2000)]);
  assert.equal(answer["diff_truncated"], true);
  assert.ok(String(answer["diff"]).length <= 8_000);
});

Deno.test("the diff of a long line shows the place that changes", async () => {
  const { answer } = await edit(`${"a".repeat(2_000)}OLD${"b".repeat(2_000)}\n`, ["OLD", "NEW"]);
  const [, before = "", after = ""] = String(answer["diff"]).split("\n");
  assert.match(before, /^-…a{100}OLDb+…$/);
  assert.match(after, /^\+…a{100}NEWb+…$/);
});

Deno.test("changes far apart are hunks of their own, with the lines they really have", () => {
  const text = Array.from({ length: 30 }, (_, index) => `l${index + 1}\n`).join("");
  const edits = locateEdits(text, [
    { oldText: "l2\n", newText: "" },
    { oldText: "l20\n", newText: "l20\nmore\n" },
  ]);
  assert.equal(
    diffOf(text, edits).diff,
    [
      "@@ -1,5 +1,4 @@",
      " l1",
      "-l2",
      " l3",
      " l4",
      " l5",
      "@@ -18,6 +17,7 @@",
      " l18",
      " l19",
      " l20",
      "+more",
      " l21",
      " l22",
      " l23",
    ].join("\n"),
  );
});

/** Applies hunks without looking at how they were made: an independent check of the diff. */
function patch(text: string, diff: string): string {
  const lines = text.split("\n");
  const out: string[] = [];
  let at = 0;
  for (const line of diff === "" ? [] : diff.split("\n")) {
    const header = /^@@ -(\d+),\d+ \+\d+,\d+ @@$/.exec(line);
    if (header !== null) { while (at < Number(header[1]) - 1) out.push(lines[at++] ?? ""); }
    else if (line.startsWith("+")) out.push(line.slice(1));
    else {
      assert.equal(lines[at], line.slice(1));
      if (line.startsWith(" ")) out.push(line.slice(1));
      at++;
    }
  }
  return [...out, ...lines.slice(at)].join("\n");
}

Deno.test("a diff leads from the original to what the edits made, whatever they are", () => {
  const piece = fc.constantFrom("a", "b", "\n", "c\nd", "");
  fc.assert(fc.property(
    fc.array(fc.tuple(piece, fc.option(piece)), { maxLength: 40 }),
    (parts) => {
      let text = "";
      const replacements: { start: number; end: number; text: string }[] = [];
      for (const [old, replacement] of parts) {
        if (replacement !== null) {
          replacements.push({ start: text.length, end: text.length + old.length, text: replacement });
        }
        text += old;
      }
      const { diff } = diffOf(text, replacements);
      assert.equal(patch(text, diff), applyReplacements(text, replacements));
    },
  ));
});

Deno.test("read_many_files gives files in the order asked for, and an error where one cannot be read", async () => {
  const store = new InMemoryFileStore();
  await store.writeFile(WS, "/a", "A", "text");
  await store.writeFile(WS, "/b", "AP8=", "base64");
  const tool = toolOf(sessionFileSystem, "read_many_files");
  const answer = await call(tool, { paths: ["b", "none", "/a"] }, toolContext(sessionFiles(store)));
  const files = Array.isArray(answer["files"]) ? answer["files"] : [];
  assert.deepEqual(files.map(({ path, content, error }) => ({ path, content, error })), [
    { path: "/workspace/b", content: "AP8=", error: undefined },
    { path: "/workspace/none", content: undefined, error: "File not found: /workspace/none" },
    { path: "/workspace/a", content: "A", error: undefined },
  ]);
});

Deno.test("ten long files share one answer that is not cut", async () => {
  const store = new InMemoryFileStore();
  const paths = Array.from({ length: 10 }, (_, index) => `/${index}.txt`);
  for (const path of paths) await store.writeFile(WS, path, "\u0001line\n".repeat(20_000), "text");
  await store.writeFile(WS, "/9.txt", "short", "text");
  const tool = toolOf(sessionFileSystem, "read_many_files");
  const answer = await call(tool, { paths }, toolContext(sessionFiles(store)));
  const size = JSON.stringify(answer).length;
  assert.ok(size > 40_000 && size <= 65_536, String(size));
  const files = Array.isArray(answer["files"]) ? answer["files"] : [];
  assert.ok(files.slice(0, 9).every(({ next_offset }) => typeof next_offset === "number" && next_offset > 100));
  assert.equal(files[9]?.content, "short");
});

Deno.test("read_many_files takes two to ten files", async () => {
  const tool = toolOf(sessionFileSystem, "read_many_files");
  for (const count of [0, 1, 11]) {
    assert.match(JSON.stringify(await call(tool, { paths: Array(count).fill("a") })), /invalid arguments/);
  }
});

Deno.test("edit_file tells what it wrote: file.written", async () => {
  await using runtime = await simRuntime([
    callTools({
      name: "edit_file",
      arguments: {
        path: "/a.txt",
        expected_hash: "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        edits: [{ old_text: "a", new_text: "bc" }],
      },
    }),
    "done",
  ], {
    session: (single) =>
      single.withCapability("session_file_system").sessionInitialFile({ path: "/a.txt", content: "a" }),
  });
  await say(runtime);
  assert.deepEqual(eventsOf(runtime, "file.written").map(({ data }) => data), [
    { path: "/a.txt", operation: "update", sizeBytes: 2 },
  ]);
});
