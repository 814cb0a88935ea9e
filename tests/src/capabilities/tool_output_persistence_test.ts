import assert from "node:assert/strict";
import { toolOutputPersistence } from "../../../src/capabilities/tool_output_persistence.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { defineTool, toolSuccess } from "../../../src/kit/define_tool.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { JsonObject, JsonValue } from "../../../src/records/json.ts";
import { program } from "./_program_tool.ts";
import { callTools, eventsOf, say, type ScriptedRuntime, scriptedRuntime } from "../_support/runtime.ts";

/** Runs one call of a tool that answers so, and gives what the model is told and the files. */
async function runOnce(tool: Tool, config?: JsonObject) {
  await using scripted: ScriptedRuntime = await scriptedRuntime([callTools(tool.definition.name), "done"], {
    tools: [tool],
    session: (single) =>
      single.withCapability({ ref: "tool_output_persistence", ...(config === undefined ? {} : { config }) }),
  });
  const { runtime, requests } = scripted;
  await say(runtime);
  const told = requests[1]?.messages.at(-1);
  assert.ok(told?.role === "tool");
  const files = await runtime.files(runtime.defaultSessionId);
  const contents: Record<string, string> = {};
  for (const { path } of await files.listDirectory("/outputs")) contents[path] = (await files.readFile(path)).content;
  const written = eventsOf(runtime, "file.written").map(({ data }) => data.path);
  const warnings = JSON.stringify(runtime.events().filter(({ type }) => type.includes("warn")));
  return { told: told.content, contents, written, warnings };
}

function giving(value: unknown, more: Partial<Parameters<typeof defineTool>[0]> = {}): Tool {
  return defineTool({ name: "give", description: "Gives something", execute: () => value, ...more });
}

function pathOf(answer: JsonValue | undefined): string {
  return String(answer).replace(/^\/workspace/, "");
}

Deno.test("a small result stays, and no file is written", async () => {
  const { told, contents } = await runOnce(giving({ a: 1 }));
  assert.deepEqual([told, contents], ['{"a":1}', {}]);
});

Deno.test("a large text goes to a file, and a preview with its path to the model", async () => {
  const text = Array.from({ length: 3_000 }, (_, index) => `line ${index}\n`).join("");
  const { told, contents, written } = await runOnce(giving(text));
  assert.ok(told.length < 8_192);
  const answer = JSON.parse(told) as JsonObject;
  const file = pathOf(answer["output_file"]);
  assert.match(file, /^\/outputs\/call_[0-9a-f]{32}\.stdout$/);
  assert.deepEqual(contents, { [file]: text });
  assert.deepEqual(written, [file]);
  assert.deepEqual([answer["size_bytes"], answer["total_lines"]], [text.length, 3_000]);
  assert.match(String(answer["preview"]), /^line 0\n.*\nline 2999\n$/s);
});

Deno.test("a large value that is no text goes to the file as JSON that has lines", async () => {
  const rows = Array.from({ length: 1_000 }, (_, id) => ({ id }));
  const { contents } = await runOnce(giving(rows));
  const [text = ""] = Object.values(contents);
  assert.deepEqual(JSON.parse(text), rows);
  assert.ok(text.split("\n").length > 1_000);
});

Deno.test("the file has what the kernel had to cut off the result", async () => {
  const text = `${"x".repeat(300_000)}\nend`;
  const { contents } = await runOnce(giving(text));
  assert.deepEqual(Object.values(contents), [text]);
});

Deno.test("an output that was cut within a character is stored too", async () => {
  const { told, contents, warnings } = await runOnce(giving("line\n".repeat(3_000) + "\ud83d"));
  assert.deepEqual([Object.values(contents), warnings], [["line\n".repeat(3_000) + "\ufffd"], "[]"]);
  assert.ok(told.length < 8_192);
});

Deno.test("of an output over 1 MiB the file keeps start and end, and the answer says so", async () => {
  const { told, contents } = await runOnce(giving(`start${"é".repeat(1_000_000)}end`));
  const [text = ""] = Object.values(contents);
  assert.ok(new TextEncoder().encode(text).length <= 1024 * 1024);
  assert.match(text, /^starté+\n\[the middle of 2000008 bytes is left out\]\né+end$/);
  assert.match(told, /"file_is_partial":true/);
});

