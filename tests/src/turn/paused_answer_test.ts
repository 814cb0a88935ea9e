/** An answer the provider paused in the middle: the model is asked to go on, also after a crash. */

import assert from "node:assert/strict";
import type { ModelEvent } from "../../../src/ports/driver.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { faultRuntime, Process, script, SESSION, text } from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const PAUSED: readonly ModelEvent[] = [{ type: "text", delta: "half" }, { type: "done", finishReason: "pause" }];

Deno.test("a paused answer is an aside, and the model is asked to go on", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ backends, respond: script(PAUSED, text("whole")) });
  const result = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([result.response, result.iterations, result.stopReason], ["whole", 2, "end_turn"]);
  assert.deepEqual((await runtime.messages(SESSION)).map(({ phase }) => phase), [
    undefined,
    "commentary",
    "final_answer",
  ]);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("a turn that died after a paused answer goes on when it is recovered", async () => {
  const disk = RuntimeBackends.inMemory();
  const life = new Process(disk, { commit: 2, when: "after" });
  const dead = await faultRuntime({ backends: life.backends, respond: script(PAUSED) });
  await assert.rejects(dead.runTurn(SESSION, "go"));
  await using runtime = await faultRuntime({ backends: disk, respond: script(text("whole")) });
  const [recovered] = await runtime.recover();
  assert.deepEqual([recovered?.result?.response, recovered?.result?.iterations], ["whole", 2]);
});
