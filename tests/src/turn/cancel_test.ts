/** Cancelling: it reaches everything at once, waits for nobody, and leaves no call open. */

import assert from "node:assert/strict";
import { ProviderError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  logOf,
  ofType,
  type Respond,
  script,
  SESSION,
  stalls,
  text,
  tick,
  tool,
  until,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

async function open(options: FaultOptions = {}) {
  const backends = RuntimeBackends.inMemory();
  const clock = new FakeClock();
  const runtime = await faultRuntime({ clock, ...options, backends });
  return { runtime, backends, clock, [Symbol.asyncDispose]: () => runtime.close() };
}

/** Something that is waited for, and never comes, until it is told to; says when it began. */
class Never<T = never> {
  readonly began = Promise.withResolvers<void>();
  readonly late = Promise.withResolvers<T>();

  wait = (): Promise<T> => {
    this.began.resolve();
    return this.late.promise;
  };
}

/** A capability with one hook. */
function hooked(hooks: NonNullable<Capability["hooks"]>): Capability {
  return defineCapability({ id: "hooked", name: "Hooked", hooks });
}

/** Where a turn can hang, ignoring every signal. */
const HANGS: Readonly<Record<string, (never: Never) => FaultOptions>> = {
  "a model stream that ignores the signal": (never) => ({
    respond: async function* () {
      yield await never.wait();
    },
  }),
  "a tool that ignores the signal": (never) => ({ tools: [tool("act", never.wait)], respond: script(calls("act")) }),
  "one of several tools": (never) => ({
    tools: [
      tool("act", () => new Promise(() => {})),
      tool("look", () => "seen"),
      // The last one to begin: its start is stored first.
      tool("pay", never.wait, { effect: "at_most_once" }),
    ],
    respond: script(calls("look", "act", "pay", "look")),
  }),
  "a tool that others wait for": (never) => ({
    tools: [
      tool("act", never.wait, { concurrencyClass: "one" }),
      tool("look", () => "seen", { concurrencyClass: "one" }),
    ],
    respond: script(calls("act", "look")),
  }),
  "a preToolUse hook": (never) => ({
    capabilities: [hooked({ preToolUse: never.wait })],
    tools: [tool("act", () => "done")],
    respond: script(calls("act")),
  }),
  "a postToolUse hook": (never) => ({
    capabilities: [hooked({ postToolUse: never.wait })],
    tools: [tool("act", () => "done")],
    respond: script(calls("act")),
  }),
  "an llmError hook": (never) => ({
    capabilities: [hooked({ llmError: never.wait })],
    respond: () => {
      throw new Error("broken");
    },
  }),
  "a prompt function": (never) => ({
    capabilities: [defineCapability({ id: "slow", name: "Slow", systemPrompt: never.wait })],
  }),
  "a facts function": (never) => ({
    capabilities: [defineCapability({ id: "slow", name: "Slow", facts: never.wait })],
  }),
  "a model view": (never) => ({
    capabilities: [defineCapability({ id: "slow", name: "Slow", modelView: { priority: 1, apply: never.wait } })],
  }),
};

for (const [what, options] of Object.entries(HANGS)) {
  Deno.test(`cancel() ends a turn that hangs in ${what}, without any time passing`, async () => {
    const never = new Never();
    await using world = await open(options(never));
    const { runtime, backends, clock } = world;
    const handle = runtime.startTurn(SESSION, "go");
    await never.began.promise;
    handle.cancel("enough");
    const result = await handle.result;
    assert.deepEqual([result.status, result.stopReason, result.success], ["cancelled", "cancelled", false]);
    assert.equal(clock.monotonic(), 0);
    assert.equal(clock.pending, 0);
    const before = await logOf(backends);
    assert.equal(ofType(before, "turn.cancelled")[0]?.data.reason, "enough");
    await assertSession(runtime, backends, { acked: ["go"] });
    // What comes late changes nothing.
    never.late.reject(new Error("late"));
    await tick();
    assert.deepEqual(await logOf(backends), before);
    assert.equal(await runtime.status(SESSION), "idle");
  });
}

for (const [what, options] of Object.entries(HANGS)) {
  Deno.test(`the session goes on after a turn was cancelled in ${what}`, async () => {
    const never = new Never();
    const { runtime, backends } = await open(options(never));
    const handle = runtime.startTurn(SESSION, "go");
    await never.began.promise;
    handle.cancel();
    await handle.result;
    await runtime.close();
    await using next = await faultRuntime({ backends });
    assert.equal((await next.runTurn(SESSION, "next")).response, "ok");
    await assertSession(next, backends, { acked: ["go", "next"] });
  });
}

Deno.test("an aborted signal cancels the turn with its reason", async () => {
  const seen = { aborted: 0 };
  await using world = await open({ respond: stalls([{ type: "text", delta: "par" }], seen) });
  const { runtime, backends } = world;
  const controller = new AbortController();
  const handle = runtime.startTurn(SESSION, "go", { signal: controller.signal });
  await until(() => runtime.events().some(({ type }) => type === "output.message.started"));
  controller.abort(new Error("the user left"));
  assert.equal((await handle.result).status, "cancelled");
  assert.equal(ofType(await logOf(backends), "turn.cancelled")[0]?.data.reason, "the user left");
  assert.equal(seen.aborted, 1);
  assert.equal(ofType(await logOf(backends), "output.message.completed").length, 0);
});

Deno.test("the abort signals of the provider stream, the tool and the hook fire when the turn is cancelled", async () => {
  const aborted: string[] = [];
  const note = (what: string, signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.push(what);
        reject(signal.reason);
      });
    });
  const hooks = {
    preToolUse: (_: unknown, __: unknown, context: { signal: AbortSignal }) => note("hook", context.signal),
  };
  const parts: Readonly<Record<string, FaultOptions>> = {
    stream: {
      respond: async function* (_, { signal }) {
        yield await note("stream", signal);
      },
    },
    tool: { tools: [tool("act", (_, { signal }) => note("tool", signal))], respond: script(calls("act")) },
    hook: { capabilities: [hooked(hooks)], tools: [tool("act", () => "done")], respond: script(calls("act")) },
  };
  for (const options of Object.values(parts)) {
    const { runtime } = await open(options);
    const handle = runtime.startTurn(SESSION, "go");
    await until(() => runtime.events().length > 5 || runtime.events().some(({ type }) => type.startsWith("output")));
    for (let round = 0; round < 5; round++) await tick();
    handle.cancel();
    await handle.result;
    await runtime.close();
  }
  assert.deepEqual(aborted, Object.keys(parts));
});

