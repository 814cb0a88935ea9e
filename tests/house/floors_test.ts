/**
 * The import arrows of the package against the rooms and floors of the architecture.
 *
 * @module
 */

import assert from "node:assert/strict";
import { libraryFiles } from "../_support/checkout.ts";
import { entryPoints } from "../_support/entry_points.ts";
import { checkFloors } from "../_support/floors.ts";
import { type Arrow, readModuleGraph } from "../_support/module_graph.ts";

Deno.test("the package imports only along the floors and in no circle", async () => {
  const files = new Set([...entryPoints.map((entry) => entry.file), ...libraryFiles()]);
  const graph = await readModuleGraph([...files]);
  assert.deepEqual(checkFloors(graph.arrows), []);
});

const ALLOWED: readonly [from: string, to: string][] = [
  ["mod.ts", "src/runtime/builder.ts"],
  ["mod.ts", "src/records/event.ts"],
  ["src/records/event.ts", "src/errors.ts"],
  ["src/kit/ids.ts", "npm:re2js"],
  ["src/kit/ids.ts", "node:crypto"],
  ["src/drivers/openai/driver.ts", "src/drivers/wire_responses.ts"],
  ["src/drivers/openai/driver.ts", "src/drivers/_sse.ts"],
  ["src/drivers/openai/driver.ts", "npm:openai"],
  ["src/drivers/llmsim.ts", "src/drivers/llmsim_config.ts"],
  ["src/turn/reason.ts", "src/context/assemble.ts"],
  ["src/runtime/builder.ts", "src/drivers/llmsim/driver.ts"],
  ["src/testing/mod.ts", "src/in_memory/stores.ts"],
  ["src/sandbox/mod.ts", "src/kit/define_tool.ts"],
  ["src/plugins/mod.ts", "src/kit/front_matter.ts"],
  ["local/mod.ts", "local/runtime_builder.ts"],
  ["local/journal.ts", "src/ports/journal.ts"],
  ["local/runtime_builder.ts", "src/runtime/builder.ts"],
  ["local/runtime_builder.ts", "local/backends.ts"],
  ["local/backends.ts", "src/runtime/backends.ts"],
];

Deno.test("checkFloors() allows an import along the floors", () => {
  assert.deepEqual(ALLOWED.flatMap(([from, to]) => checkFloors([arrow(from, to)])), []);
});

const FORBIDDEN: readonly [from: string, to: string][] = [
  ["src/errors.ts", "src/records/event.ts"],
  ["src/records/event.ts", "src/ports/journal.ts"],
  ["src/ports/journal.ts", "src/kit/ids.ts"],
  ["src/kit/ids.ts", "src/in_memory/stores.ts"],
  ["src/context/merge.ts", "src/capabilities/skills.ts"],
  ["src/capabilities/skills.ts", "src/in_memory/stores.ts"],
  ["src/mcp/mod.ts", "src/drivers/_sse.ts"],
  ["src/drivers/openai/mod.ts", "src/drivers/anthropic/mod.ts"],
  ["src/drivers/openai/mod.ts", "src/drivers/llmsim.ts"],
  ["src/drivers/_sse.ts", "src/drivers/openai/mod.ts"],
  ["src/drivers/openrouter.ts", "npm:openai"],
  ["src/turn/act.ts", "src/capabilities/skills.ts"],
  ["src/turn/act.ts", "src/in_memory/stores.ts"],
  ["src/turn/act.ts", "src/runtime/builder.ts"],
  ["src/runtime/builder.ts", "src/drivers/openai/mod.ts"],
  ["src/runtime/builder.ts", "src/drivers/_sse.ts"],
  ["src/runtime/builder.ts", "src/mcp/mod.ts"],
  ["src/runtime/builder.ts", "src/testing/mod.ts"],
  ["src/runtime/builder.ts", "mod.ts"],
  ["src/runtime/builder.ts", "local/mod.ts"],
  ["src/testing/mod.ts", "src/turn/plan.ts"],
  ["src/testing/mod.ts", "local/mod.ts"],
  ["mod.ts", "src/testing/mod.ts"],
  ["mod.ts", "local/mod.ts"],
  ["mod.ts", "src/sandbox/mod.ts"],
  ["src/sandbox/mod.ts", "src/capabilities/skills.ts"],
  ["src/plugins/mod.ts", "src/sandbox/mod.ts"],
  ["src/capabilities/skills.ts", "src/sandbox/mod.ts"],
  ["src/runtime/builder.ts", "src/plugins/mod.ts"],
  ["local/backends.ts", "src/in_memory/stores.ts"],
  ["local/journal/local_journal.ts", "src/runtime/builder.ts"],
  ["local/profile.ts", "local/backends.ts"],
  ["src/kit/ids.ts", "tests/_support/checkout.ts"],
  ["src/stray/thing.ts", "src/errors.ts"],
];

Deno.test("checkFloors() refuses an import against the floors with one sentence", () => {
  const passed = FORBIDDEN.filter(([from, to]) => checkFloors([arrow(from, to)]).length !== 1);
  assert.deepEqual(passed, []);
});

Deno.test("checkFloors() refuses a forbidden arrow also when it is type-only or dynamic", () => {
  const from = "src/ports/driver.ts";
  const to = "src/kit/ids.ts";
  assert.deepEqual(checkFloors([{ from, to, kind: "type" }, { from, to, kind: "dynamic" }]), [
    'src/ports/driver.ts imports src/kit/ids.ts (type): "ports" may not import "kit"',
    'src/ports/driver.ts imports src/kit/ids.ts (dynamic): "ports" may not import "kit"',
  ]);
});

Deno.test("checkFloors() names every file of a circle, also one closed by a type-only import", () => {
  assert.deepEqual(
    checkFloors([
      arrow("src/kit/a.ts", "src/kit/b.ts"),
      arrow("src/kit/b.ts", "src/kit/c.ts"),
      { from: "src/kit/c.ts", to: "src/kit/a.ts", kind: "type" },
      arrow("src/kit/b.ts", "src/kit/d.ts"),
    ]),
    ["circle: src/kit/a.ts -> src/kit/b.ts -> src/kit/c.ts -> src/kit/a.ts"],
  );
});

Deno.test("checkFloors() finds no circle where two ways lead to one file", () => {
  assert.deepEqual(
    checkFloors([
      arrow("src/kit/a.ts", "src/kit/b.ts"),
      arrow("src/kit/a.ts", "src/kit/c.ts"),
      arrow("src/kit/b.ts", "src/kit/d.ts"),
      arrow("src/kit/c.ts", "src/kit/d.ts"),
    ]),
    [],
  );
});

function arrow(from: string, to: string): Arrow {
  return { from, to, kind: "static" };
}
