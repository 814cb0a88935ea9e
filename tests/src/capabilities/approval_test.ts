import assert from "node:assert/strict";
import {
  type Capability,
  defineClientTool,
  defineTool,
  idFromSeed,
  type JsonObject,
  RuntimeBackends,
} from "../../../mod.ts";
import { type ApprovalOptions, createApproval } from "../../../src/capabilities/approval.ts";
import { useDriver } from "../_support/drivers.ts";
import { call, PlayedDriver, texts } from "../_support/played_driver.ts";
import { program } from "./_program_tool.ts";
import { eventsOf, say, type SimOptions, simRuntime } from "../_support/runtime.ts";

const SESSION = idFromSeed("session", 21);

interface World {
  readonly runs: JsonObject[];
  open(driver: PlayedDriver, options?: SimOptions): ReturnType<typeof simRuntime>;
}

/** A tool with an effect, under approval, over stores that outlive a runtime. */
function world(options: ApprovalOptions = {}, config: JsonObject = {}, more: readonly Capability[] = []): World {
  const runs: JsonObject[] = [];
  const pay = defineTool({
    name: "pay",
    description: "",
    parameters: { type: "object" },
    execute: (args: JsonObject) => {
      runs.push({ ...args });
      return "paid";
    },
  });
  const look = defineTool({ name: "look", description: "", effect: "pure", execute: () => "seen" });
  const backends = RuntimeBackends.inMemory();
  return {
    runs,
    open: (driver, extra = {}) =>
      simRuntime("unused", {
        backends,
        tools: [pay, look, program],
        capabilities: more,
        registered: [createApproval(options)],
        session: (single) => single.sessionId(SESSION).withCapability({ ref: "approval", config }),
        configure: useDriver(driver.descriptor),
        ...extra,
      }),
  };
}

Deno.test("without a host's answer the turn waits for a decision, names the call, and goes on with it", async () => {
  const { open, runs } = world();
  await using runtime = await open(new PlayedDriver(call("pay", { amount: 5 }), texts("done")));
  const waiting = await say(runtime);
  assert.deepEqual([waiting.status, waiting.waitingFor.map(({ arguments: args }) => JSON.stringify(args)), runs], [
    "waiting",
    ['{"amount":5}'],
    [],
  ]);
  const [event] = eventsOf(runtime, "turn.waiting");
  assert.deepEqual(event?.data.calls.map(({ name, needsApproval }) => [name, needsApproval]), [["pay", true]]);
  const decisions = [{ toolCallId: waiting.waitingFor[0]?.id ?? "", approved: true }];
  assert.equal((await runtime.resumeTurn(SESSION, { decisions })).response, "done");
  assert.deepEqual(runs, [{ amount: 5 }]);
});

for (const approved of [true, false]) {
  Deno.test(`a call that waits survives a restart and ${approved ? "runs once" : "is denied"} then`, async () => {
    const { open, runs } = world();
    let id = "";
    {
      await using runtime = await open(new PlayedDriver(call("pay", { amount: 5 })));
      id = (await say(runtime)).waitingFor[0]?.id ?? "";
    }
    await using runtime = await open(new PlayedDriver(texts("done")));
    assert.deepEqual(await runtime.recover(), [], "a waiting turn is not interrupted");
    const decision = { toolCallId: id, approved, ...(approved ? {} : { reason: "too much" }) };
    const result = await runtime.resumeTurn(SESSION, { decisions: [decision] });
    assert.deepEqual([result.response, runs], ["done", approved ? [{ amount: 5 }] : []]);
    const [decided] = eventsOf(runtime, "tool.decided");
    assert.match(decided?.data.toolCallFingerprint ?? "", /^[0-9a-f]{64}$/);
    if (!approved) {
      assert.match(eventsOf(runtime, "tool.completed")[0]?.data.error ?? "", /Denied by the user: too much/);
    }
  });
}

Deno.test("resumeTurn() without a decision keeps waiting for it", async () => {
  const { open, runs } = world();
  await using runtime = await open(new PlayedDriver(call("pay"), texts("done")));
  await say(runtime);
  assert.equal((await runtime.resumeTurn(SESSION, {})).status, "waiting");
  assert.deepEqual(runs, []);
});

