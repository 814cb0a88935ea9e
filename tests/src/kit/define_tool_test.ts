import assert from "node:assert/strict";
import { z } from "zod";
import { RuntimeError, ToolError } from "../../../src/errors.ts";
import { defineClientTool, defineTool } from "../../../src/kit/define_tool.ts";
import { connectionRequired, toolFailure, toolSuccess } from "../../../src/kit/define_tool.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";

/** No tool of these tests looks at its context. */
const context = Object.freeze({}) as ToolContext;

const basics = { name: "sample", description: "A sample" };

Deno.test("defineTool() infers the arguments of execute from a zod schema", async () => {
  const tool = defineTool({
    ...basics,
    parameters: z.object({ city: z.string(), days: z.number().int().default(3) }),
    execute: ({ city, days }) => `${city.toUpperCase()} ${days.toFixed(0)}`,
  });
  const parsed = await tool.parse({ city: "Lviv" });
  assert.deepEqual(parsed, { ok: true, value: { city: "Lviv", days: 3 } });
  assert.deepEqual(tool.execute(parsed.ok && parsed.value, context), { type: "success", value: "LVIV 3" });
});

Deno.test("defineTool() offers what goes into a zod schema, not what comes out", () => {
  const { definition } = defineTool({
    ...basics,
    parameters: z.object({ days: z.number().default(3) }),
    execute: () => null,
  });
  assert.equal(definition.parameters["type"], "object");
  assert.equal(definition.parameters["required"], undefined);
  assert.ok(Object.isFrozen(definition.parameters["properties"]));
});

Deno.test("a tool with a zod schema tells the model where its arguments are wrong", async () => {
  const tool = defineTool({
    ...basics,
    parameters: z.object({ list: z.array(z.object({ id: z.number() })) }),
    execute: () => null,
  });
  const parsed = await tool.parse({ list: [{ id: "x" }] });
  assert.ok(!parsed.ok);
  assert.match(parsed.message, /at \/list\/0\/id: /);
});

Deno.test("a tool awaits the asynchronous check of a schema", async () => {
  const parameters = z.object({ id: z.string().refine((id) => Promise.resolve(id === "a")) });
  const tool = defineTool({ ...basics, parameters, execute: ({ id }) => id });
  assert.equal((await tool.parse({ id: "a" })).ok, true);
  assert.equal((await tool.parse({ id: "b" })).ok, false);
});

Deno.test("defineTool() accepts plain JSON Schema and keeps a frozen copy of it", async () => {
  const parameters = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
  const tool = defineTool({ ...basics, parameters, execute: (args) => args["a"] });
  parameters.required.push("b");
  assert.deepEqual(tool.definition.parameters["required"], ["a"]);
  assert.deepEqual(await tool.parse({ a: 1 }), { ok: true, value: { a: 1 } });
});

Deno.test("a tool without parameters refuses arguments it was given", async () => {
  const tool = defineTool({ ...basics, execute: () => 1 });
  assert.deepEqual(await tool.parse({}), { ok: true, value: {} });
  assert.equal((await tool.parse({ a: 1 })).ok, false);
});

Deno.test("a fast tool costs no promise", () => {
  const tool = defineTool({ ...basics, execute: () => ({ a: 1 }) });
  assert.deepEqual(tool.execute({}, context), { type: "success", value: { a: 1 } });
});

Deno.test("a promise or a thenable a tool returns is awaited", async () => {
  // deno-lint-ignore no-explicit-any
  const thenable = { then: (resolve: (value: unknown) => any) => resolve(toolFailure("late")) };
  const slow = defineTool({ ...basics, execute: async () => await Promise.resolve(toolFailure("late")) });
  const odd = defineTool({ ...basics, execute: () => thenable });
  for (const tool of [slow, odd]) {
    assert.deepEqual(await tool.execute({}, context), { type: "error", message: "late" });
  }
});

Deno.test("the outcome helpers say more than a plain value", () => {
  const images = [{ type: "image", url: "https://example.com/a.png" }] as const;
  const outcomes = [
    toolSuccess(1, { images }),
    toolFailure("no such city"),
    connectionRequired({ provider: "mail", setupUrl: "https://example.com" }),
  ];
  for (const outcome of outcomes) {
    assert.equal(defineTool({ ...basics, execute: () => outcome }).execute({}, context), outcome);
  }
  assert.deepEqual(outcomes, [
    { type: "success", value: 1, images },
    { type: "error", message: "no such city" },
    { type: "connection_required", provider: "mail", setupUrl: "https://example.com" },
  ]);
});

Deno.test("a value that only looks like an outcome is an ordinary result", () => {
  for (const value of [{ type: "error", message: "x" }, { type: "connection_required", provider: "x" }]) {
    const tool = defineTool({ ...basics, execute: () => value });
    assert.deepEqual(tool.execute({}, context), { type: "success", value });
  }
});

const hostileError = Object.defineProperty(new Error("x"), "message", {
  get: () => {
    throw new Error("hidden");
  },
});

const THROWABLES: readonly unknown[] = [
  new Error("plain"),
  new ToolError("for the model"),
  new TypeError("type"),
  new RangeError("range"),
  new AggregateError([new Error("inner")], "many"),
  new DOMException("stop", "AbortError"),
  hostileError,
  Object.create(null),
  Object.freeze({ message: 7 }),
  new Proxy({}, { get: () => Promise.reject }),
  "text",
  "",
  0,
  Number.NaN,
  10n,
  true,
  Symbol("s"),
  () => "function",
  null,
  undefined,
];

