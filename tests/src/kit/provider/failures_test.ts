import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { KEY } from "../../drivers/openai/canned_fetch.ts";

const failures = new Failures(new Endpoint("https://a.test/v1", ""), new Redactor([KEY]));

/** Real wordings; those of a row without a body are about its status. */
const REFUSALS: readonly [status: number, body: unknown, code: string, retryable: boolean][] = [
  [
    400,
    error("This model's maximum context length is 128000 tokens.", "context_length_exceeded"),
    "request_too_large",
    false,
  ],
  [400, error("Input exceeds this model's context window. Please adjust your input."), "request_too_large", false],
  [
    400,
    { detail: "This model's maximum context length is 4096 tokens. However, you requested 5000" },
    "request_too_large",
    false,
  ],
  [
    400,
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size",
        type: "exceed_context_size_error",
      },
    },
    "request_too_large",
    false,
  ],
  [400, error("prompt is too long: 210000 tokens > 200000 maximum"), "request_too_large", false],
  [
    400,
    error("input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000, decrease input length"),
    "request_too_large",
    false,
  ],
  [
    400,
    error("Your credit balance is too low to access the Anthropic API."),
    "provider_usage_limit_reached",
    false,
  ],
  [
    400,
    error("You have reached your specified API usage limits. You will regain access on 2026-12-01."),
    "provider_usage_limit_reached",
    false,
  ],
  [
    404,
    { type: "error", error: { type: "not_found_error", message: "model: claude-nope" } },
    "model_unavailable",
    false,
  ],
  [
    400,
    error("Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
    "request_too_large",
    false,
  ],
  [
    400,
    [{ error: { code: 400, message: "The input token count (1200000) exceeds the maximum number of tokens allowed" } }],
    "request_too_large",
    false,
  ],
  [
    429,
    error("Request too large for gpt-5.5 on tokens per min (TPM): Limit 30000, Requested 40000", "rate_limit_exceeded"),
    "request_too_large",
    false,
  ],
  [
    400,
    google(400, "API key not valid. Please pass a valid API key.", [{ reason: "API_KEY_INVALID" }]),
    "provider_misconfigured",
    false,
  ],
  [
    429,
    google(429, "You exceeded your current quota, please check your plan and billing details.", [
      { violations: [{ quotaId: "GenerateContentInputTokensPerModelPerMinute-FreeTier" }] },
    ]),
    "provider_rate_limited",
    true,
  ],
  [
    429,
    google(429, "You exceeded your current quota, please check your plan and billing details.", [
      { violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }, { quotaId: "PerMinute" }] },
    ]),
    "provider_usage_limit_reached",
    false,
  ],
  [404, google(404, "models/gemini-0 is not found for API version v1beta"), "model_unavailable", false],
  [503, google(503, "The model is overloaded. Please try again later."), "provider_unavailable", true],
  [
    404,
    error("The API deployment for this resource does not exist.", "DeploymentNotFound"),
    "model_unavailable",
    false,
  ],
  [
    400,
    {
      error: {
        code: 400,
        message: "Provider returned error",
        metadata: { raw: '{"error":{"message":"prompt is too long: 210000 tokens"}}', provider_name: "Anthropic" },
      },
    },
    "request_too_large",
    false,
  ],
  [413, "<html>Payload Too Large</html>", "request_too_large", false],
  [
    429,
    error("You exceeded your current quota, please check your plan.", "insufficient_quota"),
    "provider_usage_limit_reached",
    false,
  ],
  [402, error("Insufficient credits. Add more using https://openrouter.ai"), "provider_usage_limit_reached", false],
  [429, error("Rate limit reached for gpt-5.5", "rate_limit_exceeded"), "provider_rate_limited", true],
  [401, error("Incorrect API key provided", "invalid_api_key"), "provider_misconfigured", false],
  [403, error("Country not supported", "unsupported_country_region_territory"), "provider_misconfigured", false],
  [
    404,
    error("The model `gpt-9` does not exist or you do not have access to it.", "model_not_found"),
    "model_unavailable",
    false,
  ],
  [403, error("Project does not have access to model", "model_not_found"), "model_unavailable", false],
  [
    403,
    {
      error: {
        code: 403,
        message: 'anthropic/claude-x requires moderation on OpenRouter. Your input was flagged for "violence".',
        metadata: { reasons: ["violence"], flagged_input: "...", provider_name: "Anthropic", model_slug: "claude-x" },
      },
    },
    "provider_rejected_request",
    false,
  ],
  [403, { code: "403", error: "Content violates usage guidelines." }, "provider_rejected_request", false],
  [404, { error: 'model "qwen9" not found, try pulling it first' }, "model_unavailable", false],
  [400, error("qwen/nothing is not a valid model ID"), "model_unavailable", false],
  [404, error("No endpoints found for qwen/old."), "model_unavailable", false],
  [404, "404 page not found", "provider_rejected_request", false],
  [
    400,
    error("Unsupported parameter: 'temperature' is not supported with this model."),
    "provider_rejected_request",
    false,
  ],
  [400, "", "provider_rejected_request", false],
  [418, error("teapot"), "provider_rejected_request", false],
  [500, error("The server had an error"), "provider_unavailable", true],
  [501, error("not implemented"), "provider_rejected_request", false],
  [503, "<html>busy</html>", "provider_unavailable", true],
];

