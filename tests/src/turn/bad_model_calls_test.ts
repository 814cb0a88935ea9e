/** Calls a model may make up: each gets exactly one result, and nothing of the host is touched. */

import assert from "node:assert/strict";
import type { ModelEvent } from "../../../src/ports/driver.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { calls, type FaultOptions, faultRuntime, logOf, ofType, SESSION, text, tool } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

const PROTOTYPE_KEYS = Object.getOwnPropertyNames(Object.prototype).sort();

/** Plays one reply of calls to a runtime with the tool `act`, and returns the results in order of the calls. */
async function play(reply: readonly ModelEvent[], options: FaultOptions = {}) {
  const backends = RuntimeBackends.inMemory();
  const ran: unknown[] = [];
  let sent: readonly string[] = [];
  await using runtime = await faultRuntime({
    tools: [tool("act", (args) => void ran.push(args))],
    respond: ({ messages }) => {
      const results = messages.filter((message) => message.role === "tool");
      if (results.length === 0) return reply;
      sent = results.map(({ content }) => content);
      return text("done");
    },
    ...options,
    backends,
  });
  const result = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([result.status, result.response], ["completed", "done"]);
  await assertSession(runtime, backends, { acked: ["go"] });
  const events = await logOf(backends);
  assertPlain(events);
  // The canary: nothing was added to what every object inherits.
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), PROTOTYPE_KEYS);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  const results = ofType(events, "tool.completed").map(({ data }) => data);
  const wanted = reply.filter(({ type }) => type === "tool_call").length;
  assert.deepEqual([results.length, sent.length], [wanted, wanted]);
  return { results, ran, sent, events };
}

const deepText = '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000);

function deep(): JsonValue {
  let value: JsonValue = 1;
  for (let depth = 0; depth < 100_000; depth++) value = { a: value };
  return value;
}

const UNUSABLE: Readonly<Record<string, () => JsonValue>> = {
  "cut off": () => '{"a": 1',
  "prose": () => "I would like to call the tool",
  "two objects": () => '{"a":1}{"b":2}',
  "single quotes": () => "{'a':1}",
  "a trailing comma": () => '{"a":1,}',
  "NaN": () => "NaN",
  "a list as text": () => "[1,2]",
  "a list": () => [1, 2],
  "a string as text": () => '"act"',
  "a number as text": () => "42",
  "a number": () => 42,
  "a boolean": () => true,
  "null as text": () => "null",
  "null": () => null,
  "an object nested 100,000 deep as text": () => deepText,
  "an object nested 100,000 deep": deep,
  "a text of 2 MB": () => `{"a":"${"x".repeat(2 ** 21)}"}`,
};

for (const [what, args] of Object.entries(UNUSABLE)) {
  Deno.test(`arguments that are ${what} get an error result, and the tool does not run`, async () => {
    const { results, ran } = await play(calls(["act", args()], ["act", {}]));
    assert.deepEqual(results.map(({ status }) => status), ["error", "success"]);
    assert.ok((results[0]?.error?.length ?? 0) > 10);
    assert.equal(ran.length, 1);
  });
}

Deno.test("arguments that are no object, parsed by the driver or not, are named as what they are", async () => {
  for (const [args, words] of [[[1, 2], /an array/], [42, /a number/], [true, /a boolean/]] as const) {
    for (const given of [args as JsonValue, JSON.stringify(args)]) {
      const { results } = await play(calls(["act", given]));
      assert.match(results[0]?.error ?? "", words);
    }
  }
});

Deno.test("arguments that are missing, or no JSON at all, get an error result", async () => {
  for (const args of [undefined, 10n, () => 1, Symbol("s"), new Map([["a", 1]]), { a: 10n }, { a: () => 1 }]) {
    const odd: unknown = { type: "tool_call", name: "act", arguments: args };
    const { results } = await play([odd as ModelEvent, ...calls("act")]);
    assert.equal(results.length, 2);
    assert.equal(results[1]?.status, "success");
  }
});

for (const [what, args] of Object.entries({ "empty text": "", "blanks": " \n ", "an empty object": "{}" })) {
  Deno.test(`${what} means no arguments`, async () => {
    const { results, ran } = await play(calls(["act", args]));
    assert.equal(results[0]?.status, "success");
    assert.deepEqual(ran.map((got) => Object.keys(got as object)), [[]]);
  });
}

Deno.test("of a repeated member the last one counts", async () => {
  const { ran } = await play(calls(["act", '{"a":1,"a":2}']));
  assert.equal((ran[0] as { a: number }).a, 2);
});

const POLLUTING = [
  '{"__proto__":{"polluted":1},"a":1}',
  '{"constructor":{"prototype":{"polluted":1}},"a":1}',
  '{"a":{"__proto__":{"polluted":1}}}',
  '{"a":[{"__proto__":{"polluted":1}}]}',
  '{"__proto__":null,"a":1}',
  '{"toString":1,"hasOwnProperty":2,"valueOf":3,"a":1}',
];

