/** What tools return is written down as bounded plain JSON, whatever it is. */

import assert from "node:assert/strict";
import { toolFailure, toolSuccess } from "../../../mod.ts";
import type { ImagePart } from "../../../src/records/content.ts";
import type { Event } from "../../../src/records/event.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { calls, faultRuntime, logOf, ofType, type Respond, SESSION, text, tool } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

/** Runs one call and returns its result, and what the model was sent for it. */
async function resultOf(returned: () => unknown): Promise<{ data: CompletedData; sent: string }> {
  const backends = RuntimeBackends.inMemory();
  let sent = "";
  const respond: Respond = ({ messages }) => {
    const answer = messages.find(({ role }) => role === "tool");
    if (answer?.role !== "tool") return calls("act");
    sent = answer.content;
    return text("done");
  };
  await using runtime = await faultRuntime({ tools: [tool("act", returned)], respond, backends });
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "done");
  await assertSession(runtime, backends, { acked: ["go"] });
  const events = await logOf(backends);
  assertPlain(events);
  assert.equal(Object.getOwnPropertyNames(Object.prototype).includes("polluted"), false);
  const [completed] = ofType(events, "tool.completed");
  assert.ok(completed !== undefined);
  return { data: completed.data, sent };
}

type CompletedData = Extract<Event, { type: "tool.completed" }>["data"];

const cycle: Record<string, unknown> = { name: "cycle" };
cycle["self"] = cycle;

class Weird {
  readonly secret = 1;
  toJSON(): never {
    throw new Error("no json");
  }
}

const RETURNED: Readonly<Record<string, readonly [returned: () => unknown, result: unknown]>> = {
  "undefined": [() => undefined, null],
  "null": [() => null, null],
  "NaN": [() => NaN, null],
  "a cycle": [() => cycle, { name: "cycle", self: "[circular]" }],
  "a BigInt": [() => 2n ** 70n, "1180591620717411303424"],
  "a symbol": [() => Symbol("s"), "[symbol]"],
  "a function": [() => () => 1, "[function]"],
  "a Map": [() => new Map([["a", 1]]), { a: 1 }],
  "a Map with odd keys": [() => new Map([[{}, 1]]), [[{}, 1]]],
  "a Set": [() => new Set([1, 2]), [1, 2]],
  "a Date": [() => new Date(0), "1970-01-01T00:00:00.000Z"],
  "an Error": [() => new RangeError("far"), { name: "RangeError", message: "far" }],
  "bytes": [() => new Uint8Array([1, 2, 3]), { type: "Uint8Array", size: 3, base64: "AQID" }],
  "an object whose toJSON throws": [() => new Weird(), "[unreadable]"],
  "an object with a throwing getter": [
    () => ({
      ok: 1,
      get bad(): never {
        throw new Error("getter");
      },
    }),
    { ok: 1, bad: "[unreadable]" },
  ],
  "a promise of a value": [() => Promise.resolve({ a: 1 }), { a: 1 }],
  // deno-lint-ignore no-explicit-any
  "a thenable": [() => ({ then: (resolve: (value: unknown) => void) => resolve("late") }) as any, "late"],
  "an object that looks like an outcome": [() => ({ type: "error", message: "x" }), { type: "error", message: "x" }],
  "a number beyond 2^53": [() => 2 ** 60, 2 ** 60],
  "a lone surrogate and a NUL": [() => "\ud800\u0000", "\ud800\u0000"],
};

for (const [what, [returned, result]] of Object.entries(RETURNED)) {
  Deno.test(`a tool that returns ${what} has a plain JSON result`, async () => {
    const { data } = await resultOf(returned);
    assert.equal(data.status, "success");
    assert.deepEqual(data.result, result);
  });
}

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  "a proxy whose every trap throws": () =>
    new Proxy({}, {
      get() {
        throw new Error("get");
      },
      has() {
        throw new Error("has");
      },
      ownKeys() {
        throw new Error("ownKeys");
      },
      getPrototypeOf() {
        throw new Error("getPrototypeOf");
      },
    }),
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a thenable whose then throws": () => ({
    get then(): never {
      throw new Error("then");
    },
  }),
  "a thenable that rejects": () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject("no") }),
};

for (const [what, returned] of Object.entries(HOSTILE)) {
  Deno.test(`a tool that returns ${what} gets a result, and the turn goes on`, async () => {
    const { data } = await resultOf(returned);
    assert.equal(typeof (data.error ?? data.result), "string");
  });
}

Deno.test("a result with a `__proto__` member pollutes nothing", async () => {
  const { data, sent } = await resultOf(() => JSON.parse('{"__proto__":{"polluted":1},"a":2}'));
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  assert.equal(Reflect.get(data.result as object, "a"), 2);
  assert.ok(sent.includes('"a":2'));
});

Deno.test("a result nested 100,000 deep is cut", async () => {
  const { data, sent } = await resultOf(() => {
    let value: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    return value;
  });
  assert.equal(data.truncated, true);
  assert.ok(sent.length < 1_000);
});

Deno.test("a text of half a gigabyte is cut to the limit, and what was cut off is let go", async () => {
  const { data, sent } = await resultOf(() => "x".repeat(2 ** 29 - 24));
  assert.equal(data.truncated, true);
  assert.ok(sent.length <= 65_536 && sent.length > 60_000);
  assert.match(sent, /\[truncated: \d+ of 536870888 characters\]$/);
});

Deno.test("an object whose JSON would be too long for any text is cut to the limit", async () => {
  const big = "y".repeat(2 ** 28);
  const { data, sent } = await resultOf(() => ({ a: big, b: big, c: big, d: big }));
  assert.equal(data.truncated, true);
  assert.ok(sent.length <= 65_536);
});

Deno.test("a list of ten million items is cut to the limit", async () => {
  const { data, sent } = await resultOf(() => new Array(10_000_000).fill(0));
  assert.equal(data.truncated, true);
  assert.ok(sent.length <= 65_536);
});

Deno.test("a list that claims to be endless is cut to the limit", async () => {
  const endless = new Proxy([], { get: (target, key) => key === "length" ? Infinity : Reflect.get(target, key) ?? 1 });
  const { sent } = await resultOf(() => endless);
  assert.ok(sent.length <= 65_536);
});

Deno.test("the error text of a tool is cut to 8 KiB", async () => {
  const { data } = await resultOf(() => toolFailure("z".repeat(2 ** 26)));
  assert.ok((data.error?.length ?? 0) < 9_000);
  assert.equal(data.status, "error");
});

Deno.test("images beside a result that are no images are plain JSON or left out", async () => {
  const cyclic: Record<string, unknown> = { type: "image", url: "https://x" };
  cyclic["self"] = cyclic;
  for (const images of [[cyclic], [10n], [() => {}], [null], [new Map()]]) {
    const { data } = await resultOf(() => toolSuccess("ok", { images: images as unknown as readonly ImagePart[] }));
    assert.equal(data.result, "ok");
  }
});

Deno.test("what a tool returned may be changed afterwards without changing what is stored", async () => {
  const live = { list: [1] };
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    tools: [tool("act", () => live)],
    respond: ({ messages }) => messages.length > 1 ? text("done") : calls("act"),
    backends,
  });
  await runtime.runTurn(SESSION, "go");
  live.list.push(2);
  assert.deepEqual(ofType(await logOf(backends), "tool.completed")[0]?.data.result, { list: [1] });
});