Deno.test("cancel() ends the wait between two tries of a model call", async () => {
  await using world = await open({
    respond: () => {
      throw new ProviderError("provider_unavailable", "busy", { retryable: true });
    },
    retry: { maxRetries: 5 },
  });
  const { runtime, backends, clock } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await until(() => clock.pending > 0 && runtime.events().some(({ type }) => type === "output.message.started"));
  for (let round = 0; round < 5; round++) await tick();
  handle.cancel();
  assert.equal((await handle.result).status, "cancelled");
  assert.equal(clock.monotonic(), 0);
  assert.equal(clock.pending, 0);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("cancel() while a hook looks at the prompt stores nothing", async () => {
  const never = new Never();
  await using world = await open({ capabilities: [hooked({ userPromptSubmit: never.wait })] });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await never.began.promise;
  handle.cancel();
  assert.equal((await handle.result).status, "cancelled");
  await assert.rejects(handle.accepted, { code: "turn_cancelled" });
  assert.deepEqual(await logOf(backends), []);
});

Deno.test("cancel() during a turn-end hook lets the turn end as it was decided", async () => {
  const never = new Never();
  await using world = await open({ capabilities: [hooked({ turnEnd: never.wait })] });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await never.began.promise;
  handle.cancel();
  assert.equal((await handle.result).status, "completed");
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("cancel() after the turn is over is harmless", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  assert.equal((await handle.result).status, "completed");
  handle.cancel();
  handle.cancel();
  assert.equal((await runtime.runTurn(SESSION, "next")).status, "completed");
  assert.equal(await runtime.cancelTurn(SESSION), false);
  await assertSession(runtime, backends, { acked: ["go", "next"] });
});

/** Cancels the turn while a step of a kind is being stored. */
async function cancelDuring(type: string, tools: FaultOptions["tools"], respond: Respond) {
  const backends = RuntimeBackends.inMemory();
  const { turnStore } = backends.slots;
  const own: { runtime?: InProcessRuntime } = {};
  const slow = new Proxy(turnStore, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "compareAndAppend") return member.bind(target);
      return async (...args: Parameters<typeof target.compareAndAppend>) => {
        if (args[0].events.some((event) => event.type === type)) await own.runtime?.cancelTurn(SESSION);
        return await target.compareAndAppend(...args);
      };
    },
  });
  const runtime = own.runtime = await faultRuntime({
    tools: tools ?? [],
    respond,
    backends: backends.withTurnStore(slow),
  });
  const result = await runtime.runTurn(SESSION, "go");
  assert.equal(result.status, "cancelled");
  await assertSession(runtime, backends, { acked: ["go"] });
  await runtime.close();
  return ofType(await logOf(backends), "tool.completed").map(({ data }) => data.error);
}

