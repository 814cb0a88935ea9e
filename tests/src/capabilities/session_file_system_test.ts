import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sessionFileSystem } from "../../../src/capabilities/session_file_system/capability.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import type { JsonObject, JsonValue } from "../../../src/records/json.ts";
import { callTools, eventsOf, say, simRuntime } from "../_support/runtime.ts";
import { call, sessionFiles, toolContext, toolOf } from "./_tool_context.ts";

const WS = "workspace-1";

function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function setUp(): { store: InMemoryFileStore; run: (name: string, args: JsonObject) => Promise<JsonObject> } {
  const store = new InMemoryFileStore({ now: () => 0, maxFileBytes: 1_000_000 });
  const context = toolContext(sessionFiles(store));
  return { store, run: (name, args) => call(toolOf(sessionFileSystem, name), args, context) };
}

Deno.test("write_file then read_file gives the file back under one path", async () => {
  const { run } = setUp();
  const hash = sha256("h\u00e9");
  const written = { path: "/workspace/notes/a.md", size_bytes: 3, hash, created: true };
  assert.deepEqual(await run("write_file", { path: "notes/a.md", content: "h\u00e9" }), written);
  assert.deepEqual(await run("write_file", { path: "/notes/a.md", content: "h\u00e9" }), {
    ...written,
    created: false,
  });
  assert.deepEqual(await run("read_file", { path: "/workspace/notes/a.md" }), {
    path: "/workspace/notes/a.md",
    content: "h\u00e9",
    encoding: "text",
    size_bytes: 3,
    hash,
  });
});

Deno.test("write_file takes base64, and read_file gives it as base64", async () => {
  const { run } = setUp();
  await run("write_file", { path: "a.bin", content: "AP8=", encoding: "base64" });
  const hash = sha256(Uint8Array.of(0, 255));
  const expected = { path: "/workspace/a.bin", content: "AP8=", encoding: "base64", size_bytes: 2, hash };
  assert.deepEqual(await run("read_file", { path: "a.bin" }), expected);
  assert.match(
    JSON.stringify(await run("write_file", { path: "b", content: "?", encoding: "base64" })),
    /not padded base64/,
  );
});

Deno.test("read_file reads lines, and says where to go on", async () => {
  const { run } = setUp();
  await run("write_file", { path: "a", content: "1\r\n2\n\n4" });
  const common = {
    path: "/workspace/a",
    encoding: "text",
    size_bytes: 7,
    hash: sha256("1\r\n2\n\n4"),
    total_lines: 4,
  };
  assert.deepEqual(await run("read_file", { path: "a", offset: 2, limit: 2 }), {
    ...common,
    content: "2\n\n",
    start_line: 2,
    next_offset: 4,
  });
  assert.deepEqual(await run("read_file", { path: "a", offset: 4 }), { ...common, content: "4", start_line: 4 });
  assert.match(JSON.stringify(await run("read_file", { path: "a", offset: 5 })), /has 4 lines/);
});

Deno.test("the parts read_file gives of a long file are the file", async () => {
  const { run, store } = setUp();
  const content = Array.from({ length: 9000 }, (_, index) => `line ${index} ${"x".repeat(index % 90)}\n`).join("");
  await store.writeFile(WS, "/long", content, "text");
  let text = "";
  let parts = 0;
  for (let offset: JsonValue | undefined = 1; offset !== undefined; parts++) {
    const part: JsonObject = await run("read_file", parts === 0 ? { path: "long" } : { path: "long", offset });
    // More would be cut by the kernel.
    assert.ok(JSON.stringify(part).length <= 65_536);
    text += String(part["content"]);
    offset = part["next_offset"];
  }
  assert.ok(parts > 3);
  assert.equal(text, content);
});

Deno.test("read_file cuts a line that is longer than an answer and says so", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/wide", `${"x".repeat(150_000)}\nend`, "text");
  const part = JSON.stringify(await run("read_file", { path: "wide" }));
  assert.match(part, /"next_offset":2.*"truncated":true|"truncated":true.*"next_offset":2/);
  assert.match(JSON.stringify(await run("read_file", { path: "wide", offset: 2 })), /"content":"end"/);
});