for (const [status, body, code, retryable] of REFUSALS) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  Deno.test(`${status} ${text.slice(0, 90)} is ${code}`, () => {
    const failure = failures.ofResponse(status, new Headers(), text);
    assert.deepEqual([failure.code, failure.retryable, failure.status], [code, retryable, status]);
  });
}

/** What comes inside a stream has no status. */
const STREAMED: readonly [error: unknown, code: string, retryable: boolean][] = [
  [{ code: "server_error", message: "oops" }, "provider_unavailable", true],
  [{ code: "rate_limit_exceeded", message: "slow down" }, "provider_rate_limited", true],
  [{ code: "slow_down", message: "slow down" }, "provider_rate_limited", true],
  [{ type: "service_unavailable_error", code: "server_is_overloaded", message: "busy" }, "provider_unavailable", true],
  [{ code: "content_filter", message: "The response was filtered" }, "provider_rejected_request", false],
  [{ code: "cyber_policy", message: "flagged" }, "provider_rejected_request", false],
  [{ code: "invalid_prompt", message: "flagged" }, "provider_rejected_request", false],
  [{ code: "invalid_base64_image", message: "not an image" }, "provider_rejected_request", false],
  [{ code: "context_length_exceeded", message: "too long" }, "request_too_large", false],
  [{ code: "insufficient_quota", message: "pay" }, "provider_usage_limit_reached", false],
  [{ code: 502, message: "Provider returned error" }, "provider_unavailable", true],
  [{ code: "429", message: "upstream" }, "provider_rate_limited", true],
  [{ type: "overloaded_error", message: "busy" }, "provider_unavailable", true],
  [{ something: "else" }, "provider_unavailable", true],
  ["model runner has unexpectedly stopped", "provider_unavailable", true],
];

for (const [body, code, retryable] of STREAMED) {
  Deno.test(`${JSON.stringify(body)} inside a stream is ${code}`, () => {
    const failure = failures.ofBody(body);
    assert.deepEqual([failure.code, failure.retryable], [code, retryable]);
  });
}

Deno.test("a failure says what could not be done, why, and what to do", () => {
  const headers = new Headers({ "x-request-id": "req_1", "retry-after": "3" });
  const failure = failures.ofResponse(429, headers, JSON.stringify(error("Slow down", "rate_limit_exceeded")));
  assert.equal(failure.message, 'Cannot get a reply from "a.test:443": 429 Slow down (wait and try again)');
  assert.deepEqual(failure.fields, { providerCode: "rate_limit_exceeded", requestId: "req_1" });
  assert.equal(failure.retryAfterMs, 3000);
});

