import assert from "node:assert/strict";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineClientTool, defineTool } from "../../../src/kit/define_tool.ts";
import type { Capability } from "../../../src/ports/capability.ts";

const basics: Capability = { id: "sample", name: "Sample" };
const tool = (name: string) => defineTool({ name, description: "", execute: () => null });

Deno.test("defineCapability() freezes and returns the capability it was given", () => {
  const capability = { ...basics, tools: [tool("a"), tool("b")], systemPrompt: () => "x" };
  assert.equal(defineCapability(capability), capability);
  assert.ok(Object.isFrozen(capability));
});

for (const id of ["a", "web_fetch", "agents2", "mcp:github", "declarative:My-Notes.v1", "plugin:a:b"]) {
  Deno.test(`defineCapability() accepts the id "${id}"`, () => {
    assert.equal(defineCapability({ ...basics, id }).id, id);
  });
}

const REFUSED: readonly [name: string, member: object, error: "TypeError" | "RangeError", message: RegExp][] = [
  ["an id in camelCase", { id: "webFetch" }, "TypeError", /"webFetch".*snake_case/],
  ["an empty id", { id: "" }, "TypeError", /snake_case/],
  ["an id that ends in a colon", { id: "mcp:" }, "TypeError", /snake_case/],
  ["the id __proto__", { id: "__proto__" }, "TypeError", /snake_case/],
  ["an id that is no text", { id: 1 }, "TypeError", /number/],
  ["a blank name", { name: " " }, "TypeError", /`name`/],
  ["aliases that are text", { aliases: "x" }, "TypeError", /`aliases`/],
  ["a prompt that is a number", { systemPrompt: 1 }, "TypeError", /`systemPrompt`/],
  ["tools that are one tool", { tools: tool("a") }, "TypeError", /`tools`/],
  ["a tool that is only a definition", { tools: [{ name: "a" }] }, "TypeError", /defineTool/],
  ["two tools of a name", { tools: [tool("a"), tool("a")] }, "RangeError", /two of its tools are named "a"/],
  [
    "a tool and a client tool of a name",
    { tools: [tool("a")], clientTools: [defineClientTool({ name: "a", description: "" })] },
    "RangeError",
    /two of its tools/,
  ],
  ["two commands of a name", { commands: [command("x"), command("x")] }, "RangeError", /two of its commands/],
  ["a command that cannot run", { commands: [{ name: "x", description: "" }] }, "TypeError", /commands\.x/],
  ["a command without a name", { commands: [command("")] }, "TypeError", /`commands`/],
  ["a hook that is no function", { hooks: { preToolUse: true } }, "TypeError", /hooks\.preToolUse/],
  ["facts that are text", { facts: "x" }, "TypeError", /`facts`/],
  ["dependencies that are text", { dependencies: "x" }, "TypeError", /`dependencies`/],
  ["a model view without apply", { modelView: { priority: 1 } }, "TypeError", /`modelView`/],
];

for (const [name, member, error, message] of REFUSED) {
  Deno.test(`defineCapability() refuses ${name}`, () => {
    assert.throws(() => defineCapability({ ...basics, ...member }), { name: error, message });
  });
}

function command(name: string): object {
  return { name, description: "", execute: () => ({ output: "" }) };
}
