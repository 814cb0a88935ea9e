/** What a refusal says about how the request has to be changed. */

import type { ProviderError } from "../../errors.ts";
import type { ModelRequest } from "../../ports/driver.ts";
import { withoutNative } from "../../kit/provider/without_native.ts";
import { withoutReasoning } from "../../kit/provider/without_reasoning.ts";
import { DEFAULT_MAX_TOKENS } from "./models.ts";
import { maxTokensOf } from "./request.ts";

const NAMED_LIMIT = /max_tokens: \d+ > (\d+)/;
const LEFT_IN_CONTEXT = /exceed context limit: (\d+) \+ \d+ > (\d+)/;

/**
 * The request with the reply limit the provider takes, or without what it does not do itself or thinking it does not
 * take back; undefined when the refusal is about something else.
 */
export function amended(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined {
  if (refusal.status !== 400) return undefined;
  if (/max_tokens/.test(refusal.message)) {
    const maxTokens = limitIn(refusal.message);
    return maxTokens > 0 && maxTokens < maxTokensOf(request) ? { ...request, maxTokens } : undefined;
  }
  const native = withoutNative(request, refusal);
  if (native !== undefined) return native;
  // Where a turn has to begin with thinking, and this one has none to begin with, it can only go on without.
  if (request.reasoningEffort !== undefined && /Expected `?thinking/.test(refusal.message)) {
    const { reasoningEffort: _, ...unthinking } = request;
    return unthinking;
  }
  // DeepSeek wants the thinking of every call, of which there is none when another model made it.
  if (/thinking.{0,80}must be passed back/.test(refusal.message)) return { ...request, reasoningEffort: "none" };
  // Newer models refuse thinking from another account, or from before the conversation was edited.
  return /thinking|signature/i.test(refusal.message) ? withoutReasoning(request) : undefined;
}

/** The reply limit a refusal leaves room for. */
function limitIn(words: string): number {
  const [, prompt, context] = LEFT_IN_CONTEXT.exec(words) ?? [];
  if (context !== undefined) return Number(context) - Number(prompt);
  return Number(NAMED_LIMIT.exec(words)?.[1] ?? DEFAULT_MAX_TOKENS);
}
