/** Model streams that misbehave: a failed turn or a retry, never a broken session. */

import assert from "node:assert/strict";
import { ProviderError } from "../../../src/errors.ts";
import { DriverRegistry } from "../../../mod.ts";
import type { DriverDescriptor, ModelEvent } from "../../../src/ports/driver.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { type FaultOptions, faultRuntime, logOf, ofType, type Respond, SESSION } from "../_support/faults.ts";
import { stalls, text, tick, until } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

/** Runs a turn on a model, then one more whose model is well, and checks what both left. */
async function turnOn(respond: Respond, options: FaultOptions = {}) {
  const backends = RuntimeBackends.inMemory();
  let well = false;
  await using runtime = await faultRuntime({
    ...options,
    respond: (...args) => well ? text("well") : respond(...args),
    backends,
  });
  const result = await runtime.runTurn(SESSION, "go");
  const events = await logOf(backends);
  assertPlain(events);
  await assertSession(runtime, backends, { acked: ["go"] });
  well = true;
  assert.equal((await runtime.runTurn(SESSION, "next")).response, "well");
  await assertSession(runtime, backends, { acked: ["go", "next"] });
  return { result, events };
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  "a string": () => "text",
  "undefined": () => undefined,
  "null": () => null,
  "a number": () => 7,
  "a plain object": () => ({ message: "odd" }),
  "an error whose message throws": () =>
    Object.defineProperty(new Error(), "message", {
      get() {
        throw new Error("nested");
      },
    }),
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "an AbortError nobody asked for": () => new DOMException("aborted", "AbortError"),
};

for (const [what, thrown] of Object.entries(THROWN)) {
  for (const when of ["at once", "in the middle", "from stream()"] as const) {
    Deno.test(`a model that throws ${what} ${when} fails the turn`, async () => {
      const { result, events } = await turnOn(
        when === "from stream()"
          ? () => {
            throw thrown();
          }
          : async function* () {
            if (when === "in the middle") yield { type: "text", delta: "par" };
            throw thrown();
          },
      );
      assert.deepEqual([result.status, result.success, result.response], ["failed", false, ""]);
      assert.equal(result.error?.code, "processing_error");
      assert.equal(typeof result.error?.message, "string");
      assert.ok(!JSON.stringify(events).includes('"par"'));
    });
  }
}

/** Streams that are none, or that say things no driver may say. */
const ODD_STREAMS: Readonly<Record<string, unknown>> = {
  "undefined": undefined,
  "a number": 5,
  "an object that cannot be iterated": {},
  "a list with null in it": [null],
  "a list with text in it": ["text"],
  "a text event without text": [{ type: "text" }],
  "a text event with a number": [{ type: "text", delta: 5 }],
  "a thinking event with an object": [{ type: "thinking", delta: {} }],
  "a reasoning item that is none": [{ type: "reasoning_item" }],
  "an image that is none": [{ type: "image" }, { type: "image", image: null }, { type: "done", finishReason: "stop" }],
  "an image of numbers": [{ type: "image", image: { base64: 5, url: {} } }, { type: "done", finishReason: "stop" }],
  "a done event and no more": [{ type: "done" }],
  "an unknown event": [{ type: "surprise" }, { type: "done", finishReason: "stop" }],
  "usage that is no number": [{ type: "done", finishReason: "stop", usage: { inputTokens: "many" } }],
  "a finish reason that is an object": [{ type: "done", finishReason: {} }],
};

for (const [what, stream] of Object.entries(ODD_STREAMS)) {
  Deno.test(`a stream that is ${what} breaks nothing`, async () => {
    const { result } = await turnOn(() => stream as Iterable<ModelEvent>);
    assert.ok(["completed", "failed"].includes(result.status));
    assert.equal(typeof result.response, "string");
    assertPlain(JSON.parse(JSON.stringify(result)));
    assert.ok(Number.isFinite(result.usage.inputTokens));
  });
}

Deno.test("a stream that ends without its terminal event is no answer, however much it said", async () => {
  const { result, events } = await turnOn(() => [{ type: "text", delta: "almost all of it" }]);
  assert.equal(result.error?.code, "provider_unavailable");
  assert.ok(!JSON.stringify(events).includes("almost"));
});

Deno.test("a stream that ends without its terminal event after a call runs no call", async () => {
  const { result, events } = await turnOn(() => [{ type: "tool_call", name: "act", arguments: {} }]);
  assert.equal(result.status, "failed");
  assert.equal(ofType(events, "tool.completed").length, 0);
});

Deno.test("what a stream says after its terminal event is not read", async () => {
  const { result } = await turnOn(() => [
    { type: "text", delta: "all" },
    { type: "done", finishReason: "stop" },
    { type: "text", delta: " too much" },
    { type: "tool_call", name: "act", arguments: {} },
  ]);
  assert.equal(result.response, "all");
});

Deno.test("a stream that fails to clean up after its terminal event still gave its answer", async () => {
  const { result } = await turnOn(async function* () {
    try {
      yield* text("all");
    } finally {
      await Promise.reject(new Error("cannot close"));
    }
  });
  assert.equal(result.response, "all");
});

Deno.test("a stream that never finishes cleaning up after its terminal event still gave its answer", async () => {
  const clock = new FakeClock();
  let asked = 0;
  const turn = turnOn(async function* () {
    asked++;
    try {
      yield* text("all");
    } finally {
      await new Promise(() => {});
    }
  }, { clock, limits: { providerStallMs: 1_000 } });
  await until(() => clock.pending > 0);
  for (let round = 0; round < 5; round++) await tick();
  await clock.advanceAsync(1_300);
  assert.deepEqual([(await turn).result.response, asked], ["all", 1]);
});