for (const args of POLLUTING) {
  Deno.test(`the arguments ${args} change no prototype, also when the tool merges them`, async () => {
    const merged: Record<string, unknown> = {};
    const merge = (into: Record<string, unknown>, from: Record<string, unknown>): void => {
      for (const key of Object.keys(from)) {
        const value = from[key];
        if (typeof value === "object" && value !== null && !Array.isArray(value)) {
          merge((into[key] ??= {}) as Record<string, unknown>, value as Record<string, unknown>);
        } else into[key] = value;
      }
    };
    for (const given of [args, JSON.parse(args) as JsonValue]) {
      const { results } = await play(calls(["act", given]), { tools: [tool("act", (got) => merge(merged, got))] });
      assert.equal(results[0]?.status, "success");
    }
  });
}

const NAMES = [
  "missing",
  "Act",
  "ACT",
  " act",
  "act ",
  "act\u0000",
  "",
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "prototype",
  "a".repeat(10_000),
  "../act",
  "\ud800",
  "undefined",
];

for (const name of NAMES) {
  Deno.test(`a call of ${JSON.stringify(name.slice(0, 20))} gets an error result`, async () => {
    const { results, ran } = await play(calls(name, "act"));
    assert.deepEqual(results.map(({ status }) => status), ["error", "success"]);
    assert.match(results[0]?.error ?? "", /^Tool definition not found: /);
    assert.equal(ran.length, 1);
  });
}

Deno.test("a call without a name gets an error result", async () => {
  for (const name of [undefined, null, 5, {}, ["act"]]) {
    const { results } = await play([
      { type: "tool_call", name, arguments: {} } as unknown as ModelEvent,
      ...calls("act"),
    ]);
    assert.equal(results.length, 2);
  }
});

const IDS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "the same": ["call_1", "call_1", "call_1"],
  "empty": ["", "", ""],
  "missing": [undefined, undefined, undefined],
  "10 kB long": ["i".repeat(10_000), "i".repeat(10_000), "j".repeat(10_000)],
  "NUL": ["\u0000", "a\u0000b", "\u0000"],
  "names of members": ["__proto__", "constructor", "toString"],
  "lone surrogates": ["\ud800", "\udfff", "\ud800\ud800"],
};

for (const [what, ids] of Object.entries(IDS)) {
  Deno.test(`calls whose provider ids are ${what} get ids of the runtime and one result each`, async () => {
    const reply: ModelEvent[] = ids.map((providerCallId, index) => ({
      type: "tool_call",
      name: "act",
      arguments: { index },
      ...(providerCallId === undefined ? {} : { providerCallId }),
    }));
    const { results, ran } = await play([...reply, { type: "done", finishReason: "tool_calls" }]);
    const own = new Set(results.map(({ toolCallId }) => toolCallId));
    assert.equal(own.size, 3);
    for (const id of own) assert.match(id, /^call_[0-9a-f]{32}$/);
    assert.deepEqual(ran.map((args) => (args as { index: number }).index), [0, 1, 2]);
  });
}

Deno.test("provider ids of an earlier reply may come again", async () => {
  const backends = RuntimeBackends.inMemory();
  const call: ModelEvent = { type: "tool_call", name: "act", providerCallId: "same", arguments: {} };
  await using runtime = await faultRuntime({
    tools: [tool("act", () => "ok")],
    respond: (_, __, count) => count < 4 ? [call, { type: "done", finishReason: "tool_calls" }] : text("done"),
    backends,
  });
  assert.equal((await runtime.runTurn(SESSION, "go")).toolCallsCount, 3);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("of 1,000 calls in one reply 256 run, the others are refused, and each has one result", async () => {
  const { results, ran, sent } = await play(calls(...Array<string>(1_000).fill("act")));
  assert.equal(ran.length, 256);
  const refused = results.filter(({ error }) => error?.startsWith("not executed: at most 256 calls"));
  assert.deepEqual([refused.length, sent.length], [744, 1_000]);
});

Deno.test("a model that calls for ever stops at the iteration limit, with every call answered", async () => {
  const backends = RuntimeBackends.inMemory();
  let ran = 0;
  await using runtime = await faultRuntime({
    tools: [tool("act", () => ran++)],
    respond: () => calls("act", "act"),
    session: (single) => void single.sessionMaxIterations(3),
    backends,
  });
  const result = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([result.stopReason, result.iterations, ran], ["max_turn_requests", 3, 4]);
  await assertSession(runtime, backends, { acked: ["go"] });
  const errors = ofType(await logOf(backends), "tool.completed").map(({ data }) => data.error);
  assert.deepEqual(errors.slice(-2), Array(2).fill("not executed: iteration limit"));
});

Deno.test("a reply of calls to unknown tools only still gets a result for each", async () => {
  const { results } = await play(calls("a", "b", "c"));
  assert.equal(results.length, 3);
});
