import assert from "node:assert/strict";
import fc from "fast-check";
import { memory } from "../../../src/capabilities/memory/capability.ts";
import { formatMemory, parseMemory } from "../../../src/capabilities/memory/memory_file.ts";
import type { MemoryStore } from "../../../src/capabilities/memory/memory_store.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { capabilityContext, promptOf } from "./_capability_context.ts";
import { call, sessionFiles, toolContext, toolOf } from "./_tool_context.ts";

const WS = "workspace-1";

function setUp(options: { readonly text?: string; readonly store?: MemoryStore } = {}) {
  const files = new InMemoryFileStore();
  const capability = memory(options.store === undefined ? {} : { store: options.store });
  const session = sessionFiles(files);
  let calls = 0;
  const run = (tool: string, args: JsonObject = {}, context: Partial<ToolContext> = {}): Promise<JsonObject> =>
    call(toolOf(capability, tool), args, { ...toolContext(session), idempotencyKey: `call ${calls++}`, ...context });
  const text = async (): Promise<string> => (await files.readFile(WS, "/MEMORY.md")).content;
  const prompt = (): Promise<string | undefined> => promptOf(capability, capabilityContext(session));
  const write = (content: string): Promise<boolean> => files.writeFile(WS, "/MEMORY.md", content, "text");
  return { run, text, prompt, write, files, session };
}

function titlesOf(answer: JsonObject): unknown[] {
  return (Array.isArray(answer["memories"]) ? answer["memories"] : []).map(({ title }) => title);
}

Deno.test("what is remembered is a section that recall finds", async () => {
  const { run, text } = setUp();
  const { id, ...rest } = await run("remember", { title: "Tea", content: "Green,\nno sugar." });
  assert.match(String(id), /^m-[0-9a-f]{8}$/);
  assert.deepEqual(rest, { title: "Tea", updated: false, count: 1 });
  const times = "created: 1970-01-01T00:00:00.000Z updated: 1970-01-01T00:00:00.000Z";
  assert.equal(await text(), `# Memory\n\n## Tea\n<!-- id: ${id} ${times} -->\n\nGreen,\nno sugar.\n`);
  assert.deepEqual(await run("recall", { query: "green" }), {
    found: 1,
    total: 1,
    memories: [{
      id,
      title: "Tea",
      created: "1970-01-01T00:00:00.000Z",
      updated: "1970-01-01T00:00:00.000Z",
      content: "Green,\nno sugar.",
    }],
  });
});

Deno.test("the same title in any case, or the id, replaces an entry and makes it the newest", async () => {
  const { run } = setUp();
  const { id } = await run("remember", { title: "Tea", content: "Green." });
  await run("remember", { title: "Cake", content: "None." });
  assert.equal((await run("remember", { title: "TEA", content: "Black." }, { acceptedAt: 5000 }))["id"], id);
  const renamed = await run("remember", { title: "Drinks", content: "Water.", id: id ?? "" });
  assert.deepEqual([renamed["id"], renamed["updated"], renamed["count"]], [id, true, 2]);
  const { memories } = await run("recall");
  assert.ok(Array.isArray(memories));
  assert.deepEqual(memories.map(({ title, content }) => [title, content]), [["Drinks", "Water."], ["Cake", "None."]]);
  assert.equal(memories[0]?.created, "1970-01-01T00:00:00.000Z");
});

Deno.test("an id that names nothing, and a title that another entry has, are tool errors", async () => {
  const { run } = setUp();
  const { id } = await run("remember", { title: "Tea", content: "x" });
  await run("remember", { title: "Cake", content: "x" });
  assert.match(JSON.stringify(await run("remember", { title: "A", content: "x", id: "m-0" })), /Nothing is remembered/);
  const clash = await run("remember", { title: "cake", content: "x", id: id ?? "" });
  assert.match(String(clash["error"]), /already the title of m-/);
  assert.ok("error" in await run("remember", { title: " \n", content: "x" }));
  assert.ok("error" in await run("remember", { title: "A", content: "x".repeat(8_001) }));
});

Deno.test("a call that runs again remembers once", async () => {
  const { run } = setUp();
  const again = { idempotencyKey: "same" };
  const first = await run("remember", { title: "Tea", content: "x" }, again);
  const second = await run("remember", { title: "Tea", content: "x" }, again);
  assert.deepEqual([second["id"], second["count"]], [first["id"], 1]);
});

Deno.test("recall counts words of the title thrice, and of equals the newest comes first", async () => {
  const { run } = setUp();
  for (
    const [title, content] of [
      ["old", "tea cup"],
      ["cup", "none"],
      ["new", "tea cup"],
      ["tea cup", "none"],
      ["other", "coffee"],
    ] as const
  ) await run("remember", { title, content });
  assert.deepEqual(titlesOf(await run("recall", { query: "Tea, CUP!" })), ["tea cup", "cup", "new", "old"]);
  assert.deepEqual(titlesOf(await run("recall", { query: "nothing like it" })), []);
});

Deno.test("recall gives five entries unless told otherwise, and the newest without a query", async () => {
  const { run } = setUp();
  for (let index = 0; index < 7; index++) await run("remember", { title: `t${index}`, content: "x" });
  assert.deepEqual(titlesOf(await run("recall")), ["t6", "t5", "t4", "t3", "t2"]);
  assert.equal(titlesOf(await run("recall", { limit: 7 })).length, 7);
});

Deno.test("forget forgets by id or by title, and says when there is no such thing", async () => {
  const { run } = setUp();
  const { id } = await run("remember", { title: "Tea", content: "x" });
  await run("remember", { title: "Cake", content: "x" });
  assert.deepEqual(await run("forget", { entry: id ?? "" }), { forgotten: true, id: id ?? "", title: "Tea" });
  assert.equal((await run("forget", { entry: "cake" }))["forgotten"], true);
  assert.equal((await run("forget", { entry: "cake" }))["forgotten"], false);
  assert.equal((await run("recall"))["total"], 0);
});

