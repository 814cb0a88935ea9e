/** Going on without the reasoning of before, where a provider does not take it back. */

import type { ReasoningPart } from "../../records/content.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";

/**
 * The request without the reasoning of its messages; undefined when there is none.
 *
 * It is bound to an account, a model or the exact conversation, any of which may have changed. What is not reasoning
 * stays: a compaction stands for messages that are not sent.
 */
export function withoutReasoning(request: ModelRequest): ModelRequest | undefined {
  if (!request.messages.some(hasReasoning)) return undefined;
  return { ...request, messages: request.messages.map(stripped) };
}

function hasReasoning(message: ModelMessage): boolean {
  return message.role === "assistant" && message.reasoning?.some(isReasoning) === true;
}

function stripped(message: ModelMessage): ModelMessage {
  if (message.role !== "assistant") return message;
  const { reasoning = [], ...rest } = message;
  const others = reasoning.filter((item) => !isReasoning(item));
  return others.length === 0 ? rest : { ...rest, reasoning: others };
}

function isReasoning({ purpose }: ReasoningPart): boolean {
  return purpose === undefined;
}