Deno.test("a stream with more events than allowed fails the turn", async () => {
  const { result } = await turnOn(function* () {
    for (;;) yield { type: "activity" } as const;
  }, { limits: { maxStreamEvents: 1_000 } });
  assert.deepEqual([result.status, result.error?.code], ["failed", "provider_unavailable"]);
});

for (
  const [what, event] of Object.entries<ModelEvent>({
    text: { type: "text", delta: "x".repeat(1_000) },
    thinking: { type: "thinking", delta: "x".repeat(1_000) },
    "arguments text": { type: "tool_call", name: "act", arguments: "x".repeat(1_000) },
    "arguments": { type: "tool_call", name: "act", arguments: { x: "x".repeat(1_000) } },
    "names of calls": { type: "tool_call", name: "x".repeat(1_000), arguments: {} },
    "ids of calls": { type: "tool_call", name: "act", providerCallId: "x".repeat(1_000), arguments: {} },
    "signatures": { type: "thinking_signature", signature: "x".repeat(20_000) },
    "reasoning items": {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "p", encryptedContent: "x".repeat(1_000) },
    },
  })
) {
  Deno.test(`a reply with more characters of ${what} than allowed fails the turn`, async () => {
    const { result } = await turnOn(function* () {
      for (let count = 0; count < 100; count++) yield event;
      yield { type: "done", finishReason: "stop" };
    }, { limits: { maxReplyCharacters: 10_000 } });
    assert.deepEqual([result.status, result.error?.code], ["failed", "provider_unavailable"]);
  });
}

Deno.test("a silent stream is given up at the stall limit and its signal fires", async () => {
  const clock = new FakeClock();
  const seen = { aborted: 0 };
  const turn = turnOn(stalls([{ type: "text", delta: "par" }], seen), { clock, limits: { providerStallMs: 1_000 } });
  await until(() => clock.pending > 0);
  for (let round = 0; round < 5; round++) await tick();
  await clock.advanceAsync(1_300);
  const { result } = await turn;
  assert.deepEqual([result.error?.code, seen.aborted], ["provider_unavailable", 1]);
});

Deno.test("a stream that says something now and then is not given up at the stall limit", async () => {
  const clock = new FakeClock();
  let say: (() => void) | undefined;
  const turn = turnOn(async function* () {
    for (let count = 0; count < 10; count++) {
      yield { type: "activity" };
      await new Promise<void>((resolve) => say = resolve);
    }
    yield* text("slow but sure");
  }, { clock, limits: { providerStallMs: 1_000 } });
  for (let count = 0; count < 10; count++) {
    await until(() => say !== undefined);
    await clock.advanceAsync(700);
    const go = say;
    say = undefined;
    go?.();
  }
  assert.equal((await turn).result.response, "slow but sure");
});

Deno.test("a stream that never comes to an end is given up at the total limit", async () => {
  const clock = new FakeClock();
  const turn = turnOn(async function* () {
    for (;;) {
      yield { type: "activity" };
      await new Promise<void>((resolve) => clock.setTimer(resolve, 500));
    }
  }, { clock, limits: { providerStallMs: 1_000, providerTotalMs: 10_000 } });
  for (let count = 0; count < 40; count++) await clock.advanceAsync(500);
  assert.equal((await turn).result.error?.code, "provider_unavailable");
});

Deno.test("what a given-up stream still says is not seen", async () => {
  const clock = new FakeClock();
  const late = Promise.withResolvers<void>();
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    respond: async function* (_, __, call) {
      if (call > 1) return yield* text("second");
      await late.promise;
      yield* text("first");
    },
    retry: { maxRetries: 1, initialBackoffMs: 1 },
    limits: { providerStallMs: 1_000 },
    clock,
    backends,
  });
  const turn = runtime.runTurn(SESSION, "go");
  for (let count = 0; count < 10; count++) await clock.advanceAsync(500);
  assert.equal((await turn).response, "second");
  const before = runtime.events().length;
  late.resolve();
  await tick();
  assert.equal(runtime.events().length, before);
  assert.ok(!JSON.stringify(runtime.events()).includes('"first"'));
  await assertSession(runtime, backends, { acked: ["go"] });
});

/** A registry whose only driver is made by a function. */
function registryOf(create: DriverDescriptor["create"]): DriverRegistry {
  return new DriverRegistry().register({ id: "fault", requiresApiKey: false, permissions: () => ({}), create });
}

Deno.test("a driver that is never made fails the turn at a deadline", async () => {
  const clock = new FakeClock();
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    clock,
    backends,
    configure: (builder) => void builder.driverRegistry(registryOf(() => new Promise<never>(() => {}))),
  });
  const turn = runtime.runTurn(SESSION, "go");
  for (let count = 0; count < 10; count++) await clock.advanceAsync(10_000);
  assert.equal((await turn).status, "failed");
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("a driver that cannot be made fails the turn", async () => {
  const error = new ProviderError("provider_misconfigured", "no such region");
  for (
    const create of [() => Promise.reject(error), () => {
      throw error;
    }]
  ) {
    const backends = RuntimeBackends.inMemory();
    await using runtime = await faultRuntime({
      backends,
      configure: (builder) => void builder.driverRegistry(registryOf(create)),
    });
    assert.equal((await runtime.runTurn(SESSION, "go")).error?.code, "provider_misconfigured");
    await assertSession(runtime, backends, { acked: ["go"] });
  }
});