Deno.test("read_file does not show a large file that is not text", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/big.bin", "AAAA".repeat(30_000), "base64");
  assert.match(JSON.stringify(await run("read_file", { path: "big.bin" })), /not text and too large/);
});

const refused: readonly (readonly [tool: string, args: JsonObject, error: string])[] = [
  ["read_file", { path: "none.md" }, "File not found: /workspace/none.md"],
  ["read_file", { path: "dir" }, "/workspace/dir is a directory; use list_directory to see what is in it"],
  ["read_file", { path: "/" }, "/workspace is a directory; use list_directory to see what is in it"],
  [
    "write_file",
    { path: "dir", content: "" },
    "/workspace/dir is a directory; use list_directory to see what is in it",
  ],
  ["write_file", { path: "fixed", content: "" }, "/workspace/fixed is read-only"],
  ["delete_file", { path: "fixed" }, "/workspace/fixed is read-only"],
  ["delete_file", { path: "none" }, "File not found: /workspace/none"],
  ["delete_file", { path: "dir" }, "/workspace/dir is not empty; set recursive to delete all that is in it"],
  ["delete_file", { path: "/workspace", recursive: true }, "/workspace is the root and cannot be deleted"],
  ["list_directory", { path: "none" }, "Directory not found: /workspace/none"],
  ["list_directory", { path: "fixed" }, "/workspace/fixed is a file; use read_file"],
];
for (const [tool, args, error] of refused) {
  Deno.test(`${tool} of ${args["path"]} is a tool error: ${error}`, async () => {
    const { run, store } = setUp();
    await store.writeFile(WS, "/dir/file", "x", "text");
    await store.seedInitialFile(WS, { path: "/fixed", content: "x", isReadonly: true });
    assert.deepEqual(await run(tool, args), { error });
    assert.equal((await store.readFile(WS, "/dir/file")).content, "x");
  });
}

Deno.test("a path that leads outside is a tool error of every tool", async () => {
  const { run } = setUp();
  for (const tool of ["read_file", "write_file", "list_directory", "delete_file", "stat_file"]) {
    const args = tool === "write_file" ? { path: "../x", content: "" } : { path: "../x" };
    assert.match(JSON.stringify(await run(tool, args)), /error.*Cannot use the path/, tool);
  }
});

Deno.test("what the store refuses is told under the path the model sees", async () => {
  const { run } = setUp();
  const tooLarge = JSON.stringify(await run("write_file", { path: "a", content: "x".repeat(1_000_001) }));
  assert.ok(tooLarge.includes(`\\"/workspace/a\\"`) && !tooLarge.includes(`\\"/a\\"`), tooLarge);
});

Deno.test("list_directory gives the entries of the root unless told otherwise", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/b/c", "x", "text");
  await store.seedInitialFile(WS, { path: "/a", content: "xy", isReadonly: true });
  assert.deepEqual(await run("list_directory", {}), {
    entries: [
      { name: "a", path: "/workspace/a", is_directory: false, size_bytes: 2, is_readonly: true },
      { name: "b", path: "/workspace/b", is_directory: true, size_bytes: 0, is_readonly: false },
    ],
    count: 2,
  });
  assert.deepEqual(await setUp().run("list_directory", { path: "/" }), { entries: [], count: 0 });
});

Deno.test("the pages of list_directory fit a result, and together they are the directory", async () => {
  const { run, store } = setUp();
  const names = Array.from({ length: 1_200 }, (_, index) => `file ${String(index).padStart(4, "0")} é.txt`);
  for (const name of names) await store.writeFile(WS, `/many/${name}`, "x", "text");
  const seen: JsonValue[] = [];
  let pages = 0;
  for (let offset: JsonValue | undefined = 0; offset !== undefined; pages++) {
    const page: JsonObject = await run("list_directory", { path: "/many", offset });
    assert.ok(new TextEncoder().encode(JSON.stringify(page)).length <= 65_536);
    const { entries, count, truncated } = page;
    offset = page["next_offset"];
    assert.deepEqual([count, truncated === true], [1_200, offset !== undefined]);
    assert.ok(Array.isArray(entries));
    seen.push(...entries.map(({ name }) => name));
  }
  assert.ok(pages > 1);
  assert.deepEqual(seen, names);
});

