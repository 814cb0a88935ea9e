/** preToolUse and postToolUse hooks. */

import assert from "node:assert/strict";
import { type Capability, type CapabilityHooks, defineTool, type JsonObject, type Tool } from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

function hooked(id: string, hooks: CapabilityHooks, change: Partial<Capability> = {}): Capability {
  return { id, name: id, hooks, ...change };
}

interface Seen {
  readonly runs: JsonObject[];
  readonly tool: Tool;
}

/** A tool that keeps the arguments of its runs. */
function spy(): Seen {
  const runs: JsonObject[] = [];
  const tool = defineTool({
    name: "work",
    description: "",
    parameters: { type: "object", properties: { amount: { type: "number" } }, additionalProperties: false },
    execute: (args) => {
      runs.push({ ...args });
      return "worked";
    },
  });
  return { runs, tool };
}

/** Runs one call `work({ amount: 5 })` under hooks. */
async function underHooks(capabilities: readonly Capability[], options: SimOptions = {}) {
  const { runs, tool } = spy();
  await using sim = await scriptedRuntime([callTools({ name: "work", arguments: { amount: 5 } }), "done"], {
    tools: [tool],
    capabilities,
    ...options,
  });
  const result = await say(sim.runtime);
  assert.equal(result.response, "done");
  const answer = sim.requests[1]?.messages.at(-1);
  assert.ok(answer?.role === "tool");
  return {
    runs,
    content: answer.content,
    isError: answer.isError,
    runtime: sim.runtime,
    data: eventsOf(sim.runtime, "tool.completed")[0]?.data,
    warnings: eventsOf(sim.runtime, "runtime.warning").map(({ data }) => data.message),
    messages: await sim.runtime.messages(sim.runtime.defaultSessionId),
  };
}

Deno.test("a preToolUse hook that blocks gives an error result and the tool does not run", async () => {
  const { content, isError, runs, runtime, data } = await underHooks([
    hooked("guard", { preToolUse: () => ({ action: "block", reason: "too expensive" }) }),
  ]);
  assert.deepEqual([content, isError], ["Blocked by a pre_tool_use hook: too expensive", true]);
  assert.deepEqual(runs, []);
  assert.equal(data?.success, false);
  assert.equal(eventsOf(runtime, "tool.started").length, 0);
});

Deno.test("a preToolUse hook that allows changes nothing", async () => {
  const { content, runs } = await underHooks([hooked("guard", { preToolUse: () => ({ action: "allow" }) })]);
  assert.equal(content, "worked");
  assert.deepEqual(runs, [{ amount: 5 }]);
});

Deno.test("the first preToolUse hook that blocks wins", async () => {
  let asked = 0;
  const count = () => {
    asked++;
    return { action: "allow" } as const;
  };
  const { content } = await underHooks([
    hooked("one", { preToolUse: () => ({ action: "block", reason: "first" }) }),
    hooked("two", { preToolUse: count }),
  ]);
  assert.match(content, /first$/);
  assert.equal(asked, 0);
});

Deno.test("a preToolUse hook that rewrites changes what the tool gets, not what is stored", async () => {
  const { runs, messages } = await underHooks([
    hooked("cap", { preToolUse: () => ({ action: "rewrite", arguments: { amount: 1 } }) }),
  ]);
  assert.deepEqual(runs, [{ amount: 1 }]);
  const call = messages[1]?.content[0];
  assert.ok(call?.type === "tool_call");
  assert.deepEqual({ ...(call.arguments as JsonObject) }, { amount: 5 });
});

Deno.test("a later preToolUse hook sees the rewritten arguments", async () => {
  const seen: unknown[] = [];
  const { runs } = await underHooks([
    hooked("one", { preToolUse: () => ({ action: "rewrite", arguments: { amount: 1 } }) }),
    hooked("two", {
      preToolUse: (call) => {
        seen.push(call.arguments);
        return { action: "rewrite", arguments: { amount: 2 } };
      },
    }),
  ]);
  assert.deepEqual(seen, [{ amount: 1 }]);
  assert.deepEqual(runs, [{ amount: 2 }]);
});

Deno.test("rewritten arguments are checked like the model's own", async () => {
  const { runs, isError, content } = await underHooks([
    hooked("cap", { preToolUse: () => ({ action: "rewrite", arguments: { amount: "lots" } }) }),
  ]);
  assert.deepEqual(runs, []);
  assert.equal(isError, true);
  assert.match(content, /arguments do not fit/);
});

Deno.test("the start mark holds the hash of the arguments the tool really got", async () => {
  const plain = await underHooks([]);
  const rewritten = await underHooks([
    hooked("cap", { preToolUse: () => ({ action: "rewrite", arguments: { amount: 1 } }) }),
  ]);
  const [one] = eventsOf(plain.runtime, "tool.started");
  const [two] = eventsOf(rewritten.runtime, "tool.started");
  assert.match(two?.data.toolCallFingerprint ?? "", /^[0-9a-f]{64}$/);
  assert.notEqual(one?.data.toolCallFingerprint, two?.data.toolCallFingerprint);
});

