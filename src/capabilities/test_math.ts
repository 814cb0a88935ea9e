/** The `test_math` capability: four tools without side effects, a fixture for tests and examples. */

import { ToolError } from "../errors.ts";
import type { JsonSchema } from "../records/json.ts";
import type { Capability } from "../ports/capability.ts";
import type { Tool } from "../ports/tool.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool } from "../kit/define_tool.ts";

const PARAMETERS: JsonSchema = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false,
};

/**
 * Four tools that calculate: `add`, `subtract`, `multiply` and `divide`, each `{ a, b }` to `{ result }`.
 *
 * A fixture: it lets a test or an example make real tool calls. Division by zero is a tool error.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("4"))
 *   .singleSession((s) => s.harness("calculator", "Calculate.").withCapability("test_math"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "add"));
 * ```
 */
export const testMath: Capability = defineCapability({
  id: "test_math",
  name: "Test math",
  description: "Adds, subtracts, multiplies and divides two numbers.",
  category: "testing",
  riskLevel: "low",
  tools: [
    mathTool("add", "Adds b to a.", "+", (a, b) => a + b),
    mathTool("subtract", "Subtracts b from a.", "-", (a, b) => a - b),
    mathTool("multiply", "Multiplies a by b.", "*", (a, b) => a * b),
    mathTool("divide", "Divides a by b.", "/", divide),
  ],
  permissions: {},
});

function mathTool(name: string, description: string, sign: string, operation: (a: number, b: number) => number): Tool {
  return defineTool({
    name,
    description,
    parameters: PARAMETERS,
    category: "math",
    effect: "pure",
    hints: { readonly: true },
    permissions: {},
    execute: ({ a, b }) => {
      const result = operation(Number(a), Number(b));
      if (!Number.isFinite(result)) throw new ToolError(`Cannot ${name} ${a} and ${b}: the result is too large`);
      return { result };
    },
    narrate: ({ a, b }) => `Calculating ${a} ${sign} ${b}`,
  });
}

function divide(a: number, b: number): number {
  if (b === 0) throw new ToolError(`Cannot divide ${a} by zero`);
  return a / b;
}
