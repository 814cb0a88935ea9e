/** The calls of programs, without programs. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { defineTool } from "../../../mod.ts";
import { ToolCalls } from "../../../src/sandbox/tool_calls.ts";
import type { RunningTurn } from "../../../src/ports/running_turn.ts";
import { toolContext } from "../capabilities/_tool_context.ts";

Deno.test("calls of one concurrency class do not overlap in programs that run at the same time", async () => {
  const careful = defineTool({ name: "careful", description: "", concurrencyClass: "one", execute: () => null });
  const running: (() => void)[] = [];
  const context = toolContext();
  const shared = {
    ...context,
    turn: {} as RunningTurn,
    tools: new Map([["careful", careful]]),
    callTool: async () => {
      await new Promise<void>((resolve) => running.push(resolve));
      return { toolCallId: context.toolCallId, status: "success" as const, result: "done" };
    },
  };
  const calls = [1, 2].map(() => new ToolCalls({ ...shared }, () => true).call("careful", {}));
  const seen: number[] = [];
  for (let call = 0; call < calls.length; call++) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(running.length);
    running.at(-1)?.();
  }
  assert.deepEqual([seen, await Promise.all(calls)], [[1, 2], ["done", "done"]]);
});