Deno.test("whatever a tool throws is thrown on as it is, at once or later", async () => {
  for (const thrown of THROWABLES) {
    const sync = defineTool({
      ...basics,
      execute: () => {
        throw thrown;
      },
    });
    const late = defineTool({ ...basics, execute: () => Promise.reject(thrown) });
    let caught: unknown = "nothing";
    try {
      sync.execute({}, context);
    } catch (error) {
      caught = error;
    }
    assert.ok(Object.is(caught, thrown));
    caught = "nothing";
    try {
      await late.execute({}, context);
    } catch (error) {
      caught = error;
    }
    assert.ok(Object.is(caught, thrown));
  }
});

Deno.test("ToolError has the code tool_error and says what it was given", () => {
  const error = new ToolError("No such file");
  assert.ok(error instanceof RuntimeError);
  assert.deepEqual([error.name, error.code, error.message], ["ToolError", "tool_error", "No such file"]);
});

Deno.test("reconcile() of a tool gives an outcome, or undefined when nothing is known", async () => {
  const tool = defineTool({
    ...basics,
    execute: () => 1,
    reconcile: (key) => key === "known" ? toolSuccess("done") : undefined,
  });
  assert.deepEqual(await tool.reconcile?.("known", context), { type: "success", value: "done" });
  assert.equal(await tool.reconcile?.("other", context), undefined);
});

const REFUSED: readonly [name: string, options: object, error: RegExp, type: "TypeError" | "RangeError"][] = [
  ["a name with a space", { name: "my tool" }, /named "my tool"/, "TypeError"],
  ["an empty name", { name: "" }, /named ""/, "TypeError"],
  ["a name of 65 characters", { name: "n".repeat(65) }, /1 to 64/, "TypeError"],
  ["no name", { name: undefined }, /named undefined/, "TypeError"],
  ["no description", { description: undefined }, /description/, "TypeError"],
  ["no execute", { execute: undefined }, /execute/, "TypeError"],
  ["a narrate that is text", { narrate: "x" }, /narrate/, "TypeError"],
  ["a concurrency class that is a number", { concurrencyClass: 1 }, /concurrencyClass/, "TypeError"],
  ["an unknown effect", { effect: "none" }, /effect.*"none".*pure, idempotent, at_most_once/, "TypeError"],
  ["an unknown policy", { policy: "never" }, /policy/, "TypeError"],
  ["a timeout that is text", { timeoutMs: "1" }, /timeoutMs/, "TypeError"],
  ["a timeout of zero", { timeoutMs: 0 }, /timeoutMs. is 0/, "RangeError"],
  ["a timeout that is not a number", { timeoutMs: Number.NaN }, /timeoutMs/, "RangeError"],
  ["a timeout no timer takes", { timeoutMs: 2 ** 31 }, /timeoutMs/, "RangeError"],
  ["parameters that are a list", { parameters: [] }, /parameters/, "TypeError"],
  ["parameters that are a string", { parameters: { type: "string" } }, /"string"/, "TypeError"],
  ["parameters that are a choice", { parameters: { anyOf: [] } }, /put it into a property/, "TypeError"],
  ["a zod schema of a string", { parameters: z.string() }, /must describe an object/, "TypeError"],
  ["a zod schema JSON cannot express", { parameters: z.object({ at: z.date() }) }, /JSON Schema/, "TypeError"],
  [
    "an external reference",
    { parameters: { type: "object", properties: { a: { $ref: "https://x.org" } } } },
    /\$ref/,
    "TypeError",
  ],
  ["a pattern that is none", { parameters: { properties: { a: { pattern: "(" } } } }, /pattern/, "TypeError"],
];

for (const [what, options, message, name] of REFUSED) {
  Deno.test(`defineTool() refuses ${what}`, () => {
    const all = { ...basics, execute: () => null, ...options } as Parameters<typeof defineTool>[0];
    assert.throws(() => defineTool(all), { name, message });
  });
}

Deno.test("defineTool() names the libraries to use when a schema cannot describe itself", () => {
  const parameters: object = { "~standard": { version: 1, vendor: "valibot", validate: () => ({ value: 1 }) } };
  const options = { ...basics, parameters, execute: () => null };
  assert.throws(() => defineTool(options as Parameters<typeof defineTool>[0]), {
    name: "TypeError",
    message: /"valibot".*zod 4\.2/,
  });
});

Deno.test("defineTool() passes on what was set and nothing that was not", () => {
  const tool = defineTool({ ...basics, effect: "pure", timeoutMs: 5, permissions: {}, execute: () => null });
  assert.deepEqual(Object.keys(tool).sort(), ["definition", "execute", "parse", "permissions", "timeoutMs"]);
  assert.deepEqual(
    Object.keys(tool.definition).sort(),
    ["description", "effect", "name", "parameters", "type"],
  );
  assert.ok(Object.isFrozen(tool) && Object.isFrozen(tool.definition));
});

Deno.test("defineClientTool() makes a definition of type client_side", () => {
  const definition = defineClientTool({ ...basics, parameters: z.object({ a: z.string() }), policy: "auto" });
  assert.equal(definition.type, "client_side");
  assert.deepEqual(definition.parameters["required"], ["a"]);
});

Deno.test("a tool with a plain schema answers later calls at once", async () => {
  const parameters = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
  const tool = defineTool({ ...basics, parameters, execute: (args) => args["a"] });
  await tool.parse({ a: 1 });
  assert.deepEqual(tool.parse({ a: 2 }), { ok: true, value: { a: 2 } });
});

Deno.test("defineTool() takes a default that looks like a reference for the value it is", () => {
  const parameters = { type: "object", properties: { a: { default: { $ref: "https://example.com/x" } } } };
  assert.equal(defineTool({ ...basics, parameters, execute: () => 1 }).definition.name, basics.name);
});
