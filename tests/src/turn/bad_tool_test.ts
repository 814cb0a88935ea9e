/** Tools that misbehave: whatever they throw or return is a result, and the turn goes on. */

import assert from "node:assert/strict";
import { ToolError } from "../../../src/errors.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { calls, type FaultOptions, faultRuntime, logOf, ofType, script } from "../_support/faults.ts";
import { SESSION, text, tick, tool, until } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

/** Runs one call of a tool and checks that nothing was left behind by it. */
async function runTool(act: Tool, options: FaultOptions = {}) {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    tools: [act, tool("look", () => "seen")],
    respond: script(calls("act", "look"), text("done")),
    ...options,
    backends,
  });
  const result = await runtime.runTurn(SESSION, "go");
  assert.deepEqual([result.status, result.response], ["completed", "done"]);
  await assertSession(runtime, backends, { acked: ["go"] });
  const events = await logOf(backends);
  assertPlain(events);
  const results = ofType(events, "tool.completed").map(({ data }) => data);
  assert.equal(results.find(({ toolName }) => toolName === "look")?.result, "seen");
  return {
    ...results.find(({ toolName }) => toolName === "act"),
    warnings: ofType(runtime.events(), "runtime.warning").map(({ data }) => data.message),
  };
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  "a string": () => "text",
  "an empty string": () => "",
  "undefined": () => undefined,
  "null": () => null,
  "a number": () => 42,
  "NaN": () => NaN,
  "a BigInt": () => 10n,
  "a symbol": () => Symbol("s"),
  "a boolean": () => false,
  "a plain object": () => ({ code: 1 }),
  "an object without a prototype": () => Object.create(null),
  "an object whose message throws": () => ({
    get message() {
      throw new Error("nested");
    },
  }),
  "an object whose toString throws": () => ({
    toString() {
      throw new Error("nested");
    },
  }),
  "an error whose message throws": () =>
    Object.defineProperty(new Error(), "message", {
      get() {
        throw new Error("nested");
      },
    }),
  "an error whose message is an object": () => Object.assign(new Error(), { message: { not: "text" } }),
  "a function": () => () => {},
  "a promise": () => Promise.resolve(1),
  "an array": () => [1, [2]],
  "a proxy whose traps throw": () =>
    new Proxy({}, {
      get() {
        throw new Error("get");
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
  "an AbortError": () => new DOMException("aborted", "AbortError"),
  "a RangeError of the engine": () => {
    const deep = (): number => deep() + 1;
    return deep();
  },
  "a ToolError whose message throws": () =>
    Object.defineProperty(new ToolError("x"), "message", {
      get() {
        throw new Error("nested");
      },
    }),
  "a ToolError whose message is no text": () => Object.assign(new ToolError("x"), { message: { not: "text" } }),
};

for (const [what, thrown] of Object.entries(THROWN)) {
  for (const kind of ["throws", "rejects with"] as const) {
    Deno.test(`a tool that ${kind} ${what} gets an error result that hides it`, async () => {
      const fail = (): never => {
        throw thrown();
      };
      const { success, status, error } = await runTool(tool("act", kind === "throws" ? fail : () => Promise.try(fail)));
      assert.deepEqual([success, status], [false, "error"]);
      assert.equal(typeof error, "string");
      assert.match(error ?? "", /^Tool "act" failed with an internal error$/);
    });
  }
}

Deno.test("the message of a ToolError is shown to the model, cut to 8 KiB", async () => {
  const short = await runTool(tool("act", () => Promise.reject(new ToolError("no such city"))));
  assert.equal(short.error, "no such city");
  const long = await runTool(tool("act", () => Promise.reject(new ToolError("x".repeat(100_000)))));
  assert.ok((long.error?.length ?? 0) < 9_000);
});

Deno.test("the message of any other error reaches the host as a warning, not the model", async () => {
  const { error, warnings } = await runTool(tool("act", () => Promise.reject(new Error("password hunter2"))));
  assert.ok(!error?.includes("hunter2"));
  assert.ok(warnings.some((message) => message.includes("hunter2")));
});

/** A tool that does not use `defineTool` and keeps to nothing. */
function rude(parts: Partial<Record<keyof Tool, unknown>>): Tool {
  return { ...tool("act", () => "x"), ...parts } as Tool;
}

const RUDE: Readonly<Record<string, Partial<Record<keyof Tool, unknown>>>> = {
  "whose execute returns undefined": { execute: () => undefined },
  "whose execute returns text": { execute: () => "text" },
  "whose execute resolves to null": { execute: () => Promise.resolve(null) },
  "whose execute returns an unknown outcome": { execute: () => ({ type: "maybe" }) },
  "whose execute returns an error without words": { execute: () => ({ type: "error" }) },
  "whose execute returns an error that is no text": { execute: () => ({ type: "error", message: 5 }) },
  "whose execute returns a revoked proxy": {
    execute: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  },
  "whose parse returns undefined": { parse: () => undefined },
  "whose parse throws": {
    parse: () => {
      const text: unknown = "no";
      throw text;
    },
  },
  "whose parse rejects": { parse: () => Promise.reject(null) },
  "whose parse refuses without words": { parse: () => ({ ok: false }) },
};

for (const [what, parts] of Object.entries(RUDE)) {
  Deno.test(`a tool ${what} gets an error result`, async () => {
    const { success, status, error } = await runTool(rude(parts));
    assert.deepEqual([success, status, typeof error], [false, "error", "string"]);
  });
}

Deno.test("a tool whose execute returns a foreign thenable is waited for", async () => {
  const then = (resolve: (value: unknown) => void): void => resolve({ type: "success", value: 1 });
  const { result } = await runTool(rude({ execute: () => ({ then }) }));
  assert.equal(result, 1);
});

Deno.test("a tool whose narrate throws or returns no text runs all the same", async () => {
  for (const narrate of [() => Promise.reject(new Error("x")).catch(() => 1), () => ({ no: "text" }), () => 5]) {
    const { result, narration } = await runTool(rude({ narrate }));
    assert.equal(result, "x");
    assert.ok(narration === undefined || typeof narration === "string");
  }
});

Deno.test("a tool that never answers gets a timeout result at its deadline, and its late answer is ignored", async () => {
  const clock = new FakeClock();
  const late = Promise.withResolvers<string>();
  let aborted: unknown;
  const act = tool("act", (_, { signal }) => {
    signal.addEventListener("abort", () => aborted = signal.reason);
    return late.promise;
  }, { timeoutMs: 5_000 });
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    tools: [act],
    respond: script(calls("act"), text("done")),
    clock,
    backends,
  });
  const turn = runtime.runTurn(SESSION, "go");
  await until(() => clock.pending > 0);
  for (let round = 0; round < 5; round++) await tick();
  await clock.advanceAsync(4_000);
  assert.equal(ofType(await logOf(backends), "tool.completed").length, 0);
  await clock.advanceAsync(3_000);
  assert.equal((await turn).response, "done");
  const before = await logOf(backends);
  const [completed] = ofType(before, "tool.completed");
  assert.deepEqual([completed?.data.status, completed?.data.error], ["timeout", 'Tool "act" timed out after 5000 ms']);
  assert.ok(aborted instanceof DOMException && aborted.name === "TimeoutError");
  late.resolve("late");
  await tick();
  assert.deepEqual(await logOf(backends), before);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("a tool without a deadline of its own ends at the limit of the runtime", async () => {
  const clock = new FakeClock();
  const turn = runTool(tool("act", () => new Promise(() => {})), { clock, limits: { toolMs: 100 } });
  for (let round = 0; round < 10; round++) await tick();
  await clock.advanceAsync(200);
  assert.equal((await turn).status, "timeout");
});

Deno.test("what a tool reports after its call is over is dropped", async () => {
  let late: (() => void) | undefined;
  const act = tool("act", (_, context) => {
    late = () => {
      context.progress("late");
      context.output("late");
    };
    return "ok";
  });
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ tools: [act], respond: script(calls("act"), text("done")), backends });
  await runtime.runTurn(SESSION, "go");
  const before = runtime.events().length;
  late?.();
  assert.equal(runtime.events().length, before);
});

