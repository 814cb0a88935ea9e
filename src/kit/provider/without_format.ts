/** Going on without a schema the provider refuses. */

import type { ProviderError } from "../../errors.ts";
import type { ModelRequest } from "../../ports/driver.ts";
import { instructed } from "../response_format.ts";

/** "The compiled grammar is too large" (Anthropic), "too many states for serving" (Gemini), "Invalid schema for ...". */
const ABOUT_FORMAT = /schema|grammar|too many states|response_?format|output_(config|format)|text\.format/i;

/**
 * The request with its form in words, when the refusal is about the schema; undefined for other refusals.
 *
 * What a schema may not say is known, how complex it may be is not: the limits are the provider's, and change.
 */
export function withoutFormat(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined {
  if (request.responseFormat === undefined || refusal.status !== 400) return undefined;
  return ABOUT_FORMAT.test(refusal.message) ? instructed(request) : undefined;
}
