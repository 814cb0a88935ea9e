/** Token counts of both APIs. */

import type { ModelProfile } from "../../records/model.ts";
import { withEstimate } from "../../kit/provider/cost.ts";
import type { Usage } from "../../records/usage.ts";
import { countOf, type Fields, fieldsOf, isFields } from "../../kit/provider/narrow.ts";

/** The usage of a reply, with an estimate of its cost when there is a price; undefined when the server gave none. */
export function usageOf(value: unknown, price: ModelProfile["price"]): Usage | undefined {
  if (!isFields(value)) return undefined;
  const details = fieldsOf(value["input_tokens_details"] ?? value["prompt_tokens_details"]);
  // DeepSeek counts cache hits beside, not inside, the details.
  const read = countOf(details["cached_tokens"]) ?? countOf(value["prompt_cache_hit_tokens"]);
  const written = countOf(details["cache_write_tokens"]);
  const cost = costOf(value);
  const usage: Usage = {
    inputTokens: countOf(value["input_tokens"]) ?? countOf(value["prompt_tokens"]) ?? 0,
    outputTokens: countOf(value["output_tokens"]) ?? countOf(value["completion_tokens"]) ?? 0,
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheCreationTokens: written }),
    ...(cost === undefined ? {} : { actualCostUsd: cost }),
  };
  return withEstimate(usage, price);
}

/** OpenRouter's price in its credits, which are US dollars; with a key of one's own the provider behind it bills too. */
function costOf(value: Fields): number | undefined {
  const cost = countOf(value["cost"]);
  const upstream = value["is_byok"] === true
    ? countOf(fieldsOf(value["cost_details"])["upstream_inference_cost"])
    : undefined;
  return upstream === undefined ? cost : (cost ?? 0) + upstream;
}
