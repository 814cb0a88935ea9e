import assert from "node:assert/strict";
import { defineTool, type JsonObject } from "../../../mod.ts";
import { createUserHooks, type UserHooksOptions } from "../../../src/capabilities/user_hooks/capability.ts";
import type { UserHookCommand, UserHookPayload } from "../../../src/capabilities/user_hooks/run_hook.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { call, texts } from "../_support/played_driver.ts";
import { eventsOf, say } from "../_support/runtime.ts";
import { guardedRuntime } from "./_guarded_runtime.ts";

/** Runs one call `work({ amount: 5 })` under hooks. */
async function underHooks(
  hooks: readonly JsonObject[],
  options: UserHooksOptions = {},
  more: JsonObject = {},
  clock?: FakeClock,
) {
  const runs: JsonObject[] = [];
  const work = defineTool({
    name: "work",
    description: "",
    parameters: { type: "object" },
    execute: (args: JsonObject) => {
      runs.push({ ...args });
      return "worked";
    },
  });
  await using it = await guardedRuntime([call("work", { amount: 5 }), texts("done")], createUserHooks(options), {
    config: { hooks: [...hooks], ...more },
    tools: [work],
    ...(clock === undefined ? {} : { clock }),
  });
  const result = await say(it.runtime, "hello");
  const data = eventsOf(it.runtime, "tool.completed")[0]?.data;
  const warnings = eventsOf(it.runtime, "runtime.warning").map(({ data }) => data.message);
  return { result, runs, outcome: data?.error ?? data?.result, warnings, requests: it.driver.requests };
}

Deno.test("functions are called at each event with what happened, and nothing means allow", async () => {
  const seen: UserHookPayload[] = [];
  const hooks = ["user_prompt_submit", "pre_tool_use", "post_tool_use", "turn_end"].map((event) => ({
    id: event,
    event,
    function: "see",
  }));
  const { result, runs } = await underHooks(hooks, { functions: { see: (payload) => void seen.push(payload) } });
  assert.deepEqual([result.response, runs], ["done", [{ amount: 5 }]]);
  assert.deepEqual(
    seen.map(({ event, toolName, prompt, result, status }) => [event, toolName, prompt, result, status]),
    [
      ["user_prompt_submit", undefined, "hello", undefined, undefined],
      ["pre_tool_use", "work", undefined, undefined, undefined],
      ["post_tool_use", "work", undefined, "worked", undefined],
      ["turn_end", undefined, undefined, undefined, "completed"],
    ],
  );
});

Deno.test("session_start hooks run before the first prompt of a session only, and cannot block it", async () => {
  const events: string[] = [];
  const see = ({ event }: UserHookPayload) => {
    events.push(event);
    return event === "session_start" ? { decision: "block" as const } : undefined;
  };
  const hooks = ["user_prompt_submit", "session_start"].map((event) => ({ id: event, event, function: "see" }));
  await using it = await guardedRuntime([texts("one"), texts("two")], createUserHooks({ functions: { see } }), {
    config: { hooks },
  });
  assert.equal((await say(it.runtime)).response, "one");
  assert.equal((await say(it.runtime)).response, "two");
  assert.deepEqual(events, ["session_start", "user_prompt_submit", "user_prompt_submit"]);
});

Deno.test("session_end hooks run when the runtime closes, after all others", async () => {
  const events: string[] = [];
  const see = ({ event, sessionId }: UserHookPayload) => void events.push(event, sessionId);
  const hooks = ["session_end", "turn_end"].map((event) => ({ id: event, event, function: "see" }));
  const it = await guardedRuntime([texts("one")], createUserHooks({ functions: { see } }), { config: { hooks } });
  await say(it.runtime);
  const { defaultSessionId: id } = it.runtime;
  assert.deepEqual(events, ["turn_end", id]);
  await it[Symbol.asyncDispose]();
  assert.deepEqual(events, ["turn_end", id, "session_end", id]);
});

Deno.test("a hook blocks a prompt, a call or a result", async () => {
  const block = { functions: { no: () => ({ decision: "block" as const, reason: "not now" }) } };
  const prompt = await underHooks([{ id: "a", event: "user_prompt_submit", function: "no" }], block);
  assert.deepEqual([prompt.result.error?.message, prompt.requests.length], ["not now", 0]);
  const before = await underHooks([{ id: "a", event: "pre_tool_use", function: "no" }], block);
  assert.deepEqual([before.runs, before.outcome], [[], "Blocked by a pre_tool_use hook: not now"]);
  const after = await underHooks([{ id: "a", event: "post_tool_use", function: "no" }], block);
  assert.deepEqual([after.runs.length, after.outcome], [1, "Withheld by a hook: not now"]);
});

