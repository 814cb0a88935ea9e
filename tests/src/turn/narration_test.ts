/** Words for people about tool calls. */

import assert from "node:assert/strict";
import { type Capability, defineTool, type Tool } from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime } from "../_support/runtime.ts";

const WEATHER = defineTool({
  name: "weather",
  displayName: "Weather",
  description: "",
  parameters: { type: "object" },
  effect: "pure",
  execute: () => "rain",
  narrate: ({ city }) => `Looking at the sky over ${city}`,
});

/** Runs one call and says how it was narrated in each of its events. */
async function narrationOf(tool: Tool, capabilities: readonly Capability[] = [], args = { city: "Oslo" }) {
  await using sim = await scriptedRuntime([callTools({ name: tool.definition.name, arguments: args }), "done"], {
    tools: [tool],
    capabilities,
  });
  const result = await say(sim.runtime);
  assert.equal(result.response, "done");
  const act = eventsOf(sim.runtime, "act.started")[0]?.data.toolCalls[0];
  const started = eventsOf(sim.runtime, "tool.started")[0]?.data;
  const completed = eventsOf(sim.runtime, "tool.completed")[0]?.data;
  assert.deepEqual([started?.narration, completed?.narration], [act?.narration, act?.narration]);
  assert.deepEqual([started?.displayName, completed?.displayName], [act?.displayName, act?.displayName]);
  return act;
}

function narrator(id: string, narrate: Capability["narrate"], change: Partial<Capability> = {}): Capability {
  return { id, name: id, ...(narrate === undefined ? {} : { narrate }), ...change };
}

Deno.test("a tool narrates its own calls, with its name for people", async () => {
  const act = await narrationOf(WEATHER);
  assert.deepEqual([act?.narration, act?.displayName], ["Looking at the sky over Oslo", "Weather"]);
});

Deno.test("a call is not narrated when nobody has words for it", async () => {
  const { narrate: _, ...mute } = WEATHER;
  const act = await narrationOf(mute);
  assert.equal(act !== undefined && "narration" in act, false);
});

Deno.test("a capability's narration wins over the tool's own", async () => {
  const act = await narrationOf(WEATHER, [narrator("voice", (call, tool) => `${tool.displayName}: ${call.name}`)]);
  assert.equal(act?.narration, "Weather: weather");
});

Deno.test("a capability that has no words leaves the tool its own", async () => {
  const act = await narrationOf(WEATHER, [narrator("voice", () => undefined)]);
  assert.equal(act?.narration, "Looking at the sky over Oslo");
});

Deno.test("the first capability with words narrates", async () => {
  const act = await narrationOf(WEATHER, [
    narrator("silent", () => undefined),
    narrator("first", () => "first"),
    narrator("second", () => "second"),
  ]);
  assert.equal(act?.narration, "first");
});

Deno.test("a capability that is not available does not narrate", async () => {
  const act = await narrationOf(WEATHER, [narrator("soon", () => "too early", { status: "coming_soon" })]);
  assert.equal(act?.narration, "Looking at the sky over Oslo");
});

Deno.test("a narration that throws disturbs nothing", async () => {
  const broken = () => {
    throw new Error("no words");
  };
  const act = await narrationOf({ ...WEATHER, narrate: broken });
  assert.equal(act?.narration, undefined);
  assert.equal(act?.displayName, "Weather");
});

Deno.test("a capability whose narration throws leaves the tool its own", async () => {
  const broken = () => {
    throw new Error("no words");
  };
  const act = await narrationOf(WEATHER, [narrator("broken", broken)]);
  assert.equal(act?.narration, "Looking at the sky over Oslo");
});
