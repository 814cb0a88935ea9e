import assert from "node:assert/strict";
import fc from "fast-check";
import { ProviderError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { DriverDescriptor } from "../../../../src/ports/driver.ts";
import { anthropicDriver, registerDriver } from "../../../../src/drivers/anthropic/mod.ts";
import { assertFailed, collect } from "../../../net/fault_table.ts";
import { bytesOf, rechunk } from "../../../_support/rechunk.ts";
import { streamOf, textStream } from "../openai/canned_fetch.ts";
import { CALLS, messagesEvent, messageStart, TEXT } from "./recordings.ts";
import { driverOver, KEY, requestOf } from "./requests.ts";

for (const recording of [TEXT, CALLS]) {
  const bytes = bytesOf(recording.pieces);

  Deno.test(`"${recording.name}" gives the same events however it is cut and whatever its lines end with`, async () => {
    const bodies = ["\n", "\r\n"].map((end) => bytesOf([recording.pieces.join("").replaceAll("\n", end)]));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 60 }),
        async (body, sizes) => {
          const driver = await driverOver(() => Promise.resolve(streamOf(rechunk(body, sizes))));
          assert.deepEqual(await collect(driver, requestOf()), { events: recording.events });
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  Deno.test(`"${recording.name}" is never complete when it ends after any byte before its last blank line`, async () => {
    let body = bytes;
    const driver = await driverOver(() => Promise.resolve(streamOf([body])));
    for (let length = 0; length < bytes.length; length++) {
      body = bytes.subarray(0, length);
      assertFailed(await collect(driver, requestOf()), { code: "provider_unavailable", retryable: true }, `${length}`);
    }
  });
}

/** Errors that come with status 200, inside the stream. */
const ERRORS: readonly [type: string, message: string, code: string, retryable: boolean][] = [
  ["overloaded_error", "Overloaded", "provider_unavailable", true],
  ["api_error", "Internal server error", "provider_unavailable", true],
  ["timeout_error", "Request timeout", "provider_unavailable", true],
  ["rate_limit_error", "Number of request tokens has exceeded your rate limit", "provider_rate_limited", true],
  ["authentication_error", "invalid x-api-key", "provider_misconfigured", false],
  ["billing_error", "Billing", "provider_usage_limit_reached", false],
  ["request_too_large", "Request exceeds the maximum size", "request_too_large", false],
  ["invalid_request_error", "messages: roles", "provider_rejected_request", false],
];

for (const [type, message, code, retryable] of ERRORS) {
  Deno.test(`an error event of type ${type} fails the call as ${code}`, async () => {
    const event = messagesEvent("error", { error: { type, message } });
    const driver = await driverOver(() => Promise.resolve(textStream(messageStart(), event)));
    assertFailed(await collect(driver, requestOf()), { code, retryable });
  });
}

Deno.test("a reply limit the model does not take is lowered to the one it names, once", async () => {
  const refusal = "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-x";
  const { sent, outcome } = await refusedOnce(refusal, { maxTokens: 128_000 });
  assert.deepEqual(sent.map(({ max_tokens }) => max_tokens), [128_000, 64_000]);
  assert.deepEqual(outcome, { events: TEXT.events });
});

Deno.test("a reply limit that does not fit the context is lowered to what is left of it", async () => {
  const refusal = "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000";
  const { sent } = await refusedOnce(refusal, { maxTokens: 64_000 });
  assert.deepEqual(sent.map(({ max_tokens }) => max_tokens), [64_000, 10_000]);
});

Deno.test("a reply limit that is refused without a number is lowered to 16,384", async () => {
  const { sent } = await refusedOnce("max_tokens is too large", { maxTokens: 64_000 });
  assert.deepEqual(sent.map(({ max_tokens }) => max_tokens), [64_000, 16_384]);
});

Deno.test("a turn that has to begin with thinking, and has none, goes on without", async () => {
  const { sent, outcome } = await refusedOnce(
    "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`." +
      " When `thinking` is enabled, a final `assistant` message must start with a thinking block",
    { model: "claude-sonnet-4-5", reasoningEffort: "low" },
  );
  assert.deepEqual(sent.map(({ thinking }) => thinking !== undefined), [true, false]);
  assert.equal(outcome.thrown, undefined);
});

Deno.test("a reply limit of 16,384 or less is not tried again", async () => {
  const { sent, outcome } = await refusedOnce("input length and `max_tokens` exceed context limit", {
    maxTokens: 9000,
  });
  assert.equal(sent.length, 1);
  assertFailed(outcome, { code: "request_too_large", retryable: false, status: 400 });
});

Deno.test("thinking the provider does not take back is left out, once", async () => {
  const reasoning = [{
    type: "reasoning",
    provider: "anthropic",
    itemId: "thinking:0:0:0:claude-opus-4-6",
    encryptedContent: "c2ln",
  }] as const;
  const { sent, outcome } = await refusedOnce("messages.1.content.0: Invalid `signature` in `thinking` block", {
    messages: [
      ...requestOf().messages,
      { role: "assistant", content: "Hi", toolCalls: [], reasoning },
      ...requestOf().messages,
    ],
  });
  assert.deepEqual(sent.map((body) => JSON.stringify(body).includes("c2ln")), [true, false]);
  assert.deepEqual(outcome, { events: TEXT.events });
});

Deno.test("a server that misses the thinking of calls it did not make goes on without thinking", async () => {
  const { sent, outcome } = await refusedOnce(
    "The `content[].thinking` in the thinking mode must be passed back to the API.",
    { model: "deepseek-v4-pro" },
  );
  assert.deepEqual(sent.map(({ thinking }) => thinking), [undefined, { type: "disabled" }]);
  assert.equal(outcome.thrown, undefined);
});

Deno.test("after thinking of a changed conversation was refused, the API is told to leave it out, until it refuses that", async () => {
  const bound = "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different" +
    ' conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".';
  const refusals = [bound, undefined, undefined, "thinking.block_binding: Extra inputs are not permitted"];
  const sent: [betas: string | null, body: string][] = [];
  const driver = await driverOver((_url, init) => {
    const refusal = refusals[sent.length];
    sent.push([new Headers(init.headers).get("anthropic-beta"), String(init.body)]);
    return Promise.resolve(refusal === undefined ? textStream(...TEXT.pieces) : refusalOf(refusal));
  });
  const model = "claude-opus-5-5";
  const reasoning = [{
    type: "reasoning",
    provider: "anthropic",
    itemId: `thinking:0:0:0:${model}`,
    encryptedContent: "c2ln",
  }] as const;
  const request = requestOf({
    model,
    messages: [
      ...requestOf().messages,
      { role: "assistant", content: "Hi", toolCalls: [], reasoning },
      ...requestOf().messages,
    ],
  });
  for (const _ of [1, 2, 3, 4]) assert.equal((await collect(driver, request)).thrown, undefined);
  assert.deepEqual(
    sent.map(([betas, body]) => [betas, body.includes("drop_block"), body.includes("c2ln")]),
    [
      [null, false, true],
      [null, false, false],
      ["thinking-binding-controls-2026-08-01", true, true],
      ["thinking-binding-controls-2026-08-01", true, true],
      [null, false, false],
      [null, false, true],
    ],
  );
});

Deno.test("a second refusal is final", async () => {
  let count = 0;
  const driver = await driverOver(() => {
    count++;
    return Promise.resolve(refusalOf("max_tokens: 9 > 8, which is the maximum"));
  });
  assertFailed(await collect(driver, requestOf({ maxTokens: 100 })), {
    code: "provider_rejected_request",
    retryable: false,
  });
  assert.equal(count, 2);
});

Deno.test("a missing key fails with Anthropic's own address, and is not sent elsewhere", async () => {
  await assert.rejects(async () => await anthropicDriver().create({}), (error) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "provider_misconfigured");
    assert.match(error.message, /no API key was given \(set apiKey of the model\)/);
    return true;
  });
  let sent: string | null = "";
  const descriptor = anthropicDriver({
    fetch: (_url, init) => {
      sent = new Headers(init.headers).get("x-api-key");
      return Promise.resolve(textStream(...TEXT.pieces));
    },
  });
  await collect(await descriptor.create({ baseUrl: "http://localhost:11434" }), requestOf());
  assert.equal(sent, null);
});

