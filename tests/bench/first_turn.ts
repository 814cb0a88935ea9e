/**
 * The smallest program that runs a turn; the measure of the cold start runs it as a process of its own.
 *
 * @module
 */

import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";

const importedAt = performance.now();
const runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.fixed("ok"))
  .singleSession((session) => session.harness("bench", "You are concise."))
  .build();
const builtAt = performance.now();
const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
const endedAt = performance.now();
if (turn.response !== "ok") throw new Error(`the turn came to ${JSON.stringify(turn)}`);
console.log(JSON.stringify({ rss: Deno.memoryUsage().rss, importedAt, builtAt, endedAt }));
