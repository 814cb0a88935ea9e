import assert from "node:assert/strict";
import { humanIntent } from "../../../src/capabilities/human_intent.ts";
import { defineClientTool, defineTool } from "../../../src/kit/define_tool.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { callTools, eventsOf, say, scriptedRuntime } from "../_support/runtime.ts";

/** A tool that refuses every argument but its own, and tells what it got. */
function strictTool(seen: unknown[]) {
  return defineTool({
    name: "work",
    description: "Works",
    parameters: { type: "object", properties: { amount: { type: "number" } }, additionalProperties: false },
    execute: (args) => {
      seen.push({ ...args });
      return "worked";
    },
    narrate: () => "Working",
  });
}

async function run(args: JsonObject) {
  const seen: unknown[] = [];
  await using scripted = await scriptedRuntime([callTools({ name: "work", arguments: args }), "done"], {
    tools: [strictTool(seen)],
    session: (single) => single.withCapability("human_intent"),
  });
  await say(scripted.runtime);
  const [started] = eventsOf(scripted.runtime, "act.started");
  return { seen, requests: scripted.requests, words: JSON.stringify(started?.data) };
}

Deno.test("the intent is the words about the call, and the tool never sees it", async () => {
  const { seen, words } = await run({ amount: 5, human_intent: "  Counting\nthe beans " });
  assert.deepEqual(seen, [{ amount: 5 }]);
  assert.match(words, /Counting the beans/);
});

Deno.test("without an intent the tool's own words are used", async () => {
  for (const args of [{ amount: 5 }, { amount: 5, human_intent: " " }, { amount: 5, human_intent: 7 }]) {
    const { seen, words } = await run(args);
    assert.deepEqual(seen, [{ amount: 5 }]);
    assert.match(words, /Working/);
  }
});

Deno.test("the model is offered the argument beside the tool's own, and need not give it", async () => {
  const { requests } = await run({});
  const [tool] = requests[0]?.tools ?? [];
  const { properties, required, additionalProperties } = tool?.parameters ?? {};
  assert.deepEqual(Object.keys(properties as JsonObject), ["amount", "human_intent"]);
  assert.deepEqual([required, additionalProperties], [undefined, false]);
  assert.equal(((properties as JsonObject)["human_intent"] as JsonObject)["maxLength"], 120);
});

Deno.test("a longer intent is cut at 120 characters", () => {
  const call = { id: idFromSeed("call", 1), name: "work", arguments: { human_intent: "x".repeat(500) } };
  assert.equal(humanIntent.narrate?.(call, strictTool([]).definition)?.length, 120);
});

Deno.test("tools of the client, and a tool that has such an argument itself, are left alone", () => {
  const own = defineTool({
    name: "own",
    description: "",
    parameters: { type: "object", properties: { human_intent: { type: "object" } } },
    execute: () => "",
  }).definition;
  const client = defineClientTool({ name: "client", description: "" });
  const { toolDefinitions, preToolUse } = humanIntent.hooks ?? {};
  const tools = [own, client];
  assert.deepEqual(Reflect.apply(toolDefinitions ?? (() => []), undefined, [tools]), tools);
  const call = { id: idFromSeed("call", 1), name: "own", arguments: { human_intent: { a: 1 } } };
  assert.deepEqual(Reflect.apply(preToolUse ?? (() => ({})), undefined, [call, own]), { action: "allow" });
  assert.equal(humanIntent.narrate?.({ ...call, arguments: { human_intent: "words" } }, own), undefined);
});

Deno.test("a definition is extended once, so that requests stay the same objects", () => {
  const { toolDefinitions } = humanIntent.hooks ?? {};
  const tools = [strictTool([]).definition];
  const twice = [1, 2].map((): unknown => Reflect.apply(toolDefinitions ?? (() => []), undefined, [tools]));
  assert.equal((twice[0] as unknown[])[0], (twice[1] as unknown[])[0]);
});
