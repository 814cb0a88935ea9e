/** What a session is doing. */

import assert from "node:assert/strict";
import { defineClientTool, idFromSeed, NotFoundError, RuntimeBackends } from "../../../mod.ts";
import { Gate } from "../_support/gates.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

Deno.test("status() is started before the first turn, active during one and idle after it", async () => {
  const gate = new Gate();
  await using sim = await scriptedRuntime([callTools("work"), "done"], { tools: [gate.tool("work")] });
  const { runtime } = sim;
  const id = runtime.defaultSessionId;
  const seen = [await runtime.status(id)];
  const running = say(runtime);
  await gate.held(1);
  seen.push(await runtime.status(id));
  await gate.release();
  await running;
  seen.push(await runtime.status(id));
  assert.deepEqual(seen, ["started", "active", "idle"]);
});

Deno.test("status() is waiting_for_tool_results while the client has to answer", async () => {
  await using sim = await scriptedRuntime([callTools("open"), "done"], {
    session: (single) => single.sessionTool(defineClientTool({ name: "open", description: "" })),
  });
  const { runtime } = sim;
  const result = await say(runtime);
  assert.deepEqual([result.status, result.stopReason, result.success], ["waiting", "waiting", true]);
  assert.equal(await runtime.status(runtime.defaultSessionId), "waiting_for_tool_results");
  assert.equal(eventsOf(runtime, "turn.waiting")[0]?.data.calls[0]?.name, "open");
});

Deno.test("status() of a session that another runtime runs is active", async () => {
  const gate = new Gate();
  const backends = RuntimeBackends.inMemory();
  await using sim = await scriptedRuntime([callTools("work"), "done"], { tools: [gate.tool("work")], backends });
  await using other = await simRuntime("unused", { backends });
  const running = say(sim.runtime);
  await gate.held(1);
  assert.equal(await other.status(sim.runtime.defaultSessionId), "active");
  await gate.release();
  await running;
  assert.equal(await other.status(sim.runtime.defaultSessionId), "idle");
});

Deno.test("status() needs a stored session", async () => {
  await using runtime = await simRuntime("hello");
  await assert.rejects(runtime.status(idFromSeed("session", 99)), NotFoundError);
});