for (const effect of ["pure", "at_most_once"] as const) {
  for (const step of ["llm.generation", "tool.started"] as const) {
    if (effect === "pure" && step === "tool.started") continue;
    Deno.test(`a ${effect} call is not run when the turn is cancelled while ${step} is stored`, async () => {
      let ran = 0;
      const act = tool("act", () => void ran++, { effect });
      const errors = await cancelDuring(step, [act], script(calls("act", "act"), text("done")));
      assert.equal(ran, 0);
      assert.deepEqual(errors, Array(2).fill("not executed: the turn was cancelled"));
    });
  }
}

Deno.test("the result of a call that was running when the turn was cancelled says that nobody knows", async () => {
  const never = new Never();
  await using world = await open({
    tools: [tool("act", never.wait, { effect: "at_most_once" }), tool("look", () => "seen")],
    respond: script(calls("look", "act")),
  });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  await never.began.promise;
  handle.cancel();
  await handle.result;
  const results = ofType(await logOf(backends), "tool.completed").map(({ data }) => [data.toolName, data.status]);
  assert.deepEqual(results, [["look", "success"], ["act", "cancelled"]]);
  assert.match(ofType(await logOf(backends), "tool.completed")[1]?.data.error ?? "", /outcome unknown/);
});

Deno.test("cancelTurn() right after startTurn() cancels the turn that is about to begin", async () => {
  await using world = await open({ respond: stalls() });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  assert.equal(await runtime.cancelTurn(SESSION, "enough"), true);
  assert.equal((await handle.result).status, "cancelled");
  await assertSession(runtime, backends);
});

Deno.test("a turn that is cancelled while it is stored as waiting does not wait", async () => {
  const backends = RuntimeBackends.inMemory();
  const { turnStore } = backends.slots;
  const own: { cancel?: () => void } = {};
  const slow = new Proxy(turnStore, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "compareAndAppend") return member.bind(target);
      return (...args: Parameters<typeof target.compareAndAppend>) => {
        if (args[0].events.some(({ type }) => type === "turn.waiting")) own.cancel?.();
        return target.compareAndAppend(...args);
      };
    },
  });
  await using runtime = await faultRuntime({
    clientTools: [defineClientTool({ name: "ask", description: "Asks" })],
    respond: script(calls("ask")),
    backends: backends.withTurnStore(slow),
  });
  const handle = runtime.startTurn(SESSION, "go");
  own.cancel = () => handle.cancel();
  const result = await handle.result;
  assert.deepEqual([result.status, result.waitingFor], ["cancelled", []]);
  assert.equal(await runtime.status(SESSION), "idle");
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("cancelTurn() on a resting session says that there was nothing to cancel", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  assert.equal(await runtime.cancelTurn(SESSION), false);
  assert.deepEqual(await logOf(backends), []);
});
