import assert from "node:assert/strict";
import fc from "fast-check";
import { toolOutputDistillation } from "../../../src/capabilities/tool_output_distillation/capability.ts";
import { distill } from "../../../src/capabilities/tool_output_distillation/distill.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { JsonObject, JsonValue } from "../../../src/records/json.ts";
import type { ToolResult } from "../../../src/records/tool.ts";
import { sessionFiles, toolContext } from "./_tool_context.ts";

const WS = "workspace-1";

async function after(name: string, value: JsonValue, config: JsonObject = {}) {
  const store = new InMemoryFileStore();
  const context = toolContext(sessionFiles(store));
  const call = { id: context.toolCallId, name, arguments: {} };
  const result: ToolResult = { toolCallId: call.id, status: "success", result: value };
  const hook = toolOutputDistillation.hooks?.postToolUse;
  const { result: small } = await hook?.(call, result, context, { config }) ?? result;
  const contents: Record<string, string> = {};
  for (const { path } of await store.listDirectory(WS, "/outputs")) {
    contents[path] = (await store.readFile(WS, path)).content;
  }
  return { small: small ?? null, contents, isSame: small === value };
}

const rows = Array.from({ length: 500 }, (_, id) => ({ id, name: `row ${id}` }));

Deno.test("a long list is sampled, and the whole is in the file that is named", async () => {
  const { small, contents } = await after("mcp_db__query", { rows });
  const { distilled, whole_result_file: file } = small as JsonObject;
  const [first, , , , , , note, , last] = (distilled as { readonly rows: readonly JsonValue[] }).rows;
  assert.deepEqual([first, last], [rows[0], rows[499]]);
  assert.equal(note, "… 492 more items (of 500) left out here");
  assert.match(String(file), /^\/workspace\/outputs\/call_\w+\.json$/);
  assert.deepEqual(Object.values(contents).map((text) => JSON.parse(text)), [{ rows }]);
});

Deno.test("a long text keeps start, end and errors; the whole is in a text file", async () => {
  const text = `${"start\n".repeat(500)}an error here\n${"end\n".repeat(500)}`;
  const { small, contents } = await after("web_fetch", text);
  assert.match(String((small as JsonObject)["distilled"]), /^start\n.*an error here\n.*end\n$/s);
  assert.deepEqual(Object.values(contents), [text]);
  assert.match(Object.keys(contents)[0] ?? "", /\.txt$/);
});

Deno.test("a diff becomes figures per file", () => {
  const file = (name: string): string =>
    `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1,2 +1,3 @@\n-old\n+new\n+more\n${
      " same\n".repeat(200)
    }`;
  assert.equal(
    distill(file("a.ts") + file("src/b.ts")),
    "[a diff of 2 files, +4 -2; its text is left out]\na.ts +2 -1\nsrc/b.ts +2 -1",
  );
});

Deno.test("tools that are not named, small results, and those that would hardly shrink stay", async () => {
  assert.ok((await after("read_file", { rows })).isSame);
  assert.ok((await after("mcp_db__query", rows.slice(0, 20))).isSame);
  const wide = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`member${index}`, "x".repeat(50)]));
  const { isSame, contents } = await after("mcp_db__query", wide);
  assert.deepEqual([isSame, contents], [true, {}]);
});

Deno.test("tools and min_bytes are configured, and must be usable", async () => {
  assert.ok(!(await after("query", { rows }, { tools: ["qu?ry"] })).isSame);
  assert.ok((await after("mcp_db__query", { rows }, { min_bytes: 65_536 })).isSame);
  const problem = toolOutputDistillation.validateConfig?.({ tools: ["x".repeat(1001)] });
  assert.match(String(problem), /entry of `tools` cannot be used/);
  assert.match(String(toolOutputDistillation.validateConfig?.({ min_bytes: 1 })), /from 1024/);
});

Deno.test("distilling never makes a value larger by more than its notes, and keeps what is small", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    const json = JSON.stringify(value);
    const small = distill(JSON.parse(json) as JsonValue);
    assert.ok(JSON.stringify(small).length <= json.length + 64);
  }));
  const kept = { list: Array.from({ length: 12 }, () => "x"), text: "x".repeat(1_500), none: null };
  assert.deepEqual(distill(kept), kept);
});

Deno.test("a value nested deeply is cut instead of followed for ever", () => {
  let value: JsonValue = "leaf";
  for (let depth = 0; depth < 5_000; depth++) value = [value];
  assert.match(JSON.stringify(distill(value)), /nested too deep/);
});
