/** The conversation as capabilities let the model see it. */

import type { ReasoningPart } from "../records/content.ts";
import type { SessionId } from "../records/ids.ts";
import type { JsonObject } from "../records/json.ts";
import type { Controls, Message } from "../records/message.ts";
import type { ModelProfile } from "../records/model.ts";
import type { CapabilityContext } from "../ports/capability.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { ModelMessage } from "../ports/driver.ts";
import type { ModelViewRequest, NativeCompaction } from "../ports/model_hooks.ts";
import { filterMessages, type TurnContext } from "../context/turn_context.ts";
import { toModelMessages } from "./history.ts";

/** What a request is built from besides the context. */
export interface ModelRequestParts {
  /** The session. */
  readonly sessionId: SessionId;
  /** Wishes of the newest user message. */
  readonly controls: Controls | undefined;
  /** The provider's id of the turn's previous response. */
  readonly previousResponseId: string | undefined;
  /** What is known about the model. */
  readonly profile: ModelProfile | undefined;
  /** The whole conversation as provider messages, for the common case that nothing filters it. */
  readonly transcript: readonly ModelMessage[];
  /** The conversation it was made of. */
  readonly history: readonly Message[];
  /** What capabilities are told. */
  readonly capabilityContext: (config: JsonObject) => CapabilityContext;
  /** Why it is built. @default {"normal"} */
  readonly reason?: ModelViewRequest["reason"];
}

/** What the model sees of the conversation. */
export interface ModelView {
  /** The messages. */
  readonly messages: readonly ModelMessage[];
  /** Tokens from which on the provider is to compact them, if it is. */
  readonly compactAt?: number | undefined;
}

/** What the views and filters leave of the conversation, and the facts of the turn after it. */
export async function viewOf(
  context: TurnContext,
  parts: ModelRequestParts,
  tools: readonly ToolDefinition[],
): Promise<ModelView> {
  const views = context.config.capabilities.filter(({ capability }) => capability.modelView !== undefined);
  let messages: readonly ModelMessage[] = parts.transcript;
  let compactAt: number | undefined;
  let view = filterMessages(parts.history, context.config);
  if (views.length > 0 || view !== parts.history) {
    const request: ModelViewRequest = {
      reason: parts.reason ?? "normal",
      shrinks: context.config.shrinks,
      contextWindow: parts.profile?.contextWindow,
      maxOutputTokens: parts.profile?.maxOutputTokens,
      systemPrompt: context.runtimeAgent.systemPrompt,
      tools,
      ...nativeCompaction(context, parts.profile, (tokens) => {
        compactAt = tokens;
      }),
    };
    views.sort((a, b) => (a.capability.modelView?.priority ?? 0) - (b.capability.modelView?.priority ?? 0));
    for (const { capability, config } of views) {
      // A copy, because the list is the session's history: sorting it in place would damage every later request.
      view = await capability.modelView?.apply([...view], parts.capabilityContext(config), request) ?? view;
    }
    messages = toModelMessages(view);
  }
  // After the cached prefix, and equal for every request of the turn.
  if (context.facts !== "") messages = [...messages, { role: "system", content: context.facts }];
  return { messages, compactAt };
}

/** Compaction by the provider, for a model that has it; what one model made no other understands. */
function nativeCompaction(
  { modelWithProvider: model }: TurnContext,
  profile: ModelProfile | undefined,
  askAt: NativeCompaction["askAt"],
): { readonly native?: NativeCompaction } {
  if (model === undefined || profile?.native?.compaction !== true) return {};
  const takes = (part: ReasoningPart): boolean =>
    part.purpose === "compaction" && part.provider === model.providerType && part.model === model.model;
  return { native: { takes, askAt } };
}
