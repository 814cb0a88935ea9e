/** beforeModelCall hooks: guards that may end a turn. */

import assert from "node:assert/strict";
import type { Capability, CapabilityHooks, RunningTurn, Usage } from "../../../mod.ts";
import { call, PlayedDriver, texts, USED } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { eventsOf, say, simRuntime, typesOf } from "../_support/runtime.ts";
import { defineTool } from "../../../mod.ts";

const work = defineTool({ name: "work", description: "", effect: "pure", execute: () => "worked" });

function guard(beforeModelCall: NonNullable<CapabilityHooks["beforeModelCall"]>): Capability {
  return { id: "guard", name: "Guard", hooks: { beforeModelCall } };
}

async function runtimeOf(driver: PlayedDriver, capability: Capability) {
  return await simRuntime("unused", {
    tools: [work],
    capabilities: [capability],
    configure: useDriver(driver.descriptor),
  });
}

Deno.test("a beforeModelCall hook that stops seals the turn before the model is asked", async () => {
  const driver = new PlayedDriver();
  await using runtime = await runtimeOf(driver, guard(() => ({ action: "stop", reason: "budget", detail: "0 left" })));
  const result = await say(runtime);
  assert.deepEqual(
    [result.status, result.stopReason, result.success, result.iterations, result.sealed],
    ["sealed", "sealed", false, 0, { reason: "budget", detail: "0 left" }],
  );
  assert.equal(driver.requests.length, 0);
  const sealed = eventsOf(runtime, "turn.sealed")[0]?.data;
  assert.deepEqual([sealed?.reason, sealed?.detail], ["budget", "0 left"]);
  assert.deepEqual(typesOf(runtime.events()).filter((type) => type.startsWith("reason.")), []);
});

Deno.test("a beforeModelCall hook sees the turn grow, and stops it between two calls", async () => {
  const seen: { iteration: number; usage: Usage; messages: number; elapsed: boolean }[] = [];
  const driver = new PlayedDriver(call("work"), call("work"), texts("never"));
  await using runtime = await runtimeOf(
    driver,
    guard(({ turn }) => {
      const { iteration, usage, messages, elapsedMs } = turn;
      seen.push({ iteration, usage, messages: messages.length, elapsed: elapsedMs >= 0 });
      return iteration === 3 ? { action: "stop", reason: "no_progress" } : { action: "proceed" };
    }),
  );
  const result = await say(runtime);
  assert.deepEqual([result.status, result.iterations, result.toolCallsCount], ["sealed", 2, 2]);
  assert.deepEqual(seen.map(({ iteration, messages }) => [iteration, messages]), [[1, 1], [2, 3], [3, 5]]);
  assert.deepEqual(seen[2]?.usage, { inputTokens: 20, outputTokens: 10 });
  assert.ok(seen.every(({ elapsed }) => elapsed));
  // The sealed turn leaves a session that goes on.
  const roles = (await runtime.messages(runtime.defaultSessionId)).map(({ role }) => role);
  assert.deepEqual(roles, ["user", "agent", "tool_result", "agent", "tool_result"]);
});

Deno.test("a beforeModelCall hook that fails seals the turn and does not let it spend", async () => {
  const driver = new PlayedDriver();
  await using runtime = await runtimeOf(driver, guard(() => Promise.reject(new Error("no ledger"))));
  const result = await say(runtime);
  assert.deepEqual([result.status, result.sealed], ["sealed", { reason: "guard_failed", detail: "guard: no ledger" }]);
  assert.equal(driver.requests.length, 0);
});

Deno.test("sessionUsage() sums all turns of the session, side questions included", async () => {
  const seen: Usage[] = [];
  const driver = new PlayedDriver(texts("one"), texts("side"), texts("two"));
  await using runtime = await runtimeOf(
    driver,
    guard(async ({ turn }) => {
      seen.push(await turn.sessionUsage());
      if (seen.length === 2) {
        const reply = await turn.complete({ messages: [{ role: "user", content: [{ type: "text", text: "well?" }] }] });
        assert.deepEqual([reply.text, reply.usage], ["side", USED]);
        seen.push(await turn.sessionUsage());
      }
      return { action: "proceed" };
    }),
  );
  await say(runtime);
  const second = await say(runtime);
  assert.deepEqual(seen.map(({ inputTokens }) => inputTokens), [0, 10, 20]);
  assert.deepEqual(second.usage, { inputTokens: 20, outputTokens: 10 });
  assert.equal(driver.requests[1]?.tools.length, 0);
  assert.equal(eventsOf(runtime, "llm.generation").length, 3);
  assert.equal((await runtime.messages(runtime.defaultSessionId)).length, 4);
});

Deno.test("record() adds a durable event to the next commit", async () => {
  let turn: RunningTurn | undefined;
  const driver = new PlayedDriver(texts("done"));
  await using runtime = await runtimeOf(
    driver,
    guard((context) => {
      turn = context.turn;
      turn.record("budget.warning", { left: 3 });
      return { action: "proceed" };
    }),
  );
  await say(runtime);
  assert.ok(turn);
  const [warning] = eventsOf(runtime, "budget.warning");
  assert.deepEqual(warning?.data, { left: 3 });
  assert.ok(warning?.sequence !== undefined);
});