Deno.test("a host that answers lets the call run at once, and its decision is stored before the start mark", async () => {
  const asked: string[] = [];
  const { open, runs } = world({
    ask: ({ text }) => {
      asked.push(text);
      return Promise.resolve({ approved: true });
    },
  });
  await using runtime = await open(new PlayedDriver(call("pay", { to: "a\u202eb" }), texts("done")));
  assert.equal((await say(runtime)).response, "done");
  assert.deepEqual([asked, runs.length], [['pay {"to":"a\\u{202e}b"}'], 1]);
  const durable = runtime.events().filter(({ sequence }) => sequence !== undefined).map(({ type }) => type);
  assert.ok(durable.indexOf("tool.decided") < durable.indexOf("tool.started"));
});

const denials: readonly (readonly [string, NonNullable<ApprovalOptions["ask"]>, RegExp])[] = [
  ["says no", () => ({ approved: false, reason: "no money" }), /Denied by the user: no money/],
  ["throws", () => Promise.reject(new Error("broken")), /hook of capability "approval" failed/],
];
for (const [name, ask, told] of denials) {
  Deno.test(`a host that ${name} keeps the call from running`, async () => {
    const { open, runs } = world({ ask });
    await using runtime = await open(new PlayedDriver(call("pay"), texts("done")));
    assert.equal((await say(runtime)).response, "done");
    assert.deepEqual(runs, []);
    assert.match(eventsOf(runtime, "tool.completed")[0]?.data.error ?? "", told);
  });
}

Deno.test("a host that does not answer in time lets the turn wait", async () => {
  const { open, runs } = world({ ask: () => new Promise<undefined>(() => {}) });
  await using runtime = await open(new PlayedDriver(call("pay")), { limits: { hookMs: 20 } });
  assert.equal((await say(runtime)).status, "waiting");
  assert.deepEqual(runs, []);
});

Deno.test("what a hook changes after the approval does not run, also after a wait", async () => {
  const rewriting: Capability = {
    id: "rewriting",
    name: "Rewriting",
    hooks: { preToolUse: () => ({ action: "rewrite", arguments: { amount: 5000 } }) },
  };
  for (const ask of [undefined, () => ({ approved: true })]) {
    const { open, runs } = world(ask === undefined ? {} : { ask }, {}, [rewriting]);
    await using runtime = await open(new PlayedDriver(call("pay", { amount: 5 }), texts("done")));
    let result = await say(runtime);
    if (result.status === "waiting") {
      const decisions = result.waitingFor.map(({ id }) => ({ toolCallId: id, approved: true }));
      result = await runtime.resumeTurn(SESSION, { decisions });
    }
    assert.deepEqual([result.response, runs], ["done", []]);
    assert.match(eventsOf(runtime, "tool.completed")[0]?.data.error ?? "", /not those that were approved/);
  }
});

const policies: readonly (readonly [string, JsonObject, string, string])[] = [
  ["a tool that changes nothing is not asked about", {}, "look", "seen"],
  ["an allowed tool is not asked about", { allow: ["p*"] }, "pay", "paid"],
  ["a denied tool does not run, even if it is allowed too", { allow: ["*"], deny: ["pay"] }, "pay", "forbids pay"],
  ["a tool that is to be asked about waits, even if it changes nothing", { ask: ["look"] }, "look", "waiting"],
  ["a configuration that cannot be read lets no call through", { alow: ["*"] }, "look", "failed"],
];
for (const [name, config, tool, outcome] of policies) {
  Deno.test(name, async () => {
    const { open } = world({}, config);
    await using runtime = await open(new PlayedDriver(call(tool), texts("done")));
    const { status } = await say(runtime);
    const data = eventsOf(runtime, "tool.completed")[0]?.data;
    assert.ok(`${status} ${JSON.stringify(data?.result)} ${data?.error}`.includes(outcome));
  });
}