Deno.test("the key is in the request and nowhere else", async () => {
  let sent: string | null = null;
  const driver = await driverOver((_url, init) => {
    sent = new Headers(init.headers).get("x-api-key");
    return Promise.reject(new TypeError(`connection to ${KEY} failed`, { cause: new Error(`os ${KEY}`) }));
  });
  const { thrown } = await collect(driver, requestOf());
  assert.equal(sent, KEY);
  const prepared = driver.prepare(requestOf());
  assert.equal(prepared.headers["x-api-key"], "[secret]");
  for (const value of [thrown, driver, prepared]) {
    assert.ok(!Deno.inspect(value, { depth: 20, showHidden: true }).includes(KEY));
    assert.ok(!JSON.stringify(value).includes(KEY));
  }
});

Deno.test("the base URL may end with the version of the API or not", async () => {
  for (const baseUrl of ["https://gateway.test/a", "https://gateway.test/a/v1", "https://gateway.test/a/v1/"]) {
    const driver = await anthropicDriver().create({ apiKey: new Secret(KEY), baseUrl });
    assert.equal(driver.prepare(requestOf()).url, "https://gateway.test/a/v1/messages");
  }
});

Deno.test(
  "a missing network grant is a failure that names the exact flag and is not retried",
  { permissions: "none" },
  async () => {
    const driver = await anthropicDriver().create({ apiKey: new Secret(KEY) });
    const { thrown } = await collect(driver, requestOf());
    assert.ok(thrown instanceof ProviderError);
    assert.deepEqual([thrown.code, thrown.retryable], ["permission_missing", false]);
    assert.match(thrown.message, /run with --allow-net=api\.anthropic\.com:443\)$/);
  },
);

