/**
 * Fifty tool calls in one turn: one after another, and all in one reply.
 *
 * @module
 */

import { LlmSimConfig, type LlmSimToolCall, type ToolEffect } from "@everruns/runtime";
import { type Caption, cost, type Figure, report, timed } from "./figures.ts";
import { mustAnswer, newSession, startRuntime, toolRuns } from "./subject.ts";

const CALLS = 50;
const WARM_UP = 60;
const TURNS = 200;

const calls: readonly LlmSimToolCall[] = Array.from(
  { length: CALLS },
  (_, a) => ({ name: "add", arguments: { a, b: 1 } }),
);
const sequential = LlmSimConfig.scripted([
  ...calls.map((call) => ({ type: "tool_calls" as const, toolCalls: [call] })),
  "done",
]).withOnExhausted("loop");
const parallel = LlmSimConfig.scripted([{ type: "tool_calls", toolCalls: calls }, "done"]).withOnExhausted("loop");

report([
  await measure({ name: "tool call, 50 in sequence, pure", unit: "us", budget: { atMost: 25 } }, sequential, "pure"),
  await measure({ name: "tool call, 50 in sequence, at_most_once", unit: "us" }, sequential),
  await measure({ name: "tool call, 50 in parallel, pure", unit: "us", budget: { atMost: 14 } }, parallel, "pure"),
  await measure({ name: "tool call, 50 in parallel, at_most_once", unit: "us" }, parallel),
]);

/** The time of a whole turn, divided by its calls. */
async function measure(caption: Caption, config: LlmSimConfig, effect: ToolEffect = "at_most_once"): Promise<Figure> {
  await using runtime = await startRuntime(config, { effect });
  const samples: number[] = [];
  for (let i = 0; i < WARM_UP + TURNS; i++) {
    const sessionId = await newSession(runtime);
    const before = toolRuns;
    const milliseconds = await timed(async () => mustAnswer(await runtime.runTextTurn(sessionId, "go"), "done"));
    if (toolRuns - before !== CALLS) throw new Error(`the tool ran ${toolRuns - before} times, not ${CALLS}`);
    if (i >= WARM_UP) samples.push(milliseconds * 1000 / CALLS);
  }
  return cost(caption, samples);
}
