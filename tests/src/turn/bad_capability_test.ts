/** Capabilities whose functions throw, hang or answer nonsense: a failed turn at worst, never a stuck session. */

import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { Capability, LazyCapability, ModelView } from "../../../src/ports/capability.ts";
import type { EventDataMap } from "../../../src/records/event_data.ts";
import type { Message } from "../../../src/records/message.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { calls, faultRuntime, logOf, ofType, SESSION, text, tick, tool } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

/** Runs a turn under one capability, moving the clock until it is over, and one without it afterwards. */
async function turnUnder(parts: Readonly<Record<string, unknown>>) {
  const backends = RuntimeBackends.inMemory();
  const clock = new FakeClock();
  const bad = { id: "bad", name: "Bad", ...parts } as Capability;
  await using runtime = await faultRuntime({
    capabilities: [bad],
    tools: [tool("act", () => "acted")],
    respond: ({ messages }) => messages.some(({ role }) => role === "tool") ? text("done") : calls("act"),
    clock,
    backends,
  });
  const turn = runtime.runTurn(SESSION, "go").then((result) => ({ result, error: undefined }), (error: unknown) => ({
    result: undefined,
    error,
  }));
  let over = false;
  turn.finally(() => over = true);
  for (let round = 0; round < 200 && !over; round++) {
    await tick();
    if (round > 20) await clock.advanceAsync(10_000);
  }
  const { result, error } = await turn;
  assertPlain(await logOf(backends));
  const acked = result === undefined ? [] : ["go"];
  await assertSession(runtime, backends, { acked });
  assert.equal(await runtime.status(SESSION), result === undefined ? "started" : "idle");
  // The same session with a sound configuration goes on.
  await using next = await faultRuntime({ backends });
  assert.equal((await next.runTurn(SESSION, "next")).response, "ok");
  await assertSession(next, backends, { acked: [...acked, "next"] });
  return { result, error };
}

const broken = (): never => {
  throw new Error("broken");
};
const never = (): Promise<never> => new Promise(() => {});

const TEXTS: Readonly<Record<string, () => unknown>> = {
  "throws": broken,
  "throws undefined": () => {
    const nothing: unknown = undefined;
    throw nothing;
  },
  "rejects": () => Promise.reject(new Error("broken")),
  "never answers": never,
  "answers a number": () => 5,
  "answers an object": () => ({ text: "no" }),
};

for (const [what, answer] of Object.entries(TEXTS)) {
  for (const member of ["systemPrompt", "facts"]) {
    Deno.test(`a capability whose ${member} function ${what} fails the turn with a result`, async () => {
      const { result } = await turnUnder({ [member]: answer });
      assert.deepEqual([result?.status, result?.error?.code], ["failed", "processing_error"]);
    });
  }
}

for (const member of ["systemPrompt", "facts"]) {
  Deno.test(`a turn that fails with a capability's ${member} names both`, async () => {
    const { result } = await turnUnder({ [member]: broken });
    assert.match(result?.error?.message ?? "", new RegExp(`^${member} of capability "\\w+" failed: `));
  });
}

for (const [what, answer] of Object.entries({ "answers nothing": undefined, "answers blanks": "  \n" })) {
  for (const member of ["systemPrompt", "facts"]) {
    Deno.test(`a capability whose ${member} function ${what} adds nothing`, async () => {
      assert.equal((await turnUnder({ [member]: () => answer })).result?.response, "done");
    });
  }
}

const VIEWS: Readonly<Record<string, () => unknown>> = {
  "throws": broken,
  "rejects": () => Promise.reject("no"),
  "never answers": never,
  "answers a number": () => 5,
  "answers a list of nothing": () => [null],
  "answers a message without content": () => [{ role: "user" }],
};

for (const [what, apply] of Object.entries(VIEWS)) {
  Deno.test(`a capability whose model view ${what} fails the turn with a result`, async () => {
    const { result } = await turnUnder({ modelView: { priority: 1, apply } });
    assert.deepEqual([result?.status, result?.error?.code], ["failed", "processing_error"]);
  });
}

