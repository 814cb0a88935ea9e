/**
 * Tools that run in a sandbox, in whole turns.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Sandbox, sandboxedTool, type SandboxedToolOptions } from "../../src/sandbox/mod.ts";
import { callTools, eventsOf, say, scriptedRuntime } from "../src/_support/runtime.ts";
import { watchedSandbox } from "./_children.ts";

/** Runs one turn that calls the tool, and returns what it came to and the events. */
async function callOnce(options: Partial<SandboxedToolOptions> & Pick<SandboxedToolOptions, "module">, args: object) {
  const tool = sandboxedTool({ name: "guest", description: "", ...options });
  await using sim = await scriptedRuntime([callTools({ name: "guest", arguments: { ...args } }), "done"], {
    tools: [tool],
  });
  const turn = await say(sim.runtime);
  assert.ok(turn.success);
  const completed = eventsOf(sim.runtime, "tool.completed")[0]?.data;
  return { completed, output: eventsOf(sim.runtime, "tool.output.delta").map(({ data }) => data.delta) };
}

Deno.test("a sandboxed tool gets the arguments and gives the result", async () => {
  const { completed } = await callOnce({
    module: "export default async ({ name }) => ({ hello: name });",
    parameters: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
  }, { name: "you" });
  assert.equal(completed?.success, true);
  assert.equal(JSON.stringify(completed?.result), '{"hello":"you"}');
});

Deno.test("a sandboxed tool is not started for arguments that do not fit its schema", async () => {
  const children = watchedSandbox();
  const { completed } = await callOnce({
    module: "export default () => 1;",
    parameters: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    sandbox: children.sandbox,
  }, {});
  assert.equal(completed?.success, false);
  assert.equal(children.started, 0);
});

Deno.test("a sandboxed tool has exactly the permissions it declares", async () => {
  const module = `export default async ({ own, other }) => [
    await Deno.readTextFile(own).then((text) => text.length > 0),
    await Deno.readTextFile(other).catch((error) => error.name),
    await Deno.writeTextFile(own, "").catch((error) => error.name),
  ];`;
  const own = new URL("./fixtures/step.ts", import.meta.url).pathname;
  const other = new URL("./fixtures/adder.ts", import.meta.url).pathname;
  const parameters = { type: "object" };
  const { completed } = await callOnce({ module, parameters, permissions: { read: [own] } }, { own, other });
  assert.equal(JSON.stringify(completed?.result), '[true,"NotCapable","NotCapable"]');
});

Deno.test("a sandboxed tool that spins, leaks or throws is an error for the model, and leaves no process", async () => {
  const cases: readonly [module: string, timeoutMs: number, message: RegExp][] = [
    ["export default () => { for (;;); };", 500, /ran longer than 500 ms/],
    ["export default () => { const a = []; for (;;) a.push([1, 2, 3]); };", 60_000, /more than 32 MiB of memory/],
    ["export default () => new Promise(() => {});", 500, /ran longer than 500 ms/],
    ["export default () => {\n  throw new TypeError('no');\n};", 60_000, /TypeError: no\n.*code:2:9/],
  ];
  for (const [module, timeoutMs, message] of cases) {
    const children = watchedSandbox();
    const { completed } = await callOnce({ module, timeoutMs, memoryMb: 32, sandbox: children.sandbox }, {});
    assert.equal(completed?.status, "error");
    assert.match(completed?.error ?? "", message);
    assert.deepEqual([children.started, children.alive], [1, 0]);
  }
});

Deno.test("a sandboxed tool's console is shown live and is no part of its result", async () => {
  const { completed, output } = await callOnce(
    { module: "export default () => { console.log('hi'); return 1; };" },
    {},
  );
  assert.equal(completed?.result, 1);
  assert.deepEqual(output, ["hi\n"]);
});

Deno.test("cancelling a turn kills the process of its sandboxed tool", async () => {
  const children = watchedSandbox();
  const module = "export default () => { console.log('begun'); for (;;); };";
  const tool = sandboxedTool({ name: "guest", description: "", module, sandbox: children.sandbox });
  await using sim = await scriptedRuntime([callTools("guest"), "done"], { tools: [tool] });
  const handle = sim.runtime.startTurn(sim.runtime.defaultSessionId, "go");
  for await (const event of handle.events()) if (event.type === "tool.output.delta") handle.cancel();
  assert.equal((await handle.result).status, "cancelled");
  await children.allDead();
  assert.deepEqual(children.signals, ["SIGKILL"]);
});

Deno.test("a sandboxed tool that needs a permission no sandbox gives is refused when it is defined", () => {
  const define = (options: object): unknown =>
    sandboxedTool({ name: "guest", description: "", module: "export default 1;", ...options });
  assert.throws(() => define({ permissions: { run: ["git"] } }), /tool "guest": it may not have `run` in a sandbox/);
  assert.throws(() => define({ module: new URL("https://example.com/tool.ts") }), /loads no "https:" URL/);
  assert.throws(() => define({ memoryMb: 4 }), RangeError);
  assert.throws(() => define({ module: 5 }), TypeError);
});

Deno.test("a sandboxed tool says that its host has to be allowed to run deno", () => {
  const tool = sandboxedTool({
    name: "guest",
    description: "",
    module: "",
    sandbox: new Sandbox({ program: "/opt/deno" }),
  });
  assert.deepEqual(tool.permissions, { run: ["/opt/deno"] });
});

Deno.test({
  name: "without the grant a sandboxed tool tells the model that it cannot run",
  permissions: { run: false },
  fn: async () => {
    const { completed } = await callOnce({ module: "export default () => 1;" }, {});
    assert.match(completed?.error ?? "", /Cannot start a sandbox: run access to "deno" is not granted/);
  },
});
