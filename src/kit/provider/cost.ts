/** What a reply costs by the price table. */

import type { ModelProfile } from "../../records/model.ts";
import type { Usage } from "../../records/usage.ts";

/** The usage with an estimate of its cost, when the price is known and the provider reported no cost itself. */
export function withEstimate(usage: Usage, price: ModelProfile["price"]): Usage {
  if (price === undefined || usage.actualCostUsd !== undefined) return usage;
  const read = usage.cacheReadTokens ?? 0;
  const written = usage.cacheCreationTokens ?? 0;
  const { longPrompt } = price;
  const long = longPrompt !== undefined && usage.inputTokens > longPrompt.above ? longPrompt : undefined;
  const plain = Math.max(0, usage.inputTokens - read - written);
  const prompt = plain * price.input + read * (price.cacheRead ?? price.input) +
    written * (price.cacheWrite ?? price.input);
  const millionths = prompt * (long?.input ?? 1) + usage.outputTokens * price.output * (long?.output ?? 1);
  return { ...usage, estimatedCostUsd: millionths / 1_000_000 };
}
