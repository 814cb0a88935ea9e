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