Deno.test("stat_file describes a file, and says that one does not exist without failing", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/d/a", "x", "text");
  assert.deepEqual(await run("stat_file", { path: "d/a" }), {
    path: "/workspace/d/a",
    exists: true,
    name: "a",
    is_directory: false,
    is_readonly: false,
    size_bytes: 1,
    created_at: "1970-01-01T00:00:00.000Z",
    updated_at: "1970-01-01T00:00:00.000Z",
  });
  assert.deepEqual(await run("stat_file", { path: "none" }), { path: "/workspace/none", exists: false });
});

Deno.test("grep_files gives matches with their context, and where to go on", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/src/a.ts", "one\ntwo\none more", "text");
  await store.writeFile(WS, "/b.md", "one", "text");
  await store.writeFile(WS, "/c.bin", "AAAA", "base64");
  const path = "/workspace/src/a.ts";
  assert.deepEqual(await run("grep_files", { pattern: "^one", path_pattern: "*.ts", context: 1, limit: 1 }), {
    matches: [{ path, line_number: 1, line: "one" }, { path, line_number: 2, line: "two", is_context: true }],
    match_count: 1,
    next_offset: 1,
  });
  assert.deepEqual(await run("grep_files", { pattern: "^one", path_pattern: "/workspace/src/*", offset: 1 }), {
    matches: [{ path, line_number: 3, line: "one more" }],
    match_count: 1,
  });
  assert.match(JSON.stringify(await run("grep_files", { pattern: "one" })), /"match_count":3,"skipped_files":1/);
});

Deno.test("the pages of grep_files fit a result, and together they are all matches", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/many", "x\n".repeat(2000), "text");
  const seen: JsonValue[] = [];
  let pages = 0;
  for (let offset: JsonValue | undefined = 0; offset !== undefined; pages++) {
    const page: JsonObject = await run("grep_files", { pattern: "x", limit: 1000, offset });
    assert.ok(JSON.stringify(page).length <= 65_536);
    const { matches } = page;
    assert.ok(Array.isArray(matches) && matches.length === page["match_count"]);
    seen.push(...matches.map(({ line_number }) => line_number));
    offset = page["next_offset"];
  }
  assert.ok(pages > 2);
  assert.deepEqual(seen, Array.from({ length: 2000 }, (_, index) => index + 1));
});

Deno.test("a line longer than an answer is read in parts, which together are the file", async () => {
  const { run, store } = setUp();
  const content = `first\n${"0123456789é\u{1f600}".repeat(15_000)}\nlast`;
  await store.writeFile(WS, "/a.json", content, "text");
  let text = "";
  let answers = 0;
  for (let at: JsonObject = { offset: 1 }; Object.keys(at).length > 0; answers++) {
    const part = await run("read_file", { path: "/a.json", ...at });
    text += String(part["content"]);
    const { start_line: line = 0, next_column: column, next_offset: offset } = part;
    at = column !== undefined ? { offset: line, column } : offset !== undefined ? { offset } : {};
  }
  assert.equal(text, content);
  assert.ok(answers > 3);
  const behind = await run("read_file", { path: "/a.json", offset: 1, column: 8 });
  assert.match(String(behind["error"]), /Line 1 of .* has 6 characters, none from 8 on/);
});

Deno.test("grep_files shows the part of a long line that matches", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/long.txt", `${"a".repeat(5_000)}needle 42${"b".repeat(5_000)}\nneedle 1\n`, "text");
  const { matches } = await run("grep_files", { pattern: "needle \\d+", path_pattern: "long.txt" });
  assert.ok(Array.isArray(matches));
  const lines = matches.map(({ line }) => String(line));
  assert.match(lines[0] ?? "", /^…a{200}needle 42b+…$/);
  assert.deepEqual(lines.map(({ length }) => length), [1_002, 8]);
});

