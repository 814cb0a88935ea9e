/** From the model's arguments to what a tool gets, and what it is told when they are wrong. */

import assert from "node:assert/strict";
import { z } from "zod";
import { defineTool, type JsonValue, type Tool } from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime } from "../_support/runtime.ts";

/** Runs one call and says what the model was told about it. */
async function callOnce(tools: readonly Tool[], name: string, args: JsonValue) {
  await using sim = await scriptedRuntime([callTools({ name, arguments: args }), "done"], { tools });
  const result = await say(sim.runtime);
  assert.equal(result.response, "done");
  const answer = sim.requests[1]?.messages.at(-1);
  assert.ok(answer?.role === "tool");
  const [completed] = eventsOf(sim.runtime, "tool.completed");
  return { content: answer.content, isError: answer.isError, data: completed?.data, runtime: sim.runtime };
}

const WEATHER = z.object({ city: z.string(), days: z.number().int().max(7).default(3) });

function weather(seen: unknown[]): Tool {
  return defineTool({
    name: "weather",
    description: "Tells the weather",
    parameters: WEATHER,
    execute: ({ city, days }) => {
      // The types are those of the schema: `days` is a number here, although the model may leave it out.
      const next: number = days + 1;
      seen.push({ city: city.toUpperCase(), days, next });
      return `${city}: rain`;
    },
  });
}

Deno.test("a tool with a zod schema gets typed, defaulted arguments", async () => {
  const seen: unknown[] = [];
  const { content, isError } = await callOnce([weather(seen)], "weather", { city: "Oslo" });
  assert.deepEqual([content, isError], ["Oslo: rain", false]);
  assert.deepEqual(seen, [{ city: "OSLO", days: 3, next: 4 }]);
});

Deno.test("a zod schema is offered to the model as JSON Schema", async () => {
  await using sim = await scriptedRuntime(["done"], { tools: [weather([])] });
  await say(sim.runtime);
  const { parameters } = sim.requests[0]!.tools[0]!;
  const city = { type: "string" };
  assert.deepEqual(parameters["type"], "object");
  assert.deepEqual((parameters["properties"] as Record<string, unknown>)["city"], city);
  assert.deepEqual(parameters["required"], ["city"]);
});

Deno.test("arguments that do not fit a zod schema are answered for the tool, naming the place", async () => {
  const seen: unknown[] = [];
  const { content, isError, data } = await callOnce([weather(seen)], "weather", { city: 7, days: 99 });
  assert.equal(isError, true);
  assert.match(content, /arguments do not fit/);
  assert.match(content, /\/city/);
  assert.match(content, /\/days/);
  assert.deepEqual([data?.status, data?.success], ["error", false]);
  assert.deepEqual(seen, []);
});

Deno.test("a tool with plain JSON Schema gets the model's own object", async () => {
  const seen: unknown[] = [];
  const add = defineTool({
    name: "add",
    description: "",
    parameters: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
      additionalProperties: false,
    },
    execute: (args) => {
      seen.push({ ...args });
      return Number(args["a"]) + Number(args["b"]);
    },
  });
  assert.equal((await callOnce([add], "add", { a: 1, b: 2 })).content, "3");
  assert.deepEqual(seen, [{ a: 1, b: 2 }]);
});

Deno.test("arguments that do not fit a JSON Schema never reach the tool", async () => {
  let runs = 0;
  const add = defineTool({
    name: "add",
    description: "",
    parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false },
    execute: () => ++runs,
  });
  for (const args of [{}, { a: "1" }, { a: 1, c: 2 }]) {
    const { content, isError } = await callOnce([add], "add", args);
    assert.equal(isError, true);
    assert.match(content, /arguments do not fit/);
  }
  assert.equal(runs, 0);
});

Deno.test("arguments that are not JSON are an error the model can act on, and are kept as the text they were", async () => {
  let runs = 0;
  const ping = defineTool({ name: "ping", description: "", execute: () => ++runs });
  const { content, isError, runtime } = await callOnce([ping], "ping", '{"a": 1,');
  assert.equal(isError, true);
  assert.match(content, /not valid JSON/);
  assert.equal(runs, 0);
  const [, call] = await runtime.messages(runtime.defaultSessionId);
  assert.ok(call?.content[0]?.type === "tool_call");
  assert.equal(call.content[0].arguments, '{"a": 1,');
});

Deno.test("arguments as JSON text are parsed before the tool sees them", async () => {
  const seen: unknown[] = [];
  const echo = defineTool({
    name: "echo",
    description: "",
    parameters: { type: "object" },
    execute: (args) => seen.push({ ...args }),
  });
  await callOnce([echo], "echo", '{"deep": {"a": [1, 2]}}');
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), [{ deep: { a: [1, 2] } }]);
});

Deno.test("a tool nobody has is answered with its name", async () => {
  const { content, isError, data } = await callOnce([], "nothing", {});
  assert.deepEqual([content, isError], ["Tool definition not found: nothing", true]);
  assert.deepEqual([data?.toolName, data?.status], ["nothing", "error"]);
});

Deno.test("an unknown tool never starts", async () => {
  const { runtime } = await callOnce([], "nothing", {});
  assert.equal(eventsOf(runtime, "tool.started").length, 0);
});

Deno.test("a call refused for its arguments leaves no start mark", async () => {
  const { runtime } = await callOnce([weather([])], "weather", {});
  assert.equal(eventsOf(runtime, "tool.started").length, 0);
});

Deno.test("names of object members mean no tool", async () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    assert.equal((await callOnce([], name, {})).content, `Tool definition not found: ${name}`);
  }
});

Deno.test("a __proto__ among the arguments is left out and pollutes nothing", async () => {
  let isAdmin: unknown;
  const echo = defineTool({
    name: "echo",
    description: "",
    parameters: { type: "object" },
    execute: (args) => {
      isAdmin = args["isAdmin"];
      return Object.keys(args);
    },
  });
  const { content } = await callOnce([echo], "echo", '{"__proto__": {"isAdmin": true}, "city": "Oslo"}');
  assert.deepEqual([content, isAdmin], ['["city"]', undefined]);
});