Deno.test("sections and a preamble that people wrote are kept", async () => {
  const { run, write, text } = setUp();
  await write("\ufeffMy notes\r\n\r\n## Tea  \r\nGreen.\r\n## Tea\r\nA copy.\r\n");
  const { memories } = await run("recall", { query: "green" });
  assert.ok(Array.isArray(memories));
  assert.match(memories[0]?.id, /^m-[0-9a-f]{8}$/);
  await run("remember", { title: "New", content: "x" });
  assert.match(
    await text(),
    /^My notes\n\n## New\n.*\n## Tea\n<!-- id: (m-\w{8}) -->\n\nGreen\.\n\n## Tea\n<!-- id: \1-2 -->\n\nA copy\.\n$/s,
  );
});

Deno.test("what others write at the same time is not lost", async () => {
  const { run, session, write } = setUp();
  await write("## Mine\n\nx\n");
  let raced = 0;
  const files = {
    ...session,
    writeFileIfContentMatches: async (...args: Parameters<typeof session.writeFileIfContentMatches>) => {
      if (raced++ === 0) await write("## Mine\n\nx\n\n## Theirs\n\ny\n");
      return await session.writeFileIfContentMatches(...args);
    },
  };
  await run("remember", { title: "New", content: "z" }, { files });
  assert.deepEqual(titlesOf(await run("recall")), ["New", "Mine", "Theirs"]);
  const never = { ...session, writeFileIfContentMatches: () => Promise.resolve(false) };
  assert.match(JSON.stringify(await run("forget", { entry: "New" }, { files: never })), /others kept changing it/);
});

Deno.test("a store the host passes is used instead of the session's files", async () => {
  let kept: string | undefined;
  const store: MemoryStore = {
    read: () => Promise.resolve(kept),
    write: (text, expected) => {
      if (expected !== kept) return Promise.resolve(false);
      kept = text;
      return Promise.resolve(true);
    },
  };
  const { run, files, prompt } = setUp({ store });
  await run("remember", { title: "Tea", content: "Green." });
  assert.match(String(kept), /## Tea/);
  assert.match(String(await prompt()), /- Tea$/);
  assert.deepEqual(await files.listDirectory(WS, "/"), []);
});

Deno.test("the prompt names the 15 newest titles, which cannot end its block", async () => {
  const { run, prompt } = setUp();
  assert.ok(!String(await prompt()).includes("Remembered"));
  for (let index = 0; index < 17; index++) await run("remember", { title: `t${index} </capability>`, content: "x" });
  const lines = String(await prompt()).split("\n");
  assert.deepEqual([lines[2], lines.at(-2), lines.at(-1)], [
    "- t16 <\\/capability>",
    "- t2 <\\/capability>",
    "- and 2 more",
  ]);
});

Deno.test("beyond 200 entries the model is warned and nothing is dropped", async () => {
  const { run, write } = setUp();
  await write(Array.from({ length: 200 }, (_, index) => `## t${index}\n\nx\n`).join("\n"));
  const answer = await run("remember", { title: "one more", content: "x" });
  assert.equal(answer["count"], 201);
  assert.match(String(answer["warning"]), /201 entries are many/);
});

Deno.test("recall fits a result however long the entries are", async () => {
  const { run } = setUp();
  for (let index = 0; index < 10; index++) {
    await run("remember", { title: `t${index}`, content: "\u0001".repeat(8_000) });
  }
  assert.ok(JSON.stringify(await run("recall", { limit: 10 })).length < 200_000);
});

Deno.test("a memory that is written is read back the same, whatever it says", async () => {
  const line = fc.oneof(fc.constantFrom("## a", "\\## a", "<!-- id: m-1 -->", "", "text"), fc.string());
  const body = fc.array(line, { maxLength: 5 }).map((lines) => lines.join("\n").replace(/\r/g, "").trim());
  await fc.assert(fc.asyncProperty(fc.array(body, { maxLength: 5 }), async (bodies) => {
    const entries = bodies.map((text, index) => ({ id: `m-${index}`, title: `t ${index}`, body: text }));
    assert.deepEqual((await parseMemory(formatMemory({ preamble: "# Memory", entries }))).entries, entries);
  }));
});

Deno.test("a memory of many equal titles is read fast enough to finish, and each entry has an id of its own", async () => {
  const { entries } = await parseMemory("## Tea\nGreen.\n".repeat(10_000));
  assert.equal(new Set(entries.map(({ id }) => id)).size, 10_000);
});

Deno.test("the path of the file is configured, and must be one", async () => {
  const capability = memory();
  const { files, session } = setUp();
  assert.ok(typeof capability.tools === "function");
  const [tool] = capability.tools({ path: "notes/memory.md" }, []);
  assert.ok(tool !== undefined);
  await call(tool, { title: "Tea", content: "x" }, toolContext(session));
  assert.match((await files.readFile(WS, "/notes/memory.md")).content, /## Tea/);
  const problems = [{ path: "../x" }, { path: "/" }, { path: "" }].map((config) => capability.validateConfig?.(config));
  assert.match(String(problems[0]), /`path` is no path/);
  assert.match(String(problems[1]), /the root/);
  assert.match(String(problems[2]), /not a non-empty text/);
});

Deno.test("a directory in the place of the file spoils the tools, not the prompt", async () => {
  const { run, prompt, files } = setUp();
  await files.writeFile(WS, "/MEMORY.md/inside", "x", "text");
  assert.match(String(await prompt()), /^Use remember/);
  assert.match(JSON.stringify(await run("recall")), /is a directory/);
});
