import assert from "node:assert/strict";
import { defineTool, type JsonObject, type JsonValue } from "../../../mod.ts";
import { toolCallRepair } from "../../../src/capabilities/tool_call_repair/capability.ts";
import { coerceArguments } from "../../../src/capabilities/tool_call_repair/coerce.ts";
import { salvageObject } from "../../../src/capabilities/tool_call_repair/salvage.ts";
import { call, texts } from "../_support/played_driver.ts";
import { eventsOf, say } from "../_support/runtime.ts";
import { guardedRuntime } from "./_guarded_runtime.ts";

const salvaged: readonly (readonly [string, string, JsonValue])[] = [
  ["a comma too many", '{"a": 1, "b": [1, 2,],}', { a: 1, b: [1, 2] }],
  ["single quotes", `{'a': 'it\\'s "so"'}`, { a: `it's "so"` }],
  ["a fence and words around it", 'Sure!\n```json\n{"a": {"b": 2}}\n```\nThere.', { a: { b: 2 } }],
  ["missing brackets at the end", '{"a": {"b": [1, 2', { a: { b: [1, 2] } }],
  ["Python's words", '{"a": True, "b": None, "c": False}', { a: true, b: null, c: false }],
  ["names without quotes", "{a: 1, $b_2 : 'x'}", { a: 1, $b_2: "x" }],
  ["raw line breaks in a string", '{"a": "one\ntwo\tthree"}', { a: "one\ntwo\tthree" }],
  ["an object written as a string", JSON.stringify('{"a": 1}'), { a: 1 }],
  ["a word inside a string", '{"a": "None, True, {"}', { a: "None, True, {" }],
];
for (const [name, text, expected] of salvaged) {
  Deno.test(`text with ${name} is read`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(salvageObject(text))), expected);
  });
}

for (
  const text of [
    "",
    "hello",
    '{"a": "cut off',
    '{"a":',
    '{"a": rm -rf}',
    "[1, 2]",
    '{"a": 1]',
    '{"a" 1',
    '{"a": 1 "b": 2}',
  ]
) {
  Deno.test(`nothing is guessed for ${JSON.stringify(text)}`, () => assert.equal(salvageObject(text), undefined));
}

Deno.test("a million characters of hostile almost-JSON are given up fast enough to finish", () => {
  const hostile = [
    "{".repeat(1e6),
    "{a:".repeat(3e5),
    `{"a": "${"\\".repeat(1e6)}`,
    "{" + " ".repeat(1e6),
    `{'a': [${"[],".repeat(3e5)}]}`,
  ];
  for (const text of hostile) salvageObject(text);
});

const schema = {
  type: "object",
  properties: {
    count: { type: "integer" },
    on: { type: "boolean" },
    list: { type: "array" },
    file_path: { type: "string" },
    text: { type: "string" },
  },
  required: ["count"],
};
const coerced: readonly (readonly [JsonObject, JsonObject | undefined])[] = [
  [{ count: "5" }, { count: 5 }],
  [{ count: 1, on: "True" }, { count: 1, on: true }],
  [{ count: 1, list: '["a"]' }, { count: 1, list: ["a"] }],
  [{ count: 1, list: "a" }, { count: 1, list: ["a"] }],
  [{ count: 1, filePath: "/a" }, { count: 1, file_path: "/a" }],
  [{ count: 1, text: 7 }, { count: 1, text: "7" }],
  [{ count: 1, text: null }, { count: 1 }],
  [{ count: "five" }, undefined],
  [{ count: 1, other: 2 }, undefined],
];
for (const [args, expected] of coerced) {
  Deno.test(`arguments ${JSON.stringify(args)} become ${JSON.stringify(expected)}`, () => {
    const mended = coerceArguments(args, schema);
    assert.deepEqual(mended === undefined ? undefined : { ...mended }, expected);
  });
}

Deno.test("tool_call_repair runs what it could mend, and asks again twice for what it could not", async () => {
  const runs: JsonObject[] = [];
  const work = defineTool({
    name: "work",
    description: "",
    parameters: schema,
    execute: (args: JsonObject) => void runs.push({ ...args }),
  });
  const plays = ["{count: '5'}", "no", "no", "no"].map((args) => call("work", args));
  await using it = await guardedRuntime([...plays, texts("done")], toolCallRepair, { tools: [work] });
  assert.equal((await say(it.runtime)).response, "done");
  assert.deepEqual(runs, [{ count: 5 }]);
  const outcomes = eventsOf(it.runtime, "tool.call_repaired").map(({ data }) => data.outcome);
  assert.deepEqual(outcomes, ["local_salvage", "re_prompt", "re_prompt", "gave_up"]);
  const told = it.driver.requests[2]?.messages.at(-1);
  assert.match(told?.role === "tool" ? told.content : "", /Call the tool again with one JSON object .*"count"/);
});