Deno.test("a call is blocked when its preToolUse hook throws", async () => {
  const { content, isError, runs, warnings } = await underHooks([
    hooked("guard", { preToolUse: () => Promise.reject(new Error("hook broke")) }),
  ]);
  assert.equal(isError, true);
  assert.equal(content.includes("hook broke"), false);
  assert.deepEqual([runs, warnings], [[], ['Hook preToolUse of capability "guard" failed: hook broke']]);
});

Deno.test("a call is blocked when its preToolUse hook does not answer in time", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const mute = hooked("mute", {
    preToolUse: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const running = underHooks([mute], { clock, limits: { hookMs: 1000 } });
  await asked.promise;
  await clock.armed();
  clock.advance(1000);
  const { runs, isError } = await running;
  assert.deepEqual([runs, isError], [[], true]);
});

Deno.test("hooks of a capability that is not available are skipped", async () => {
  const soon = hooked("soon", {
    preToolUse: () => ({ action: "block", reason: "no" }),
    postToolUse: (call) => ({ toolCallId: call.id, status: "success", result: "replaced" }),
  }, { status: "coming_soon" });
  assert.equal((await underHooks([soon])).content, "worked");
});

Deno.test("a preToolUse hook is told call, tool and context", async () => {
  const seen: unknown[] = [];
  const { data, runtime } = await underHooks([
    hooked("spy", {
      preToolUse: (call, tool, context) => {
        seen.push([call.id, call.name, tool.name, context.toolCallId, context.sessionId]);
        return { action: "allow" };
      },
    }),
  ]);
  assert.deepEqual(seen, [[data?.toolCallId, "work", "work", data?.toolCallId, runtime.defaultSessionId]]);
});

Deno.test("a postToolUse hook changes the result that is stored and sent", async () => {
  const { content, data } = await underHooks([
    hooked("redact", { postToolUse: (_, result) => ({ ...result, result: `[${result.result}]` }) }),
  ]);
  assert.equal(content, "[worked]");
  assert.equal(data?.result, "[worked]");
});

Deno.test("postToolUse hooks of all layers run, each on the result of the one before", async () => {
  const wrap = (id: string) =>
    hooked(id, { postToolUse: (_, result) => Promise.resolve({ ...result, result: `${result.result} ${id}` }) });
  const { content } = await underHooks([wrap("harness")], {
    registered: [wrap("agent"), wrap("own_session")],
    session: (single) => single.agent("agent").agentCapability("agent").sessionCapability("own_session"),
  });
  assert.equal(content, "worked harness agent own_session");
});

Deno.test("a postToolUse hook sees errors too, also those of blocked calls", async () => {
  const seen: unknown[] = [];
  await underHooks([
    hooked("guard", { preToolUse: () => ({ action: "block", reason: "no" }) }),
    hooked("log", {
      postToolUse: (_, result) => {
        seen.push(result.status, result.error);
        return result;
      },
    }),
  ]);
  assert.deepEqual(seen, ["error", "Blocked by a pre_tool_use hook: no"]);
});

Deno.test("a postToolUse hook may turn a success into an error", async () => {
  const { content, isError, data } = await underHooks([
    hooked("check", { postToolUse: (call) => ({ toolCallId: call.id, status: "error", error: "not good enough" }) }),
  ]);
  assert.deepEqual([content, isError, data?.success], ["not good enough", true, false]);
});

Deno.test("a postToolUse hook that throws leaves the result as it was", async () => {
  const { content, warnings } = await underHooks([
    hooked("broken", { postToolUse: () => Promise.reject(new Error("hook broke")) }),
  ]);
  assert.equal(content, "worked");
  assert.deepEqual(warnings, ['Hook postToolUse of capability "broken" failed: hook broke']);
});

Deno.test("a postToolUse hook cannot answer another call", async () => {
  const { data, messages } = await underHooks([
    hooked("stray", { postToolUse: (_, result) => ({ ...result, toolCallId: `call_${"0".repeat(32)}` }) }),
  ]);
  const call = messages[1]?.content[0];
  assert.ok(call?.type === "tool_call");
  assert.equal(data?.toolCallId, call.id);
});

Deno.test("the size cap holds also for what a postToolUse hook made of the result", async () => {
  const { data, content } = await underHooks([
    hooked("grow", { postToolUse: (_, result) => ({ ...result, result: "x".repeat(1_000_000) }) }),
  ]);
  assert.equal(data?.truncated, true);
  assert.ok(content.length <= 65_536);
});

Deno.test("a postToolUse hook's result is written down as JSON", async () => {
  const odd: JsonObject = JSON.parse("{}");
  Object.assign(odd, { when: new Date(0) });
  const { data } = await underHooks([hooked("odd", { postToolUse: (_, result) => ({ ...result, result: odd }) })]);
  assert.deepEqual({ ...(data?.result as JsonObject) }, { when: "1970-01-01T00:00:00.000Z" });
});

Deno.test("a postToolUse hook that forgets to return anything leaves the result as it was", async () => {
  const forgetful: CapabilityHooks = Object.assign({}, { postToolUse: () => undefined as never });
  const { data, content } = await underHooks([hooked("forgetful", forgetful)]);
  assert.deepEqual([content, data?.status], ["worked", "success"]);
});
