// deno run --no-prompt --allow-run=deno examples/code_mode.ts

/**
 * A model that writes a program instead of many tool calls, and a tool of somebody else that nobody has to trust.
 *
 * Both run in child processes without any permission. `--allow-run=deno` is for this program, which starts them.
 *
 * @module
 */

import { defineCapability, defineTool, InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
import { codeMode, Sandbox, sandboxedTool } from "@everruns/runtime/sandbox";

const STOCK: Readonly<Record<string, number>> = { apples: 12, pears: 0, plums: 3 };

const countStock = defineTool({
  name: "count_stock",
  description: "Counts what is in stock of an item.",
  parameters: { type: "object", properties: { item: { type: "string" } }, required: ["item"] },
  effect: "pure",
  permissions: {},
  execute: ({ item }) => STOCK[String(item)] ?? 0,
});

// One sandbox for both bounds how many processes there are.
const sandbox = new Sandbox({ maxProcesses: 2 });

/** It spins for ever: it is killed, and the model is told why. */
const foreign = sandboxedTool({
  name: "foreign",
  description: "A tool from somewhere else.",
  module: "export default () => { for (;;); };",
  timeoutMs: 300,
  sandbox,
});

// What a real model would write.
const PROGRAM = `
const counts = {};
for (const item of ["apples", "pears", "plums"]) counts[item] = await tools.count_stock({ item });
console.log("asked for", Object.keys(counts).length, "items");
return Object.keys(counts).filter((item) => counts[item] === 0);
`;

await using runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.scripted([
    {
      type: "tool_calls",
      toolCalls: [{ name: "run_code", arguments: { code: PROGRAM } }, { name: "foreign", arguments: {} }],
    },
    "Pears are sold out.",
  ]))
  .capability(defineCapability({ id: "shop", name: "Shop", tools: [countStock, foreign] }))
  .capability(codeMode({ tools: ["count_stock"], hideTools: true, sandbox }))
  .singleSession((s) => s.harness("shop").withCapability("shop").withCapability("code_mode"))
  .build();

const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
console.log(`Tools the model sees: ${runtimeAgent.tools.map(({ name }) => name).join(", ")}`);

const turn = await runtime.runTextTurn(runtime.defaultSessionId, "What is sold out?");
for (const event of runtime.events()) {
  if (event.type !== "tool.completed") continue;
  const { toolName, result, error } = event.data;
  console.log(`${toolName}: ${error ?? JSON.stringify(result)}`);
}
console.log(`Model: ${turn.response}`);
