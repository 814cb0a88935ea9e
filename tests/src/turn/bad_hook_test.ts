/** Hooks that throw, hang or answer nonsense: a guard fails closed, an observer is passed over. */

import assert from "node:assert/strict";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { CapabilityHooks } from "../../../src/ports/capability.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { calls, faultRuntime, logOf, ofType, SESSION, text, tick, tool } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

/** Runs a turn of one call under hooks; a clock is moved until the turn is over. */
async function turnUnder(hooks: Readonly<Record<string, unknown>>, fails = false) {
  const backends = RuntimeBackends.inMemory();
  const clock = new FakeClock();
  const ran: unknown[] = [];
  await using runtime = await faultRuntime({
    capabilities: [defineCapability({ id: "hooked", name: "Hooked", hooks: hooks as CapabilityHooks })],
    tools: [tool("act", (args) => {
      ran.push({ ...args });
      return "acted";
    }, { effect: "at_most_once" })],
    respond: ({ messages }) => {
      if (fails) throw new Error("broken");
      const answer = messages.find(({ role }) => role === "tool");
      return answer?.role === "tool" ? text(answer.content) : calls(["act", { a: 1 }]);
    },
    clock,
    backends,
  });
  const turn = runtime.runTurn(SESSION, "go");
  let over = false;
  turn.finally(() => over = true).catch(() => {});
  for (let round = 0; round < 200 && !over; round++) {
    await tick();
    if (round > 20) await clock.advanceAsync(10_000);
  }
  const result = await turn;
  const events = await logOf(backends);
  assertPlain(events);
  await assertSession(runtime, backends, { acked: ["go"] });
  const warned = ofType(runtime.events(), "runtime.warning").some(({ data }) =>
    data.code === "hook_failed" && HOOK_FAILED.test(data.message)
  );
  // The session goes on with whoever comes next.
  await using next = await faultRuntime({ backends });
  assert.equal((await next.runTurn(SESSION, "next")).response, "ok");
  return { result, ran, events, warned };
}

const HOOK_FAILED = /^Hook \w+ of capability "\w+" failed: /;

const never = (): Promise<never> => new Promise(() => {});

function throws(value: unknown): () => never {
  return () => {
    throw value;
  };
}