Deno.test("a capability whose model view changes the list it is given changes nothing for later requests", async () => {
  const sent: number[] = [];
  const vandal: ModelView["apply"] = (messages) => {
    const list = messages as Message[];
    return list.reverse().splice(0, 1);
  };
  const views = [vandal, vandal, (messages: readonly Message[]) => messages];
  await using runtime = await faultRuntime({
    capabilities: [{
      id: "bad",
      name: "Bad",
      modelView: { priority: 1, apply: (...told) => views.shift()?.(...told) ?? told[0] },
    }],
    respond: ({ messages }) => {
      sent.push(messages.length);
      return text("ok");
    },
  });
  for (const input of ["one", "two", "three"]) await runtime.runTurn(SESSION, input);
  assert.deepEqual(sent, [1, 1, 5]);
});

/** Functions that are called when the configuration is put together. */
const CONFIGURATION: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "tools function throws": { tools: broken },
  "tools function answers nothing": { tools: () => undefined },
  "tools function answers a list of nothing": { tools: () => [null] },
  "tools function answers tools without a definition": { tools: () => [{ execute: () => 1, parse: () => 1 }] },
  "tools function answers a promise": { tools: () => Promise.resolve([]) },
  "resolveForModel throws": { resolveForModel: broken },
  "promptCacheKey throws": { promptCacheKey: broken },
  "messageFilter throws": { messageFilter: broken },
  "messageFilter answers nothing": { messageFilter: () => undefined },
  "messageFilter answers nonsense": { messageFilter: () => ({ limit: "many", keepHead: -5 }) },
  "narrate throws": { narrate: broken },
  "narrate answers a number": { narrate: () => 5 },
  "narrate rejects": { narrate: () => Promise.reject(new Error("broken")) },
};

for (const [what, parts] of Object.entries(CONFIGURATION)) {
  Deno.test(`a capability whose ${what} leaves no session stuck`, async () => {
    const { result, error } = await turnUnder(parts);
    if (result === undefined) assert.ok(error instanceof RuntimeError, `${String(error)} is no RuntimeError`);
    else assert.ok(["completed", "failed"].includes(result.status));
  });
}

/** A turn of a session that switches on a capability whose import does something. */
async function turnWithLazy(load: () => Promise<unknown>) {
  const backends = RuntimeBackends.inMemory();
  const clock = new FakeClock();
  const lazy = { id: "lazy_one", name: "Lazy", load } as LazyCapability;
  const runtime = await faultRuntime({ backends, clock, configure: (builder) => void builder.capability(lazy) });
  const session = await backends.slots.sessionStore.getSession(SESSION);
  await backends.slots.sessionStore.addSession({ ...session!, capabilities: [{ ref: "lazy_one" }], updatedAt: 9e12 });
  return { runtime, backends, clock };
}

for (
  const [what, load] of Object.entries<() => Promise<unknown>>({
    "rejects": () => Promise.reject(new Error("no such module")),
    "gives nothing": () => Promise.resolve(undefined),
    "gives another capability": () => Promise.resolve({ id: "other", name: "Other" }),
    "throws": broken,
  })
) {
  Deno.test(`a capability whose import ${what} fails the turn and keeps its input`, async () => {
    const { runtime, backends } = await turnWithLazy(load);
    const result = await runtime.runTurn(SESSION, "go");
    assert.equal(result.status, "failed");
    assert.match(result.error?.message ?? "", /Cannot load capability "lazy_one"/);
    await assertSession(runtime, backends, { acked: ["go"] });
    await runtime.close();
  });
}

Deno.test("a capability whose import failed is imported again by the next turn, and guards nothing till then", async () => {
  let tries = 0;
  const guard = {
    id: "lazy_one",
    name: "Lazy",
    hooks: { userPromptSubmit: () => ({ action: "block", reason: "not in this house" }) },
  };
  const { runtime } = await turnWithLazy(() =>
    ++tries === 1 ? Promise.reject(new Error("offline")) : Promise.resolve(guard)
  );
  // The guard could not be asked: the prompt must not reach the model, also not when the import works by then.
  assert.equal((await runtime.runTurn(SESSION, "go")).error?.code, "processing_error");
  assert.equal((await runtime.runTurn(SESSION, "go")).error?.code, "blocked_by_hook");
  assert.ok(!runtime.events().some(({ type }) => type === "output.message.started"));
  await runtime.close();
});

