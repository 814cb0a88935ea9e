/** How a simulated model fails, and how its configuration refuses bad arguments. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../../../src/drivers/llmsim/config.ts";
import { llmSimDriver } from "../../../../src/drivers/llmsim/driver.ts";
import type { LlmSimErrorKind } from "../../../../src/drivers/llmsim/failure.ts";
import { ProviderError } from "../../../../src/errors.ts";
import type { ModelEvent } from "../../../../src/ports/driver.ts";
import { ask, askText, driverOf, NEVER, request } from "./_support.ts";

const KINDS: readonly [kind: LlmSimErrorKind, code: string, status: number | undefined, retryable: boolean][] = [
  ["rate_limit", "provider_rate_limited", 429, true],
  ["timeout", "provider_unavailable", 504, true],
  ["invalid_response", "provider_rejected_request", 400, false],
  ["other", "provider_unavailable", 500, true],
  ["transport", "provider_unavailable", undefined, true],
  ["overloaded", "provider_unavailable", 503, true],
  ["authentication", "provider_misconfigured", 401, false],
  ["quota_exhausted", "provider_usage_limit_reached", 429, false],
  ["unsupported_model", "model_unavailable", 404, false],
];

for (const [kind, code, status, retryable] of KINDS) {
  const end = retryable ? "may be retried" : "fails fast";
  Deno.test(`the error kind ${kind} is ${code}, which ${end}, alone and in a script`, async () => {
    for (const config of [LlmSimConfig.error(kind), LlmSimConfig.scripted([{ type: "error", kind }])]) {
      const driver = await driverOf(config);
      await assert.rejects(ask(driver), (error: unknown) => {
        assert.ok(error instanceof ProviderError);
        assert.deepEqual([error.code, error.status, error.retryable], [code, status, retryable]);
        return true;
      });
    }
  });
}

Deno.test("error() with any other text fails with that text and is not retried", async () => {
  await assert.rejects(ask(await driverOf(LlmSimConfig.error("boom"))), {
    name: "ProviderError",
    code: "processing_error",
    message: "boom",
    retryable: false,
  });
});

Deno.test("modelNotAvailable() fails naming the model", async () => {
  await assert.rejects(ask(await driverOf(LlmSimConfig.modelNotAvailable()), { model: "gpt-0" }), {
    code: "model_unavailable",
    message: 'The model "gpt-0" is not available',
    retryable: false,
  });
});

Deno.test("a scripted error carries its message and the wait it asks for, after its text", async () => {
  const driver = await driverOf(
    LlmSimConfig.scripted([{ type: "error", kind: "rate_limit", message: "slow", retryAfterMs: 1500, text: "par" }]),
  );
  const seen: ModelEvent[] = [];
  await assert.rejects(
    (async () => {
      for await (const event of driver.stream(request(), { signal: NEVER })) seen.push(event);
    })(),
    { message: "slow", retryAfterMs: 1500, retryable: true },
  );
  assert.deepEqual(seen, [{ type: "text", delta: "par" }]);
});

Deno.test("a stream that failed has ended", async () => {
  const driver = await driverOf(LlmSimConfig.error("other"));
  const stream = driver.stream(request(), { signal: NEVER })[Symbol.asyncIterator]();
  await assert.rejects(stream.next());
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

Deno.test("an error and then a reply is what a retry sees", async () => {
  const driver = await driverOf(LlmSimConfig.scripted([{ type: "error", kind: "overloaded" }, "fine"]));
  await assert.rejects(ask(driver));
  assert.equal(await askText(driver), "fine");
});

Deno.test("a dropped stream ends after its text without done", async () => {
  const driver = await driverOf(
    LlmSimConfig.scripted([{ type: "stream_drop", text: "half" }, { type: "stream_drop" }]).withToolCalls([{
      name: "t",
    }]),
  );
  assert.deepEqual(await ask(driver), [{ type: "text", delta: "half" }]);
  assert.deepEqual(await ask(driver), []);
});

Deno.test("an empty script or sequence is a configuration error", () => {
  const config = LlmSimConfig.fixed("x");
  const isConfiguration = { name: "ConfigurationError", code: "configuration" };
  assert.throws(() => LlmSimConfig.scripted([]), isConfiguration);
  assert.throws(() => LlmSimConfig.sequence([]), isConfiguration);
  assert.throws(() => config.withToolCallSequence([]), isConfiguration);
});

Deno.test("values out of range are refused with a RangeError", () => {
  const config = LlmSimConfig.fixed("x");
  for (const tokens of [0, -1, 1.5, NaN, Infinity]) assert.throws(() => LlmSimConfig.lorem(tokens), RangeError);
  for (const ms of [-1, NaN, Infinity]) {
    assert.throws(() => config.withResponseDelay(ms), RangeError);
    assert.throws(() => config.withLatency({ firstTokenMs: ms }), RangeError);
    assert.throws(() => config.withLatency({ tokenMs: ms }), RangeError);
  }
  for (const count of [0, 1.5]) assert.throws(() => config.withChunks(count), RangeError);
  assert.throws(() => config.withModel(""), RangeError);
  assert.throws(() => config.withResponseId(""), RangeError);
  assert.throws(() => config.withToolCalls([{ name: "" }]), RangeError);
});

Deno.test("values of the wrong shape are refused with a TypeError", () => {
  const config = LlmSimConfig.fixed("x");
  const circle: Record<string, never> = {};
  Object.assign(circle, { circle });
  const wrong: readonly (() => unknown)[] = [
    () => LlmSimConfig.fixed(foreign(1)),
    () => LlmSimConfig.lorem(foreign("1")),
    () => LlmSimConfig.sequence(foreign("ab")),
    () => LlmSimConfig.sequence(foreign([1])),
    () => LlmSimConfig.error(foreign(undefined)),
    () => LlmSimConfig.scripted(foreign("ab")),
    () => LlmSimConfig.scripted(foreign([null])),
    () => LlmSimConfig.scripted(foreign([{ type: "nonsense" }])),
    () => LlmSimConfig.scripted(foreign([{ type: "assistant" }])),
    () => LlmSimConfig.scripted(foreign([{ type: "tool_calls" }])),
    () => LlmSimConfig.scripted(foreign([{ type: "error", kind: "toString" }])),
    () => LlmSimConfig.scripted(foreign([{ type: "error", kind: "other", message: 1 }])),
    () => config.withToolCalls(foreign([null])),
    () => config.withToolCalls([{ name: "t", arguments: foreign(() => 0) }]),
    () => config.withToolCalls([{ name: "t", arguments: circle }]),
    () => config.withToolCallSequence(foreign([{}])),
    () => config.withConditionalToolCalls(foreign(1), []),
    () => config.withLatency(foreign(null)),
    () => config.withResponseDelay(foreign("1")),
    () => config.withOnExhausted(foreign("stop")),
    () => config.withEffortCapture(foreign({})),
    () => llmSimDriver(foreign({})),
    () => llmSimDriver(foreign(undefined)),
  ];
  for (const make of wrong) assert.throws(make, TypeError, String(make));
});

/** What a caller without a type checker may pass. */
function foreign<T>(value: unknown): T {
  return value as T;
}
