/** The retry decision: waits, jitter, provider hints, time budget. */

import assert from "node:assert/strict";
import { DEFAULT_RETRY, ProviderError, type ProviderRetryConfig } from "../../../mod.ts";
import { decideRetry, fraction } from "../../../src/turn/retry.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";

const RETRYABLE = new ProviderError("provider_unavailable", "down", { retryable: true });
const MIDDLE = 0.5;

function wait(tries: number, config: Partial<ProviderRetryConfig> = {}, random = MIDDLE, error: unknown = RETRYABLE) {
  const decision = decideRetry({ error, tries, elapsedMs: 0 }, { ...DEFAULT_RETRY, maxRetries: 99, ...config }, random);
  return decision.type === "retry" ? decision.waitMs : decision.error;
}

function asking(retryAfterMs: number): ProviderError {
  return new ProviderError("provider_rate_limited", "slow down", { retryable: true, retryAfterMs });
}

Deno.test("the default is two retries from 1 s, doubling up to 60 s, 25 % jitter", () => {
  assert.deepEqual({ ...DEFAULT_RETRY }, {
    maxRetries: 2,
    initialBackoffMs: 1000,
    maxBackoffMs: 60_000,
    multiplier: 2,
    jitter: 0.25,
  });
});

Deno.test("decideRetry() grows the wait by the multiplier up to its maximum", () => {
  assert.deepEqual([1, 2, 3, 7, 50].map((tries) => wait(tries)), [1000, 2000, 4000, 60_000, 60_000]);
});

Deno.test("decideRetry() makes the wait up to a quarter shorter or longer", () => {
  assert.equal(wait(1, {}, 0), 750);
  assert.equal(wait(1, {}, 1 - 2 ** -32), 1250);
  assert.equal(wait(1, { jitter: 0 }, 0), 1000);
});

Deno.test("decideRetry() takes the provider's hint as it is, without jitter", () => {
  assert.equal(wait(1, {}, 0, asking(7)), 7);
  assert.equal(wait(1, {}, 0, asking(0)), 0);
  assert.equal(wait(1, {}, 0, asking(60_000)), 60_000);
});

Deno.test("decideRetry() passes over a hint that is too long or negative", () => {
  assert.equal(wait(1, {}, MIDDLE, asking(60_001)), 1000);
  assert.equal(wait(1, {}, MIDDLE, asking(-5)), 1000);
});

Deno.test("decideRetry() gives up on anything but a retryable provider error", () => {
  const permanent = new ProviderError("provider_rejected_request", "no");
  assert.equal(wait(1, {}, MIDDLE, permanent), permanent);
  const foreign = new TypeError("bug");
  assert.equal(wait(1, {}, MIDDLE, foreign), foreign);
});

Deno.test("decideRetry() gives up after the allowed number of retries", () => {
  const config = { ...DEFAULT_RETRY, maxRetries: 2 };
  const decide = (tries: number) => decideRetry({ error: RETRYABLE, tries, elapsedMs: 0 }, config, MIDDLE).type;
  assert.deepEqual([decide(1), decide(2), decide(3)], ["retry", "retry", "fail"]);
});

Deno.test("decideRetry() gives up when tries and wait together exceed the time budget", () => {
  const config = { ...DEFAULT_RETRY, maxElapsedMs: 5000, jitter: 0 };
  const decide = (elapsedMs: number) => decideRetry({ error: RETRYABLE, tries: 1, elapsedMs }, config, MIDDLE);
  assert.equal(decide(4000).type, "retry");
  const spent = decide(4001);
  assert.ok(spent.type === "fail" && spent.error instanceof ProviderError);
  assert.match(spent.error.message, /down; the retry time budget of 5000 ms is exhausted/);
  assert.equal(spent.error.cause, RETRYABLE);
});

Deno.test("fraction() is in [0, 1) and repeats with its source", () => {
  const [one, two] = [seededRandom(3), seededRandom(3)];
  for (let i = 0; i < 100; i++) {
    const value = fraction(one);
    assert.ok(value >= 0 && value < 1);
    assert.equal(fraction(two), value);
  }
});