Deno.test("a turn whose capability is imported for ever can be cancelled, and ends at a deadline", async () => {
  const { runtime, backends, clock } = await turnWithLazy(never);
  const cancelled = runtime.startTurn(SESSION, "go");
  for (let round = 0; round < 5; round++) await tick();
  cancelled.cancel();
  assert.equal((await cancelled.result).status, "cancelled");
  assert.deepEqual(await logOf(backends), []);
  const late = runtime.runTurn(SESSION, "go");
  for (let round = 0; round < 20; round++) await clock.advanceAsync(10_000);
  assert.equal((await late).status, "failed");
  await assertSession(runtime, backends, { acked: ["go"] });
  await runtime.close();
});

Deno.test("a capability may be an object of a class: its functions are called as its methods", async () => {
  class Polite {
    readonly id = "polite";
    readonly name = "Polite";
    readonly #word: string = "please";
    systemPrompt(): string {
      return `Say ${this.#word}.`;
    }
    facts(): string {
      return `The word is ${this.#word}.`;
    }
    parallelToolCalls(): boolean {
      return this.#word === "";
    }
    errorDisclosure(): "detailed" | "generic" {
      return this.#word === "please" ? "detailed" : "generic";
    }
  }
  await using runtime = await faultRuntime({ capabilities: [new Polite()] });
  const { runtimeAgent, facts, config } = await runtime.loadContext(SESSION);
  assert.match(runtimeAgent.systemPrompt, /Say please\./);
  assert.equal(facts, "The word is please.");
  assert.deepEqual([runtimeAgent.parallelToolCalls, config.errorDisclosure], [false, "detailed"]);
});

Deno.test("what a capability records is stored as JSON, whatever it is", async () => {
  const cycle: Record<string, unknown> = { big: 10n };
  cycle["self"] = cycle;
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    backends,
    capabilities: [defineCapability({
      id: "teller",
      name: "Teller",
      hooks: {
        beforeModelCall: ({ turn }) => {
          turn.record("budget.warning", cycle as unknown as EventDataMap["budget.warning"]);
          return { action: "proceed" };
        },
      },
    })],
  });
  assert.equal((await runtime.runTurn(SESSION, "go")).status, "completed");
  const [warning] = ofType(await logOf(backends), "budget.warning");
  assert.deepEqual(JSON.parse(JSON.stringify(warning?.data)), warning?.data);
});

Deno.test("a capability cannot record events that are the runtime's", async () => {
  const backends = RuntimeBackends.inMemory();
  const thrown: unknown[] = [];
  await using runtime = await faultRuntime({
    backends,
    capabilities: [defineCapability({
      id: "forger",
      name: "Forger",
      hooks: {
        beforeModelCall: ({ turn }) => {
          try {
            turn.record("input.message" as "budget.warning", {} as EventDataMap["budget.warning"]);
          } catch (error) {
            thrown.push(error);
          }
          return { action: "proceed" };
        },
      },
    })],
  });
  await runtime.runTurn(SESSION, "go");
  assert.match(String(thrown[0]), /^TypeError: Cannot record "input.message"/);
  assert.equal(ofType(await logOf(backends), "input.message").length, 1);
});

Deno.test("a capability that changes the turn's list of messages changes nothing for later requests", async () => {
  const sent: number[] = [];
  const lengths: number[] = [];
  await using runtime = await faultRuntime({
    capabilities: [defineCapability({
      id: "vandal",
      name: "Vandal",
      hooks: {
        beforeModelCall: ({ turn }) => {
          lengths.push(turn.messages.length);
          assert.throws(() => (turn.messages as unknown[]).pop());
          return { action: "proceed" };
        },
      },
      messageFilter: (query) => ({ ...query, limit: 100 }),
    })],
    respond: ({ messages }) => {
      sent.push(messages.length);
      return text("ok");
    },
  });
  for (const input of ["one", "two"]) await runtime.runTurn(SESSION, input);
  assert.deepEqual([sent, lengths], [[1, 3], [1, 3]]);
});
