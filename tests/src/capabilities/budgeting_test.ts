import assert from "node:assert/strict";
import { idFromSeed, type JsonObject, type ModelEvent, RuntimeBackends } from "../../../mod.ts";
import { budgeting } from "../../../src/capabilities/budgeting/capability.ts";
import { selfBudget } from "../../../src/capabilities/budgeting/self_budget.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { useDriver } from "../_support/drivers.ts";
import { call, PlayedDriver, texts } from "../_support/played_driver.ts";
import { eventsOf, say, simRuntime } from "../_support/runtime.ts";
import { guardedRuntime } from "./_guarded_runtime.ts";

function limits(...all: readonly JsonObject[]): JsonObject {
  return { limits: [...all] };
}

function costing(usd: number): ModelEvent[] {
  return [
    { type: "text", delta: "ok" },
    { type: "done", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 1, estimatedCostUsd: usd } },
  ];
}

Deno.test("budgeting ends a turn between two calls, when the tokens of the turn are used up", async () => {
  const config = limits({ currency: "tokens", scope: "turn", limit: 30 });
  const plays = [call("check_budget"), call("check_budget"), texts("never")];
  await using it = await guardedRuntime(plays, budgeting, { config });
  const result = await say(it.runtime);
  assert.deepEqual([result.status, result.sealed?.reason, result.iterations], ["sealed", "budget", 2]);
  assert.deepEqual(
    eventsOf(it.runtime, "budget.exhausted").map(({ data, sequence }) => [data.balance, sequence !== undefined]),
    [
      [0, true],
    ],
  );
  const [first] = eventsOf(it.runtime, "tool.completed");
  assert.deepEqual(first?.data.result, {
    budgets: [{ budget_id: "turn_tokens", currency: "tokens", scope: "turn", limit: 30, used: 15, balance: 15 }],
  });
});

Deno.test("money counts whether a provider reports it or a table has the price, also where a session has both", async () => {
  const reported: ModelEvent[] = [
    { type: "text", delta: "ok" },
    { type: "done", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 1, actualCostUsd: 0.1 } },
  ];
  const config = limits({ currency: "usd", limit: 1 });
  await using it = await guardedRuntime([reported, costing(0.95), texts("never")], budgeting, { config });
  for (let turn = 0; turn < 2; turn++) assert.ok((await say(it.runtime)).success);
  const { status, sealed } = await say(it.runtime);
  assert.deepEqual([status, sealed?.reason], ["sealed", "budget"]);
});

Deno.test("a budget of the session lasts over turns and restarts", async () => {
  const backends = RuntimeBackends.inMemory();
  const config = limits({ currency: "usd", limit: 1 });
  const open = async (driver: PlayedDriver) =>
    await simRuntime("unused", {
      backends,
      registered: [{ ...budgeting, id: "tested" }],
      session: (single) => single.sessionId(idFromSeed("session", 9)).withCapability({ ref: "tested", config }),
      configure: useDriver(driver.descriptor),
    });
  {
    await using runtime = await open(new PlayedDriver(costing(0.4), costing(0.7)));
    assert.ok((await say(runtime)).success);
    assert.ok((await say(runtime)).success, "the call that crosses the limit is finished");
  }
  await using runtime = await open(new PlayedDriver());
  const result = await say(runtime);
  assert.deepEqual([result.status, result.sealed?.reason], ["sealed", "budget"]);
  assert.match(result.sealed?.detail ?? "", /1\.1.* of 1 usd/);
});

Deno.test("a soft limit is one warning a turn, and does not stop it", async () => {
  const config = limits({ currency: "tokens", limit: 1000, soft_limit: 10 });
  const plays = [call("check_budget"), call("check_budget"), texts("done")];
  await using it = await guardedRuntime(plays, budgeting, { config });
  assert.equal((await say(it.runtime)).response, "done");
  const warnings = eventsOf(it.runtime, "budget.warning");
  assert.deepEqual(warnings.map(({ data }) => data.used), [15]);
});

Deno.test("money nobody knows the price of is reported", async () => {
  const config = limits({ currency: "usd", limit: 1 });
  await using it = await guardedRuntime([call("check_budget"), texts("done")], budgeting, { config });
  assert.equal((await say(it.runtime)).response, "done");
  const codes = eventsOf(it.runtime, "runtime.warning").map(({ data }) => data.code);
  assert.deepEqual(codes, ["budget_price_unknown"]);
});

Deno.test("a budget of time counts from when the turn was accepted", async () => {
  const clock = new FakeClock();
  const driver = new PlayedDriver(() => {
    clock.advance(3000);
    return call("check_budget");
  });
  await using runtime = await simRuntime("unused", {
    clock,
    registered: [{ ...budgeting, id: "tested" }],
    session: (single) => single.withCapability({ ref: "tested", config: limits({ currency: "seconds", limit: 2 }) }),
    configure: useDriver(driver.descriptor),
  });
  const result = await say(runtime);
  assert.deepEqual([result.status, result.sealed?.detail], [
    "sealed",
    '3 of 2 seconds of this turn are used (budget "turn_seconds")',
  ]);
});

Deno.test("budgeting without a readable configuration lets no turn spend", async () => {
  await using it = await guardedRuntime([texts("x")], budgeting, {
    config: { limits: [{ currency: "eur", limit: 1 }] },
  });
  assert.equal((await say(it.runtime)).sealed?.reason, "guard_failed");
  assert.match(budgeting.validateConfig?.({}) ?? "", /`limits` is missing/);
  assert.match(budgeting.validateConfig?.(limits({ currency: "tokens" })) ?? "", /limit` is missing/);
  assert.match(
    budgeting.validateConfig?.(limits({ currency: "usd", limit: 1 }, { currency: "usd", limit: 2 })) ?? "",
    /same `id`/,
  );
  assert.match(
    budgeting.validateConfig?.(limits({ currency: "seconds", limit: 1, scope: "session" })) ?? "",
    /one turn only/,
  );
});

Deno.test("self_budget tells the model what is left, from its share on, and stores nothing", async () => {
  const config = { ...limits({ currency: "tokens", limit: 60 }), show_from: 0.5 };
  await using it = await guardedRuntime([texts("a"), texts("b"), texts("c")], selfBudget, { config });
  for (let i = 0; i < 3; i++) assert.ok((await say(it.runtime)).success);
  const notes = it.driver.requests.map(({ messages }) => messages.at(-1)).map((last) =>
    last?.role === "system" && last.content
  );
  assert.deepEqual(notes, [
    false,
    false,
    "Left of your budget: 30 of 60 tokens of this session. Finish before it is used up.",
  ]);
  assert.equal((await it.runtime.messages(it.runtime.defaultSessionId)).length, 6);
});