Deno.test("what a tool printed in full goes to files beside its own short result", async () => {
  const tool = giving(
    toolSuccess({ exit_code: 1, stdout: "short" }, { rawOutput: { stdout: "all of it", stderr: "bad" } }),
  );
  const { told, contents } = await runOnce(tool);
  const answer = JSON.parse(told) as JsonObject;
  assert.deepEqual([answer["exit_code"], answer["stdout"]], [1, "short"]);
  assert.deepEqual(contents, {
    [pathOf(answer["stderr_file"])]: "bad",
    [pathOf(answer["stdout_file"])]: "all of it",
  });
});

Deno.test("what a result has beside an output in full stays when the output goes to a file", async () => {
  const text = "line\n".repeat(4_000);
  const value = { exit_code: 3, success: false, ended_because: "late", stdout: text };
  const { told, contents } = await runOnce(giving(toolSuccess(value, { rawOutput: { stdout: text } })));
  const answer = JSON.parse(told) as JsonObject;
  assert.deepEqual([answer["exit_code"], answer["success"], answer["ended_because"], answer["stdout"]], [
    3,
    false,
    "late",
    undefined,
  ]);
  assert.deepEqual(contents, { [pathOf(answer["output_file"])]: text });
});

Deno.test("a tool whose hint says so is left alone, and so are errors", async () => {
  const text = "x".repeat(20_000);
  assert.deepEqual((await runOnce(giving(text, { hints: { persistOutput: false } }))).contents, {});
  const failing = giving(undefined, {
    execute: () => {
      throw new Error("internal");
    },
  });
  assert.deepEqual((await runOnce(failing)).contents, {});
});

for (
  const config of [{ ref: "tool_output_persistence" }, { ref: "tool_output_distillation", config: { tools: ["*"] } }]
) {
  Deno.test(`a program gets a large result itself, whatever ${config.ref} makes of results of the model's calls`, async () => {
    const rows = Array.from({ length: 900 }, (_, id) => ({ id, name: `row ${id}` }));
    const got: unknown[] = [];
    const count: Tool = defineTool({
      name: "count",
      description: "",
      execute: async (_, { callTool }) => {
        const answer = await callTool?.("give", {});
        got.push(answer?.result);
        return "counted";
      },
    });
    await using scripted = await scriptedRuntime([callTools("count"), "done"], {
      tools: [giving(rows), count],
      session: (single) => single.withCapability(config),
    });
    await say(scripted.runtime);
    assert.deepEqual(JSON.parse(JSON.stringify(got)), [rows]);
  });
}

Deno.test("what a program's call printed in full is in a file that its result names", async () => {
  const tool = giving(null, { execute: () => toolSuccess({ short: true }, { rawOutput: { stdout: "all of it" } }) });
  await using scripted = await scriptedRuntime([callTools({ name: "program", arguments: { name: "give" } }), "done"], {
    tools: [tool, program],
    session: (single) => single.withCapability("tool_output_persistence"),
  });
  await say(scripted.runtime);
  const { result } = eventsOf(scripted.runtime, "tool.completed")[0]?.data ?? {};
  assert.match(JSON.stringify(result), /"short":true,"stdout_file":"\/workspace\/outputs\/call_/);
});

Deno.test("reading a stored output does not store it again", async () => {
  const text = "line of text\n".repeat(3_000);
  await using scripted = await scriptedRuntime([
    callTools({ name: "read_file", arguments: { path: "/outputs/earlier.stdout" } }),
    "done",
  ], {
    session: (single) =>
      single.withCapability("tool_output_persistence")
        .sessionInitialFile({ path: "/outputs/earlier.stdout", content: text }),
  });
  await say(scripted.runtime);
  const files = await scripted.runtime.files(scripted.runtime.defaultSessionId);
  assert.equal((await files.listDirectory("/outputs")).length, 1);
});

Deno.test("a file store that refuses the file leaves the result as it was", async () => {
  const text = "x".repeat(20_000);
  await using scripted = await scriptedRuntime([callTools("give"), "done"], {
    tools: [giving(text)],
    session: (single) => single.withCapability("tool_output_persistence"),
    backends: RuntimeBackends.inMemory().withFileStore(new InMemoryFileStore({ maxFileBytes: 1_000 })),
  });
  await say(scripted.runtime);
  const told = scripted.requests[1]?.messages.at(-1);
  assert.equal(told?.role === "tool" ? told.content : "", text);
});

Deno.test("max_inline_bytes says what is large, within bounds", async () => {
  const text = "x".repeat(2_000);
  assert.deepEqual((await runOnce(giving(text))).contents, {});
  assert.equal(Object.keys((await runOnce(giving(text), { max_inline_bytes: 1_000 })).contents).length, 1);
  assert.match(String(toolOutputPersistence.validateConfig?.({ max_inline_bytes: 5 })), /from 512 to 65536/);
});
