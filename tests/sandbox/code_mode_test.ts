/**
 * Code mode in whole turns: the model writes a program that calls its tools.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Capability, type CapabilityHooks, defineCapability, defineTool, type Tool } from "../../mod.ts";
import { codeMode, type CodeModeOptions } from "../../src/sandbox/mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, typesOf } from "../src/_support/runtime.ts";
import { watchedSandbox } from "./_children.ts";

const people = defineTool({
  name: "people",
  description: "Lists people of a team.",
  parameters: { type: "object", properties: { team: { type: "string" } }, required: ["team"] },
  effect: "pure",
  execute: ({ team }) => [{ name: `${team}-a`, age: 30 }, { name: `${team}-b`, age: 50 }],
});

const gated = defineTool({
  name: "pay",
  description: "Pays.",
  policy: "requires_approval",
  execute: () => assert.fail("it ran"),
});

/** What a turn may have beside the program. */
interface Setting extends CodeModeOptions {
  readonly extra?: readonly Tool[];
  readonly hooks?: CapabilityHooks;
}

/** Runs one turn whose model runs a program. */
async function program(code: string, { extra = [], hooks, ...options }: Setting = {}) {
  const capabilities: Capability[] = [codeMode(options)];
  if (hooks !== undefined) capabilities.push(defineCapability({ id: "guards", name: "Guards", hooks }));
  await using sim = await scriptedRuntime([callTools({ name: "run_code", arguments: { code } }), "done"], {
    tools: [people, gated, ...extra],
    capabilities,
  });
  assert.ok((await say(sim.runtime)).success);
  const { runtime, requests } = sim;
  const completed = eventsOf(runtime, "tool.completed");
  assert.equal(completed.length, 1);
  const data = completed[0]?.data;
  return {
    result: data?.result === undefined ? undefined : JSON.parse(JSON.stringify(data.result)),
    error: data?.error,
    types: typesOf(runtime.events()),
    offered: requests[0]?.tools ?? [],
  };
}

Deno.test("a program calls tools and returns what it makes of their results", async () => {
  const { result } = await program(`
    const teams = await Promise.all(["x", "y"].map((team) => tools.people({ team })));
    console.log(teams.length, "teams");
    return teams.flat().filter(({ age }) => age > 40).map(({ name }) => name);`);
  assert.deepEqual(result, {
    value: ["x-b", "y-b"],
    output: "2 teams\n",
    calls: { people: { calls: 2, failed: 0 } },
  });
});

Deno.test("a program is told when its arguments do not fit a tool's schema, and may go on", async () => {
  const { result } = await program(`return await tools.people({ team: 7 }).catch((error) => error.message);`);
  assert.match(result.value, /team/);
  assert.deepEqual(result.calls, { people: { calls: 1, failed: 1 } });
});

Deno.test("a tool that needs approval is refused to a program", async () => {
  const { result } = await program(`return await tools.pay().catch((error) => error.message);`);
  assert.match(result.value, /"pay" needs approval .* call it directly/);
});

Deno.test("a hook that blocks a tool blocks it for programs too", async () => {
  const hooks: CapabilityHooks = {
    preToolUse: ({ name }) => name === "people" ? { action: "block", reason: "private" } : { action: "allow" },
  };
  const { result } = await program(`return await tools.people({ team: "x" }).catch((e) => e.message);`, { hooks });
  assert.equal(result.value, "Blocked by a pre_tool_use hook: private");
});

Deno.test("a program can call only what the host allows, and never itself", async () => {
  const code = `return Object.keys(tools).concat(await tools["people"]({ team: "x" }).then(() => "called"));`;
  assert.deepEqual((await program(code, { tools: ["people"] })).result.value, ["people", "called"]);
  const denied = await program(`return await tools.people({ team: "x" });`, { tools: (tool) => tool.name === "pay" });
  assert.match(denied.error ?? "", /There is no tool "people" here; there are: pay\n.*code:1:/);
  const own = await program(`return Object.keys(tools);`);
  assert.deepEqual(own.result.value, ["people", "pay"]);
});

