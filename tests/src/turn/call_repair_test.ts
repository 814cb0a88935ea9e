/** repairCall hooks: calls whose arguments cannot be used. */

import assert from "node:assert/strict";
import { type CallRepair, type Capability, type CapabilityHooks, defineTool, type JsonObject } from "../../../mod.ts";
import { call, PlayedDriver, texts } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { eventsOf, say, simRuntime } from "../_support/runtime.ts";

const parameters = {
  type: "object",
  properties: { amount: { type: "number" } },
  required: ["amount"],
  additionalProperties: false,
};

/** Runs one call of `work` with bad arguments under a repair. */
async function repaired(
  args: string | JsonObject,
  repairCall: NonNullable<CapabilityHooks["repairCall"]>,
  options: { readonly policy?: "requires_approval"; readonly more?: readonly Capability[] } = {},
) {
  const runs: JsonObject[] = [];
  const kinds: string[] = [];
  const work = defineTool({
    name: "work",
    description: "",
    parameters,
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    execute: (given: JsonObject) => {
      runs.push({ ...given });
      return "worked";
    },
  });
  const mender: Capability = {
    id: "mender",
    name: "Mender",
    hooks: {
      repairCall: (broken, problem, ...told) => {
        kinds.push(problem.kind);
        return repairCall(broken, problem, ...told);
      },
    },
  };
  const driver = new PlayedDriver(call("work", args), texts("done"));
  await using runtime = await simRuntime("unused", {
    tools: [work],
    capabilities: [mender, ...options.more ?? []],
    configure: useDriver(driver.descriptor),
  });
  let result = await say(runtime);
  if (result.status === "waiting") {
    const decisions = result.waitingFor.map(({ id }) => ({ toolCallId: id, approved: true }));
    result = await runtime.resumeTurn(runtime.defaultSessionId, { decisions });
  }
  assert.equal(result.response, "done");
  const outcomes = eventsOf(runtime, "tool.call_repaired");
  const answer = driver.requests[1]?.messages.at(-1);
  assert.ok(answer?.role === "tool");
  return {
    runs,
    kinds,
    outcomes: outcomes.map(({ data }) => data.outcome),
    durable: outcomes.every(({ sequence }) => sequence !== undefined),
    content: answer.content,
    stored: (await runtime.messages(runtime.defaultSessionId))[1]?.content,
  };
}

Deno.test("a call whose arguments are no JSON runs with the repaired ones; the stored call stays the model's", async () => {
  const seen = await repaired('{"amount": 5', () => ({ action: "repair", arguments: { amount: 5 } }));
  assert.deepEqual([seen.runs, seen.kinds], [[{ amount: 5 }], ["not_json"]]);
  assert.deepEqual([seen.outcomes, seen.durable, seen.content], [["local_salvage"], true, "worked"]);
  assert.equal(seen.stored?.[0]?.type === "tool_call" && seen.stored[0].arguments, '{"amount": 5');
});

Deno.test("a call that does not fit its schema is repaired likewise", async () => {
  const seen = await repaired({ amount: "5" }, () => ({ action: "repair", arguments: { amount: 5 } }));
  assert.deepEqual([seen.runs, seen.kinds, seen.outcomes], [[{ amount: 5 }], ["schema"], ["local_salvage"]]);
});

Deno.test("a repair that does not fit either is tried once more, then given up with the first error", async () => {
  const seen = await repaired('{"amount": "x"', () => ({ action: "repair", arguments: { amount: "x" } }));
  assert.deepEqual([seen.runs, seen.kinds, seen.outcomes], [[], ["not_json", "schema"], ["gave_up"]]);
  assert.match(seen.content, /not valid JSON/);
});

Deno.test("a hook may ask the model again in its own words", async () => {
  const seen = await repaired("{", () => ({ action: "ask_again", message: "Send { amount }." }));
  assert.deepEqual([seen.runs, seen.outcomes, seen.content], [[], ["re_prompt"], "Send { amount }."]);
});

Deno.test("a repair hook that throws gives up", async () => {
  const seen = await repaired("{", (): CallRepair => {
    throw new Error("broken");
  });
  assert.deepEqual([seen.runs, seen.outcomes], [[], ["gave_up"]]);
});

Deno.test("repaired arguments pass the preToolUse hooks", async () => {
  const guard: Capability = {
    id: "guard",
    name: "Guard",
    hooks: { preToolUse: () => ({ action: "block", reason: "never" }) },
  };
  const seen = await repaired("{", () => ({ action: "repair", arguments: { amount: 5 } }), { more: [guard] });
  assert.deepEqual([seen.runs, seen.content], [[], "Blocked by a pre_tool_use hook: never"]);
});

Deno.test("a call somebody had to agree to is never repaired: what runs is what was approved", async () => {
  const seen = await repaired(
    { amount: "5" },
    () => ({ action: "repair", arguments: { amount: 5 } }),
    { policy: "requires_approval" },
  );
  assert.deepEqual([seen.runs, seen.kinds, seen.outcomes], [[], [], []]);
});
