/**
 * `reasoning_content` of the Chat API: thinking as text, which goes back with the message it came in.
 *
 * DeepSeek and Kimi refuse a conversation with calls that lack it (https://api-docs.deepseek.com/guides/thinking_mode,
 * November 2026); most other servers do not know it in a request, so only the model that sent it gets it back.
 */

import type { ProviderError } from "../../errors.ts";
import type { ReasoningPart } from "../../records/content.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";

const ITEM_ID = "reasoning_content";

/** Marks a message whose thinking came as `reasoning_content`; the text itself is the message's thinking already. */
export function reasoningTextItem(provider: string, model: string): ReasoningPart {
  return { type: "reasoning", provider, itemId: ITEM_ID, model };
}

/** Whether a message goes back to a model with its thinking. */
export function hasReasoningText(message: ModelMessage, provider: string, model: string): boolean {
  if (message.role !== "assistant") return false;
  return message.reasoning?.some((item) => isMark(item, provider) && item.model === model) === true;
}

/**
 * The request with the thinking of every message, or with none, as a refusal asks for it; undefined for other refusals.
 *
 * Messages of another model, or from before it thought, have no mark.
 */
export function withReasoningText(
  request: ModelRequest,
  refusal: ProviderError,
  provider: string,
): ModelRequest | undefined {
  if (refusal.status !== 400 && refusal.status !== 422) return undefined;
  if (!refusal.message.includes(ITEM_ID)) return undefined;
  const wanted = /missing|must be|required/i.test(refusal.message);
  const messages = request.messages.map((message): ModelMessage => {
    if (message.role !== "assistant") return message;
    const others = (message.reasoning ?? []).filter((item) => !isMark(item, provider));
    return { ...message, reasoning: wanted ? [...others, reasoningTextItem(provider, request.model)] : others };
  });
  return { ...request, messages };
}

function isMark(item: ReasoningPart, provider: string): boolean {
  return item.provider === provider && item.itemId === ITEM_ID;
}