Deno.test("listModels() gives the names of the models", async () => {
  let asked = "";
  const driver = await driverOver((url, init) => {
    asked = `${init.method} ${url}`;
    return Promise.resolve(Response.json({ data: [{ type: "model", id: "claude-a" }, {}], has_more: false }));
  });
  assert.deepEqual(await driver.listModels?.({ signal: new AbortController().signal }), ["claude-a"]);
  assert.equal(asked, "GET https://api.anthropic.com/v1/models?limit=1000");
});

Deno.test("registerDriver() registers the driver with the permission it needs", () => {
  const drivers: DriverDescriptor[] = [];
  registerDriver({ register: (driver) => drivers.push(driver) });
  const [driver] = drivers;
  assert.deepEqual(drivers.map(({ id }) => id), ["anthropic"]);
  assert.deepEqual(driver?.permissions({}), { net: ["api.anthropic.com:443"] });
  assert.deepEqual(driver?.permissions({ baseUrl: "http://localhost:8080/v1" }), { net: ["localhost:8080"] });
});

function refusalOf(message: string): Response {
  return Response.json({ type: "error", error: { type: "invalid_request_error", message } }, { status: 400 });
}

async function refusedOnce(message: string, members: Parameters<typeof requestOf>[0]) {
  const sent: Record<string, unknown>[] = [];
  const driver = await driverOver((_url, init) => {
    sent.push(JSON.parse(String(init.body)));
    return Promise.resolve(sent.length === 1 ? refusalOf(message) : textStream(...TEXT.pieces));
  });
  return { outcome: await collect(driver, requestOf(members)), sent };
}
