/** How large a conversation may be. */

import type { ModelViewRequest } from "../../ports/model_hooks.ts";
import { tokensOfText, tokensOfTools } from "../conversation/message_tokens.ts";

/** What is taken for the window of a model nothing is known of. */
const UNKNOWN_WINDOW = 128_000;
/** Part of the share that is left to the conversation whatever prompt, tools and reply take. */
const LEAST_SHARE = 1 / 16;

/**
 * Tokens of the conversation: what prompt and tools leave of the window's share, and of the window with a full reply.
 */
export function targetTokens(request: ModelViewRequest, share: number): number {
  const left = promptTokens(request, share) - tokensOfText(request.systemPrompt) - tokensOfTools(request.tools);
  return Math.floor(Math.max(left, windowOf(request) * share * LEAST_SHARE));
}

/** Tokens of the whole prompt: the window's share, but no more than what a full reply leaves. */
export function promptTokens(request: ModelViewRequest, share: number): number {
  const window = windowOf(request);
  return Math.min(window * share, window - (request.maxOutputTokens ?? 0));
}

function windowOf({ contextWindow }: ModelViewRequest): number {
  return contextWindow ?? UNKNOWN_WINDOW;
}
