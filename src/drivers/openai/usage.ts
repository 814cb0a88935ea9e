/** Token counts of both APIs. */

import type { Usage } from "../../records/usage.ts";
import { countOf, fieldsOf, isFields } from "../../kit/provider/narrow.ts";

/** The usage of a reply; undefined when the server gave none. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isFields(value)) return undefined;
  const details = fieldsOf(value["input_tokens_details"] ?? value["prompt_tokens_details"]);
  // DeepSeek counts cache hits beside, not inside, the details.
  const read = countOf(details["cached_tokens"]) ?? countOf(value["prompt_cache_hit_tokens"]);
  const written = countOf(details["cache_write_tokens"]);
  // OpenRouter's price in its credits, which are US dollars.
  const cost = countOf(value["cost"]);
  return {
    inputTokens: countOf(value["input_tokens"]) ?? countOf(value["prompt_tokens"]) ?? 0,
    outputTokens: countOf(value["output_tokens"]) ?? countOf(value["completion_tokens"]) ?? 0,
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheCreationTokens: written }),
    ...(cost === undefined ? {} : { actualCostUsd: cost }),
  };
}
