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
  const window = request.contextWindow ?? UNKNOWN_WINDOW;
  const whole = Math.min(window * share, window - (request.maxOutputTokens ?? 0));
  const left = whole - tokensOfText(request.systemPrompt) - tokensOfTools(request.tools);
  return Math.floor(Math.max(left, window * share * LEAST_SHARE));
}
