/** Going on without what a provider was asked to do itself. */

import type { ProviderError } from "../../errors.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelRequest } from "../../ports/driver.ts";

const SEARCH = /defer_loading|tool[_ ]search|tool[_ ]reference/i;
const COMPACTION = /context_management|compact/i;

/**
 * The request without the provider's own search or compaction, when it refused that; undefined for other refusals.
 *
 * An account, a region or a gateway may lack what the model has. A compaction that stands for messages that are not sent
 * stays.
 */
export function withoutNative(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined {
  if (refusal.status !== 400) return undefined;
  const { compactAt, ...rest } = request;
  if (SEARCH.test(refusal.message) && request.tools.some(({ deferred }) => deferred)) {
    return { ...request, tools: request.tools.map(complete) };
  }
  if (!COMPACTION.test(refusal.message) || compactAt === undefined) return undefined;
  const isCompacted = request.messages.some((message) =>
    message.role === "assistant" && message.reasoning?.some(({ purpose }) => purpose === "compaction")
  );
  return isCompacted ? undefined : rest;
}

function complete({ deferred: _, ...tool }: ToolDefinition): ToolDefinition {
  return tool;
}
