import assert from "node:assert/strict";
import type { JsonSchema, ToolDefinition } from "../../../mod.ts";
import { describeTools } from "../../../src/sandbox/signatures.ts";

function define(name: string, parameters: JsonSchema, description = "Does it."): ToolDefinition {
  return { type: "builtin", name, description, parameters };
}

Deno.test("describeTools() writes JSON Schema as TypeScript", () => {
  const parameters = {
    type: "object",
    properties: {
      path: { type: "string" },
      mode: { enum: ["r", "w"] },
      "max-size": { type: ["integer", "null"] },
      tags: { type: "array", items: { anyOf: [{ type: "string" }, { type: "object", properties: {} }] } },
      anything: {},
    },
    required: ["path"],
  };
  assert.equal(
    describeTools([define("read", parameters, "Reads\n  a file.")]),
    'tools.read(args: { path: string; mode?: "r" | "w"; "max-size"?: number | null; tags?: Array<string | object>;' +
      " anything?: unknown }): Promise<unknown> // Reads a file.",
  );
});

Deno.test("describeTools() writes names that are no identifiers in brackets", () => {
  assert.equal(
    describeTools([define("my-tool", { type: "object" })]),
    'tools["my-tool"](args: object): Promise<unknown> // Does it.',
  );
});

Deno.test("describeTools() spells out a schema that contains itself only so far", () => {
  const parameters: Record<string, unknown> = { type: "object" };
  parameters["properties"] = { child: parameters };
  const text = describeTools([define("tree", parameters as JsonSchema)]);
  assert.ok(text.length < 300, text);
  assert.match(text, /child\?: object/);
});

Deno.test("describeTools() names tools without their parameters when there are too many", () => {
  const many = Array.from({ length: 100 }, (_, i) => define(`tool_${i}`, { type: "object" }, "x".repeat(1_000)));
  const lines = describeTools(many).split("\n");
  assert.equal(lines.length, 100);
  assert.match(lines[0] ?? "", /x{400}…$/);
  assert.equal(lines[99], "tools.tool_99(args: object): Promise<unknown>");
});