Deno.test("grep_files answers a pattern it cannot use with a tool error", async () => {
  const { run } = setUp();
  assert.match(JSON.stringify(await run("grep_files", { pattern: "(" })), /error.*Cannot use the search pattern/);
});

Deno.test("grep_files ends when its call does", async () => {
  const { store } = setUp();
  await store.writeFile(WS, "/a", "text\n", "text");
  const reason = new Error("cancelled");
  const context: ToolContext = { ...toolContext(sessionFiles(store)), signal: AbortSignal.abort(reason) };
  await assert.rejects(call(toolOf(sessionFileSystem, "grep_files"), { pattern: "x" }, context), reason);
});

Deno.test("delete_file deletes a file, and a directory with all that is in it", async () => {
  const { run, store } = setUp();
  await store.writeFile(WS, "/d/a", "x", "text");
  await store.writeFile(WS, "/d/b", "x", "text");
  assert.deepEqual(await run("delete_file", { path: "d/a" }), { path: "/workspace/d/a", deleted: true });
  assert.deepEqual(await run("delete_file", { path: "d", recursive: true }), { path: "/workspace/d", deleted: true });
  assert.deepEqual(await store.listDirectory(WS, "/"), []);
});

Deno.test("every path the tools show begins with the display root, whatever it is", async () => {
  for (const displayRoot of ["/", "/workspace", "/home/me/project"]) {
    const files = { ...sessionFiles(new InMemoryFileStore()), displayRoot };
    const run = (name: string, args: JsonObject): Promise<JsonObject> =>
      call(toolOf(sessionFileSystem, name), args, toolContext(files));
    const shown = displayRoot === "/" ? "/d/a" : `${displayRoot}/d/a`;
    await files.writeFile("/d/a", "match");
    const answers = [
      await run("read_file", { path: "d/a" }),
      await run("write_file", { path: "/d/a", content: "match" }),
      await run("stat_file", { path: "d/a" }),
      await run("list_directory", { path: "d" }),
      await run("grep_files", { pattern: "match", path_pattern: shown }),
      await run("delete_file", { path: "d/a" }),
      await run("read_file", { path: "d/a" }),
      await run("stat_file", { path: "d/a" }),
    ];
    for (const answer of answers) {
      const paths = JSON.stringify(answer).match(/[^"\s]*\/d\/a/g) ?? [];
      assert.deepEqual(paths, [shown], JSON.stringify(answer));
    }
  }
});

Deno.test("tools that change files keep their order; tools that only read are pure", () => {
  const effects = Object.fromEntries(
    (Array.isArray(sessionFileSystem.tools) ? sessionFileSystem.tools : []).map(({ definition }) => {
      const { name, effect, concurrencyClass } = definition;
      return [name, [effect, concurrencyClass]];
    }),
  );
  assert.deepEqual(effects, {
    read_file: ["pure", undefined],
    read_many_files: ["pure", undefined],
    edit_file: ["idempotent", "session_file_system"],
    write_file: ["idempotent", "session_file_system"],
    list_directory: ["pure", undefined],
    grep_files: ["pure", undefined],
    delete_file: ["at_most_once", "session_file_system"],
    stat_file: ["pure", undefined],
  });
});

Deno.test("write_file tells what it wrote: file.written with the path from the root", async () => {
  await using runtime = await simRuntime([
    callTools({ name: "write_file", arguments: { path: "/workspace/notes/a.md", content: "h\u00e9" } }),
    callTools({ name: "write_file", arguments: { path: "notes/a.md", content: "AP8=", encoding: "base64" } }),
    callTools({ name: "write_file", arguments: { path: "../x", content: "" } }),
    "done",
  ], { session: (single) => single.withCapability("session_file_system") });
  const { turnId } = await say(runtime);
  const events = eventsOf(runtime, "file.written");
  assert.deepEqual(events.map(({ data }) => data), [
    { path: "/notes/a.md", operation: "create", sizeBytes: 3 },
    { path: "/notes/a.md", operation: "update", sizeBytes: 2 },
  ]);
  assert.deepEqual(events.map(({ sequence, context }) => [sequence, context.turnId]), [
    [undefined, turnId],
    [undefined, turnId],
  ]);
});