Deno.test("the wait in the words of a rate limit is known inside a stream too", () => {
  const failed = (message: string, code = "rate_limit_exceeded") => failures.ofBody({ code, message }).retryAfterMs;
  assert.equal(
    failed("Rate limit reached for gpt-5.5: Limit 30000, Used 29000. Please try again in 7m12.5s."),
    432_500,
  );
  assert.equal(failed("Please try again in 28ms. Visit https://platform.openai.com"), 28);
  assert.equal(failed("Please try again in 1.5s"), 1500);
  assert.equal(failed("Please try again in 1h0m0s"), 3_600_000);
  assert.equal(failed("Please try again in a while"), undefined);
  assert.equal(failed("Please try again in 5s", "invalid_prompt"), undefined);
});

Deno.test("a lack of credit that says how long it lasts is worth waiting for", () => {
  const body = JSON.stringify(error("Insufficient credits in flight"));
  const failure = failures.ofResponse(402, new Headers({ "retry-after": "2" }), body);
  assert.deepEqual([failure.code, failure.retryable, failure.retryAfterMs], ["provider_rate_limited", true, 2000]);
});

Deno.test("a provider that says not to try again is believed", () => {
  assert.equal(failures.ofResponse(500, new Headers({ "x-should-retry": "false" }), "").retryable, false);
});

Deno.test("a failure holds no more than 2 kB of the provider's words", () => {
  const failure = failures.ofResponse(500, new Headers(), "ü".repeat(50_000));
  assert.ok(new TextEncoder().encode(failure.message).length < 2048 + 200);
});

Deno.test("a failure never contains the key, in whatever spelling it comes back", () => {
  const odd = 'odd"/key=+0123';
  const made = new Failures(new Endpoint("https://a.test/v1", ""), new Redactor([KEY, odd]));
  const spellings = [KEY, odd].flatMap((key) => [key, encodeURIComponent(key), btoa(key), JSON.stringify(key)]);
  for (const spelling of [...spellings, "sk-proj-****************abcd", `Bearer ${"z".repeat(20)}`]) {
    const failure = made.ofResponse(401, new Headers({ "x-request-id": spelling }), `x${"y".repeat(2040)} ${spelling}`);
    const text = `${failure.message} ${JSON.stringify(failure.fields)} ${Deno.inspect(failure)}`;
    assert.ok(!text.includes(spelling), spelling);
  }
});

Deno.test("what the library throws is unwrapped to the failure behind it", () => {
  const inner = failures.unavailable("x");
  const outer = new Error("Connection error.", { cause: new Error("wrapped", { cause: inner }) });
  assert.equal(failures.ofThrown(outer), inner);
});

Deno.test("a malformed event is told from a broken connection", () => {
  assert.match(failures.ofThrown(new SyntaxError("Unexpected token")).message, /it sent an event that is not JSON/);
  const broken = new TypeError("error reading a body from connection");
  assert.match(failures.ofThrown(broken).message, /the connection failed with: error reading a body/);
});

Deno.test("other things thrown while a stream is read are drops", () => {
  for (const thrown of [new SyntaxError("bad"), new TypeError("error reading a body from connection"), "text", null]) {
    const failure = failures.ofThrown(thrown);
    assert.ok(failure instanceof ProviderError);
    assert.deepEqual([failure.code, failure.retryable], ["provider_unavailable", true]);
  }
});

function google(code: number, message: string, details: readonly object[] = []): object {
  return { error: { code, message, status: "SOME_STATUS", details } };
}

function error(message: string, code: string | null = null): object {
  return { error: { message, type: "invalid_request_error", param: null, code } };
}

Deno.test("the wait Google asks for is in the body, and a header wins over it", () => {
  const body = JSON.stringify(google(429, "Slow down", [{ retryDelay: "34.0731s" }, { retryDelay: "1s" }]));
  assert.equal(failures.ofResponse(429, new Headers(), body).retryAfterMs, 34_074);
  assert.equal(failures.ofResponse(429, new Headers({ "retry-after": "2" }), body).retryAfterMs, 2000);
  const odd = JSON.stringify(google(429, "Slow down", [{ retryDelay: "soon" }]));
  assert.equal(failures.ofResponse(429, new Headers(), odd).retryAfterMs, undefined);
});