Deno.test("hooks change a prompt, arguments and a result; each sees what the one before it made", async () => {
  const amounts: unknown[] = [];
  const functions: UserHooksOptions["functions"] = {
    prompt: ({ prompt }) => ({ decision: "mutate", value: `${prompt}, world` }),
    more: ({ arguments: args }) => {
      amounts.push(args);
      return { decision: "mutate", value: { amount: amounts.length * 10 } };
    },
    result: ({ result }) => ({ decision: "mutate", value: `${result}!` }),
  };
  const { runs, outcome, requests } = await underHooks([
    { id: "a", event: "user_prompt_submit", function: "prompt" },
    { id: "b", event: "pre_tool_use", function: "more" },
    { id: "c", event: "pre_tool_use", function: "more" },
    { id: "d", event: "post_tool_use", function: "result" },
  ], { functions });
  assert.deepEqual([runs, outcome], [[{ amount: 20 }], "worked!"]);
  assert.deepEqual(JSON.parse(JSON.stringify(amounts)), [{ amount: 5 }, { amount: 10 }]);
  assert.match(JSON.stringify(requests[0]?.messages), /hello, world/);
});

Deno.test("a command gets the payload on standard input and answers on standard output", async () => {
  const commands: UserHookCommand[] = [];
  const { runs } = await underHooks([{ id: "a", event: "pre_tool_use", command: "guard.sh", env: ["MODE=strict"] }], {
    spawn: (command) => {
      commands.push(command);
      return Promise.resolve({ code: 0, stdout: '{"decision": "mutate", "value": {"amount": 1}}\n' });
    },
  });
  assert.deepEqual(runs, [{ amount: 1 }]);
  const [{ command, env, stdin, maxOutputBytes } = assert.fail()] = commands;
  assert.deepEqual([command, env.MODE, env.HOOK_EVENT, env.HOOK_TOOL_NAME, maxOutputBytes], [
    "guard.sh",
    "strict",
    "pre_tool_use",
    "work",
    65536,
  ]);
  assert.deepEqual(JSON.parse(stdin).arguments, { amount: 5 });
});

const failures: readonly (readonly [string, UserHooksOptions])[] = [
  ["ends with a code", { spawn: () => Promise.resolve({ code: 3, stdout: "", stderr: "no such file" }) }],
  ["prints no JSON", { spawn: () => Promise.resolve({ code: 0, stdout: "ok" }) }],
  ["answers no decision", { spawn: () => Promise.resolve({ code: 0, stdout: '{"decision": "perhaps"}' }) }],
  ["prints too much", { spawn: () => Promise.resolve({ code: 0, stdout: "x".repeat(70_000) }) }],
  ["cannot be started", { spawn: () => Promise.reject(new Error("denied")) }],
  ["has nobody to run it", {}],
];
for (const [name, options] of failures) {
  Deno.test(`a command that ${name} does as its on_error says`, async () => {
    const hook = { id: "a", event: "pre_tool_use", command: "x" };
    const warned = await underHooks([hook], options);
    assert.equal(warned.runs.length, 1);
    assert.match(warned.warnings.join(), /User hook "a" failed/);
    const silent = await underHooks([{ ...hook, on_error: "allow" }], options);
    assert.deepEqual([silent.runs.length, silent.warnings], [1, []]);
    const blocked = await underHooks([{ ...hook, on_error: "block" }], options);
    assert.equal(blocked.runs.length, 0);
  });
}

Deno.test("a hook that is late is aborted and does as its on_error says", async () => {
  const clock = new FakeClock();
  let signal: AbortSignal | undefined;
  const { runs } = await underHooks(
    [{ id: "a", event: "pre_tool_use", command: "sleep", timeout_ms: 100, on_error: "block" }],
    {
      clock,
      spawn: (command) => {
        signal = command.signal;
        queueMicrotask(() => clock.advance(100));
        return new Promise(() => {});
      },
    },
  );
  assert.deepEqual([runs, signal?.aborted], [[], true]);
});