Deno.test("a denied tool is not offered, not even one of the client", async () => {
  const config = { deny: ["pay", "open_*"] };
  const { open } = world({}, config);
  const driver = new PlayedDriver(texts("done"));
  await using runtime = await open(driver, {
    session: (single) =>
      single.sessionId(SESSION).withCapability({ ref: "approval", config })
        .sessionTool(defineClientTool({ name: "open_door", description: "" })),
  });
  await say(runtime);
  assert.deepEqual(driver.requests[0]?.tools.map(({ name }) => name), ["look", "program"]);
});

const calledByPrograms: readonly (readonly [string, JsonObject, string, RegExp])[] = [
  ["a denied tool", { allow: ["program"], deny: ["pay"] }, "pay", /forbids pay/],
  ["a tool somebody has to be asked about", { allow: ["program"] }, "pay", /"pay" needs approval .* call it directly/],
  [
    "a tool that is to be asked about though it changes nothing",
    { allow: ["program"], ask: ["look"] },
    "look",
    /needs/,
  ],
  ["an allowed tool", { allow: ["program", "pay"] }, "pay", /^paid$/],
  ["a tool that changes nothing", { allow: ["program"] }, "look", /^seen$/],
];

for (const [what, config, name, answer] of calledByPrograms) {
  Deno.test(`a program that calls ${what} gets ${answer.source}`, async () => {
    const { open, runs } = world({ ask: () => assert.fail("nobody can be asked") }, config);
    await using runtime = await open(new PlayedDriver(call("program", { name }), texts("done")));
    assert.equal((await say(runtime)).status, "completed");
    assert.match(String(eventsOf(runtime, "tool.completed")[0]?.data.result), answer);
    assert.equal(runs.length, answer.source === "^paid$" ? 1 : 0);
  });
}

const spawned: readonly (readonly [string, JsonObject, string])[] = [
  ["is denied with the tool it starts", { allow: ["*"], deny: ["pay"] }, "forbids pay"],
  ["waits when the tool it starts has to be asked about", { allow: ["spawn_background"] }, "waiting"],
  ["runs when both are allowed", { allow: ["spawn_background", "pay"] }, "only runs in the foreground"],
];

for (const [what, config, answer] of spawned) {
  Deno.test(`a call of spawn_background ${what}`, async () => {
    const { open } = world({}, config);
    const driver = new PlayedDriver(call("spawn_background", { tool: "pay", args: {} }), texts("done"));
    await using runtime = await open(driver, {
      session: (single) =>
        single.sessionId(SESSION).withCapability({ ref: "approval", config }).withCapability("background_execution"),
    });
    const { status } = await say(runtime);
    const [completed] = eventsOf(runtime, "tool.completed");
    assert.ok(`${status} ${completed?.data.error}`.includes(answer), completed?.data.error);
  });
}

Deno.test("an approved call runs also when it says what it is for", async () => {
  const { open, runs } = world({ ask: () => ({ approved: true }) });
  const driver = new PlayedDriver(call("pay", { human_intent: "pays", amount: 5 }), texts("done"));
  await using runtime = await open(driver, {
    session: (single) => single.sessionId(SESSION).withCapability("human_intent").withCapability("approval"),
  });
  await say(runtime);
  assert.deepEqual(runs, [{ amount: 5 }]);
});

Deno.test("an approved call whose arguments do not fit is not mended: the model is told what is wrong with them", async () => {
  const runs: JsonObject[] = [];
  const strict = defineTool({
    name: "pay_exactly",
    description: "",
    parameters: { type: "object", properties: { amount: { type: "number" } }, required: ["amount"] },
    execute: (args: JsonObject) => {
      runs.push(args);
      return "paid";
    },
  });
  const { open } = world({ ask: () => ({ approved: true }) });
  const driver = new PlayedDriver(call("pay_exactly", { amount: "5" }), texts("done"));
  await using runtime = await open(driver, {
    tools: [strict],
    session: (single) => single.sessionId(SESSION).withCapability("tool_call_repair").withCapability("approval"),
  });
  await say(runtime);
  assert.deepEqual(runs, []);
  const [done] = eventsOf(runtime, "tool.completed");
  assert.match(done?.data.error ?? "", /amount/);
});
