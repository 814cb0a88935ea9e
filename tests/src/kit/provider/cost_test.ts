import assert from "node:assert/strict";
import { withEstimate } from "../../../../src/kit/provider/cost.ts";

const PRICE = { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 };

Deno.test("withEstimate() counts cached tokens at their own price and not twice", () => {
  const usage = {
    inputTokens: 1_000_000,
    outputTokens: 100_000,
    cacheReadTokens: 500_000,
    cacheCreationTokens: 200_000,
  };
  assert.equal(withEstimate(usage, PRICE).estimatedCostUsd, 3 + 0.5 + 2.5 + 5);
});

Deno.test("withEstimate() counts cached tokens as plain ones where they have no price of their own", () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0, cacheReadTokens: 500_000 };
  assert.equal(withEstimate(usage, { input: 10, output: 50 }).estimatedCostUsd, 10);
});

Deno.test("withEstimate() leaves usage alone without a price, and where the provider told the cost", () => {
  const usage = { inputTokens: 1, outputTokens: 1 };
  assert.equal(withEstimate(usage, undefined), usage);
  const told = { ...usage, actualCostUsd: 0.5 };
  assert.equal(withEstimate(told, PRICE), told);
});

Deno.test("withEstimate() multiplies the prices of a whole call with a long prompt", () => {
  const price = { input: 2, output: 10, cacheRead: 0.2, longPrompt: { above: 1000, input: 2, output: 1.5 } };
  const cost = (inputTokens: number) =>
    withEstimate({ inputTokens, outputTokens: 100, cacheReadTokens: 500 }, price).estimatedCostUsd;
  assert.equal(cost(1000), (500 * 2 + 500 * 0.2 + 100 * 10) / 1_000_000);
  assert.equal(cost(1001), ((501 * 2 + 500 * 0.2) * 2 + 100 * 10 * 1.5) / 1_000_000);
});