Deno.test("what a tool reports may be anything", async () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const act = tool("act", (_, context) => {
    for (const odd of [cycle, 10n, () => {}, Symbol("s"), "x".repeat(100_000), null, undefined]) {
      context.progress(odd as string, odd as JsonValue);
      context.output(odd as string, odd as "stdout");
    }
    return "ok";
  });
  assert.equal((await runTool(act)).result, "ok");
});

Deno.test("a tool that changes its arguments changes nothing that is stored or sent", async () => {
  const backends = RuntimeBackends.inMemory();
  const sent: unknown[] = [];
  const vandal = tool("act", (args) => {
    (args["list"] as number[]).push(9);
    args["path"] = "/etc/passwd";
    delete args["keep"];
    return "ok";
  });
  const respond = script(calls(["act", { path: "/a", list: [1], keep: true }]), text("done"));
  await using runtime = await faultRuntime({
    tools: [vandal],
    respond: (request, ...rest) => {
      sent.push(...request.messages.flatMap((message) => message.role === "assistant" ? message.toolCalls : []));
      return respond(request, ...rest);
    },
    backends,
  });
  await runtime.runTurn(SESSION, "go");
  const [message] = ofType(await logOf(backends), "output.message.completed");
  const expected = { path: "/a", list: [1], keep: true };
  const part = message?.data.message.content[0];
  assert.deepEqual(part?.type === "tool_call" && { ...(part.arguments as object) }, expected);
  assert.deepEqual(JSON.parse(JSON.stringify(sent)).map((call: { arguments: unknown }) => call.arguments), [expected]);
});