Deno.test("a call past the program's own list of tools is refused by the host", async () => {
  const { result } = await program(
    `self.postMessage(JSON.stringify({ type: "call", id: 1, name: "people", args: { team: "x" } }));
    return await tools.pay().catch((e) => e.message);`,
    { tools: ["pay"] },
  );
  assert.deepEqual(Object.keys(result.calls), ["pay"]);
});

Deno.test("a program's error names the line and the output before it", async () => {
  const { error } = await program("console.log('so far');\nconst all = undefined;\nreturn all.length;");
  assert.match(
    error ?? "",
    /^TypeError: Cannot read properties of undefined.*\n.*code:3:\d+\)\n\nOutput before that:\nso far/,
  );
});

Deno.test("a program that spins is an error for the model, and leaves no process", async () => {
  const children = watchedSandbox();
  const { error } = await program("for (;;);", { timeoutMs: 500, sandbox: children.sandbox });
  assert.equal(error, "The code was stopped: it ran longer than 500 ms");
  assert.deepEqual([children.started, children.alive], [1, 0]);
});

Deno.test("what a program returns and writes is bounded", async () => {
  const long = await program("return 'x'.repeat(1000);", { maxResultCharacters: 100 });
  assert.match(long.error ?? "", /at most 100 are accepted/);
  const loud = await program("console.log('x'.repeat(1000));", { maxOutputCharacters: 100 });
  assert.ok(loud.result.output.length < 200);
  assert.match(loud.result.output, /more output was dropped/);
});

Deno.test("calls of one concurrency class do not overlap in a program either", async () => {
  let running = 0;
  let most = 0;
  const careful = defineTool({
    name: "careful",
    description: "",
    concurrencyClass: "one",
    execute: async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      await Promise.resolve();
      running--;
    },
  });
  const { result } = await program("await Promise.all([1, 2, 3].map(() => tools.careful()));", { extra: [careful] });
  assert.equal(result.calls.careful.calls, 3);
  assert.equal(most, 1);
});

Deno.test("hidden tools are described with run_code and offered only there", async () => {
  const { offered, result } = await program(`return (await tools.people({ team: "x" })).length;`, { hideTools: true });
  assert.deepEqual(offered.map(({ name }) => name).sort(), ["pay", "run_code"]);
  const { description } = offered.find(({ name }) => name === "run_code") ?? {};
  assert.match(
    description ?? "",
    /tools\.people\(args: \{ team: string \}\): Promise<unknown> \/\/ Lists people of a team\./,
  );
  assert.equal(result.value, 2);
});

Deno.test("beside hidden tools the model still searches by itself, and sees what it found from then on", async () => {
  const found = callTools({ name: "tool_search", arguments: { query: "divide" } });
  await using sim = await scriptedRuntime([found, "done"], {
    registered: [codeMode({ hideTools: true })],
    session: (single) =>
      single.withCapability("test_math").withCapability("tool_search", { threshold: 2 }).withCapability("code_mode"),
  });
  assert.ok((await say(sim.runtime)).success);
  const [before = [], after = []] = sim.requests.map(({ tools }) => tools);
  assert.deepEqual(before.map(({ name }) => name).sort(), ["run_code", "tool_search"]);
  const signature = /tools\.divide\(args: \{ a: number; b: number \}\)/;
  const words = (tools: typeof before) => tools.find(({ name }) => name === "run_code")?.description ?? "";
  assert.deepEqual([signature.test(words(before)), signature.test(words(after))], [false, true]);
});

Deno.test("codeMode() refuses options of a wrong shape", () => {
  assert.throws(() => codeMode({ timeoutMs: 0 }), RangeError);
  const tools: unknown = "all";
  assert.throws(() => codeMode({ tools: tools as string[] }), TypeError);
});
