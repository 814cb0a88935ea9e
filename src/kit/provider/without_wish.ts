/** Going on without a wish the model or its server cannot fulfil. */

import type { ProviderError } from "../../errors.ts";
import type { ModelRequest } from "../../ports/driver.ts";

type Wish = "reasoningEffort" | "verbosity" | "speed" | "parallelToolCalls" | "temperature";

/** How refusals name what was wished for, in any provider's words. */
const NAMES: readonly (readonly [wish: Wish, named: RegExp])[] = [
  ["reasoningEffort", /reasoning.?effort|thinking.?(level|budget)|(thinking|reasoning)\b.{0,60}\bnot supported/i],
  ["reasoningEffort", /not support (thinking|reasoning)/i],
  ["verbosity", /verbosity/i],
  ["speed", /service.?tier/i],
  ["parallelToolCalls", /parallel.?tool.?(calls|use)/i],
  ["temperature", /temperature/i],
];

/**
 * The request without the wish its refusal names; undefined when it names none, or one that was not made.
 *
 * What a model takes is known of few: a wish that is refused would fail every turn of a session otherwise.
 */
export function withoutWish(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined {
  if (refusal.status !== 400 && refusal.status !== 422) return undefined;
  const found = NAMES.find(([wish, named]) => request[wish] !== undefined && named.test(refusal.message));
  if (found === undefined) return undefined;
  const { [found[0]]: _, ...rest } = request;
  return rest;
}
