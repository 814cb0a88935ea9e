/** What a refusal says about how the request has to be changed. */

import type { ProviderError } from "../../errors.ts";
import type { ReasoningPart } from "../../records/content.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { withoutNative } from "../../kit/provider/without_native.ts";
import { DEFAULT_MAX_TOKENS } from "./models.ts";
import { maxTokensOf } from "./request.ts";

const NAMED_LIMIT = /max_tokens: \d+ > (\d+)/;

/**
 * The request with the reply limit the provider takes, or without what it does not do itself or thinking it does not
 * take back; undefined when the refusal is about something else.
 */
export function amended(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined {
  if (refusal.status !== 400) return undefined;
  if (/max_tokens/.test(refusal.message)) {
    const maxTokens = Number(NAMED_LIMIT.exec(refusal.message)?.[1] ?? DEFAULT_MAX_TOKENS);
    return maxTokens > 0 && maxTokens < maxTokensOf(request) ? { ...request, maxTokens } : undefined;
  }
  const native = withoutNative(request, refusal);
  if (native !== undefined) return native;
  // Newer models refuse thinking from another account, or from before the conversation was edited.
  if (!/thinking|signature/i.test(refusal.message) || !request.messages.some(hasReasoning)) return undefined;
  return { ...request, messages: request.messages.map(withoutReasoning) };
}

function hasReasoning(message: ModelMessage): boolean {
  return message.role === "assistant" && message.reasoning?.some(isThinking) === true;
}

function withoutReasoning(message: ModelMessage): ModelMessage {
  if (message.role !== "assistant") return message;
  const { reasoning = [], ...rest } = message;
  // What is not thinking stays: a compaction stands for messages that are not sent.
  const others = reasoning.filter((item) => !isThinking(item));
  return others.length === 0 ? rest : { ...rest, reasoning: others };
}

function isThinking({ purpose }: ReasoningPart): boolean {
  return purpose === undefined;
}