Deno.test("a result is withheld when hooks that are to block take longer together than the runtime waits", async () => {
  const clock = new FakeClock();
  const slow = (_: UserHookPayload, { signal }: { readonly signal: AbortSignal }): Promise<undefined> =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      clock.setTimer(() => resolve(undefined), 20_000);
      queueMicrotask(() => clock.advance(20_000));
    });
  const hook = { event: "post_tool_use", function: "slow", timeout_ms: 25_000, on_error: "block" };
  const options = { clock, functions: { slow } };
  const { outcome } = await underHooks([{ ...hook, id: "a" }, { ...hook, id: "b" }], options, {}, clock);
  assert.match(String(outcome), /Withheld by a hook: User hook "b" failed: no answer within 9000 ms/);
});

const matchers: readonly (readonly [string, JsonObject, boolean])[] = [
  ["another tool", { tools: ["write_*"], function: "no" }, true],
  ["this tool", { tools: ["wo*"], function: "no" }, false],
  ["an argument that matches", { argument: "amount", match: "^5$", function: "no" }, false],
  ["an argument that does not match", { argument: "amount", match: "^6$", function: "no" }, true],
  ["a pattern that denies without running anything", { deny: '"amount":5' }, false],
  ["a pattern that denies something else", { deny: "rm -rf" }, true],
];
for (const [name, hook, runsIt] of matchers) {
  Deno.test(`a blocking hook for ${name} ${runsIt ? "lets the call run" : "stops the call"}`, async () => {
    const functions = { no: () => ({ decision: "block" as const }) };
    const { runs } = await underHooks([{ id: "a", event: "pre_tool_use", ...hook }], { functions });
    assert.equal(runs.length === 1, runsIt);
  });
}

for (const member of ["deny", "match"]) {
  Deno.test(`a pattern for ${member} that cannot be read stops the call, whatever on_error says`, async () => {
    const hook = { id: "a", event: "pre_tool_use", function: "yes", [member]: "(", on_error: "allow" };
    const { runs, outcome } = await underHooks([hook], { functions: { yes: () => undefined } });
    assert.deepEqual(runs, []);
    assert.match(String(outcome), /User hook "a" failed: .*pattern/);
  });
}

for (const [event, value] of [["user_prompt_submit", { text: "hi" }], ["pre_tool_use", "amount"]] as const) {
  Deno.test(`a change of another kind than ${event} takes is a failure of its hook`, async () => {
    const functions = { change: () => ({ decision: "mutate" as const, value }) };
    const hook = { id: "a", event, function: "change" };
    const { runs, requests } = await underHooks([hook], { functions });
    assert.deepEqual(runs, [{ amount: 5 }]);
    assert.match(JSON.stringify(requests[0]?.messages), /hello/);
    const blocked = await underHooks([{ ...hook, on_error: "block" }], { functions });
    assert.deepEqual(blocked.runs, []);
  });
}

Deno.test("a disabled hook does not run", async () => {
  const functions = { no: () => ({ decision: "block" as const }) };
  const hook = { id: "a", event: "pre_tool_use", function: "no" };
  assert.equal((await underHooks([hook], { functions }, { disabled: ["a"] })).runs.length, 1);
});

Deno.test("a configuration that cannot be read lets no prompt through, and validateConfig() says why", async () => {
  const { result, requests } = await underHooks([{ id: "a", event: "sometimes" }]);
  assert.deepEqual([result.success, requests.length], [false, 0]);
  const { validateConfig } = createUserHooks();
  const wrong: readonly (readonly [JsonObject, RegExp])[] = [
    [
      { hooks: [{ id: "a", event: "user_prompt_submit", tools: ["bash"], deny: "x" }] },
      /user_prompt_submit has `tools`/,
    ],
    [{ hooks: [{ id: "a", event: "turn_end", function: "f", match: "x" }] }, /turn_end has `match`/],
    [{}, /`hooks` is missing/],
    [{ hooks: [{ id: "a", event: "turn_end" }] }, /one of `function` and `command`/],
    [{ hooks: [{ id: "a", event: "turn_end", command: "x", timeout_ms: 99 }] }, /timeout_ms/],
    [{ hooks: [{ id: "a", event: "turn_end", command: "x", env: ["A"] }] }, /NAME=value/],
  ];
  for (const [config, problem] of wrong) assert.match(validateConfig?.(config) ?? "", problem);
});