/** What no hook may do; `undefined` is an answer for those that need not give one. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  "throws an error": throws(new Error("broken")),
  "throws undefined": throws(undefined),
  "throws a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
  "rejects": () => Promise.reject("no"),
  "never answers": never,
};

const NO_DECISIONS: Readonly<Record<string, () => unknown>> = {
  "answers undefined": () => undefined,
  "answers null": () => null,
  "answers true": () => true,
  "answers text": () => "allow",
  "answers an empty object": () => ({}),
  "answers an unknown action": () => ({ action: "deny" }),
  "resolves to an unknown action": () => Promise.resolve({ action: "Block" }),
};

for (const [what, hook] of Object.entries({ ...FAILURES, ...NO_DECISIONS })) {
  Deno.test(`a userPromptSubmit hook that ${what} lets no prompt through`, async () => {
    const { result, ran, warned } = await turnUnder({ userPromptSubmit: hook });
    assert.deepEqual([result.status, result.error?.code, result.stopReason], ["failed", "blocked_by_hook", "blocked"]);
    assert.deepEqual([ran, warned], [[], true]);
  });

  Deno.test(`a preToolUse hook that ${what} lets no call through`, async () => {
    const { result, ran, warned } = await turnUnder({ preToolUse: hook });
    assert.match(result.response, /^Blocked by a pre_tool_use hook: the hook of capability "hooked" failed$/);
    assert.deepEqual([ran, warned], [[], true]);
  });
}

for (const [what, hook] of Object.entries(FAILURES)) {
  Deno.test(`a postToolUse hook that ${what} leaves the result as it was`, async () => {
    const { result, warned } = await turnUnder({ postToolUse: hook });
    assert.deepEqual([result.response, warned], ["acted", true]);
  });

  Deno.test(`a turnEnd hook that ${what} does not keep the turn from ending`, async () => {
    const { result, warned } = await turnUnder({ turnEnd: hook });
    assert.deepEqual([result.status, result.response, warned], ["completed", "acted", true]);
  });

  Deno.test(`an llmError hook that ${what} leaves the words for the user as they were`, async () => {
    const { result, events, warned } = await turnUnder({ llmError: hook }, true);
    assert.deepEqual([result.status, warned], ["failed", true]);
    assert.equal(ofType(events, "turn.failed")[0]?.data.error, "Something went wrong while answering.");
  });
}

for (const [what, hook] of Object.entries(FAILURES)) {
  if (what === "rejects" || what === "never answers") continue;
  Deno.test(`a toolDefinitions hook that ${what} fails the turn`, async () => {
    const { result } = await turnUnder({ toolDefinitions: hook });
    assert.deepEqual([result.status, result.error?.code], ["failed", "processing_error"]);
  });
}

for (const answer of [undefined, null, 5, "tools", {}, [null], [{ name: 5 }], Promise.resolve([])]) {
  Deno.test(`a toolDefinitions hook that answers ${JSON.stringify(answer) ?? "undefined"} breaks nothing`, async () => {
    const { result } = await turnUnder({ toolDefinitions: () => answer });
    assert.ok(["completed", "failed"].includes(result.status));
  });
}

Deno.test("a turn that fails with a toolDefinitions hook names the capability and what is wrong", async () => {
  for (const [hook, why] of [[() => null, "no list of tools"], [throws(new Error("bang")), "bang"]] as const) {
    const { result } = await turnUnder({ toolDefinitions: hook });
    assert.match(result.error?.message ?? "", /^toolDefinitions of capability "\w+" failed: /);
    assert.ok(result.error?.message.includes(why));
  }
});

Deno.test("a toolDefinitions hook that changes the lists it is given changes nothing for later requests", async () => {
  const seen: (readonly [messages: number, tools: number])[] = [];
  const hook: CapabilityHooks["toolDefinitions"] = (tools, _, messages) => {
    seen.push([messages.length, tools.length]);
    (messages as unknown[]).length = 0;
    (tools as unknown[]).length = 0;
    return tools;
  };
  await using runtime = await faultRuntime({
    capabilities: [{ id: "vandal", name: "Vandal", hooks: { toolDefinitions: hook } }],
    tools: [tool("look", () => "seen")],
  });
  await runtime.runTurn(SESSION, "one");
  await runtime.runTurn(SESSION, "two");
  // Each turn asks when its context is assembled and when its request is built.
  assert.deepEqual(seen, [[1, 1], [1, 1], [3, 1], [3, 1]]);
});

Deno.test("a turnEnd hook that changes the result it is told changes nothing for the caller", async () => {
  const { result } = await turnUnder({
    turnEnd: (told: { response: string; waitingFor: unknown[] }) => {
      told.response = "changed";
      told.waitingFor.push("nothing");
    },
  });
  assert.notEqual(result.response, "changed");
  assert.deepEqual(result.waitingFor, []);
});

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

for (
  const [what, action] of Object.entries({
    "no text": { action: "rewrite" },
    "a number": { action: "rewrite", text: 5 },
    "an object": { action: "rewrite", text: { a: 1 } },
  })
) {
  Deno.test(`a userPromptSubmit hook that rewrites the prompt to ${what} lets no prompt through`, async () => {
    const { result } = await turnUnder({ userPromptSubmit: () => action });
    assert.equal(result.error?.code, "blocked_by_hook");
  });
}

for (
  const [what, args] of Object.entries<unknown>({
    "nothing": undefined,
    "null": null,
    "text": "text",
    "a list": [1],
    "a BigInt": 10n,
    "an object with a BigInt": { a: 10n },
    "a cycle": cyclic,
    "a function": () => 1,
  })
) {
  Deno.test(`a preToolUse hook that rewrites the arguments to ${what} breaks nothing`, async () => {
    const { result, events } = await turnUnder({ preToolUse: () => ({ action: "rewrite", arguments: args }) });
    assert.equal(result.status, "completed");
    assert.equal(ofType(events, "tool.completed").length, 1);
  });
}

for (const reason of [undefined, null, 5, { a: 1 }, 10n]) {
  Deno.test(`a hook that blocks with the reason ${String(reason)} blocks all the same`, async () => {
    const prompt = await turnUnder({ userPromptSubmit: () => ({ action: "block", reason }) });
    assert.equal(prompt.result.error?.code, "blocked_by_hook");
    assert.equal(typeof prompt.result.error?.message, "string");
    const call = await turnUnder({ preToolUse: () => ({ action: "block", reason }) });
    assert.match(call.result.response, /^Blocked by a pre_tool_use hook/);
    assert.deepEqual(call.ran, []);
  });
}

for (
  const [what, result] of Object.entries<unknown>({
    "undefined": undefined,
    "null": null,
    "text": "text",
    "an empty object": {},
    "a result of another call": { toolCallId: "call_x", status: "success", result: "other" },
    "an unknown status": { status: "great", result: 1 },
    "a cycle": { status: "success", result: cyclic },
    "a BigInt": { status: "success", result: 10n },
    "a function": { status: "success", result: () => 1 },
    "an error that is no text": { status: "error", error: { a: 1 } },
    "images that are none": { status: "success", result: 1, images: [10n] },
    "a connection that is none": { status: "error", error: "x", connectionRequired: { provider: 10n, more: cyclic } },
    "a text of 16 MB": { status: "success", result: "x".repeat(2 ** 24) },
  })
) {
  Deno.test(`a postToolUse hook that answers ${what} leaves one plain, bounded result of its call`, async () => {
    const { result: turn, events } = await turnUnder({ postToolUse: () => result });
    assert.equal(turn.status, "completed");
    const [completed] = ofType(events, "tool.completed");
    assert.ok(["success", "error", "timeout", "cancelled", "interrupted"].includes(completed?.data.status ?? ""));
    assert.ok(JSON.stringify(completed).length < 70_000);
  });
}

for (const words of [5, { a: 1 }, 10n, cyclic, ["x"]]) {
  Deno.test(`an llmError hook that answers a ${typeof words} leaves the words for the user as they were`, async () => {
    const { events } = await turnUnder({ llmError: () => words }, true);
    assert.equal(ofType(events, "turn.failed")[0]?.data.error, "Something went wrong while answering.");
  });
}

Deno.test("a hook that changes what it is given changes nothing that is stored", async () => {
  const { events } = await turnUnder({
    userPromptSubmit: (input: { content: { text: string }[] }) => {
      try {
        input.content[0]!.text = "changed";
        input.content.push({ text: "more" });
      } catch {
        // What is frozen cannot be changed.
      }
      return { action: "allow" };
    },
    preToolUse: (call: { arguments: Record<string, unknown> }) => {
      call.arguments["a"] = 2;
      return { action: "allow" };
    },
  });
  assert.ok(JSON.stringify(events).includes('"text":"go"'));
  assert.ok(!JSON.stringify(events).includes("changed"));
  const [message] = ofType(events, "output.message.completed");
  assert.equal(JSON.stringify(message?.data.message.content).includes('"a":1'), true);
});
