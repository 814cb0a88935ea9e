/** From a turn context to the request a driver gets; the same code serves execution and preview. */

import type { JsonObject } from "../records/json.ts";
import type { Controls, Message } from "../records/message.ts";
import type { ModelProfile } from "../records/model.ts";
import type { SessionId } from "../records/ids.ts";
import type { ModelMessage, ModelRequest } from "../ports/driver.ts";
import type { CapabilityContext } from "../ports/capability.ts";
import type { Mutable } from "../kit/mutable.ts";
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
}

/** Builds the request of the next reason step. */
export async function buildModelRequest(context: TurnContext, parts: ModelRequestParts): Promise<ModelRequest> {
  const { runtimeAgent, session } = context;
  const { config } = context;
  const messages = config.hasView || context.facts !== "" ? await viewOf(context, parts) : parts.transcript;
  const effort = effortOf(parts.controls, parts.profile);
  const metadata: Record<string, string> = Object.create(null);
  // Only session-stable values: anything that changes from turn to turn would spoil the provider's prefix cache.
  metadata["session_id"] = parts.sessionId;
  metadata["harness_id"] = session.harnessId;
  if (session.agentId !== undefined) metadata["agent_id"] = session.agentId;
  Object.assign(metadata, context.embedderMetadata);
  const request: Mutable<ModelRequest> = {
    model: runtimeAgent.model,
    systemPrompt: runtimeAgent.systemPrompt,
    messages,
    tools: runtimeAgent.tools,
    metadata,
  };
  const { profile, controls, previousResponseId } = parts;
  if (profile?.maxOutputTokens !== undefined) request.maxTokens = profile.maxOutputTokens;
  if (effort !== undefined) request.reasoningEffort = effort;
  if (previousResponseId !== undefined) request.previousResponseId = previousResponseId;
  if (runtimeAgent.promptCacheKey !== undefined) request.promptCacheKey = runtimeAgent.promptCacheKey;
  if (runtimeAgent.parallelToolCalls !== undefined) request.parallelToolCalls = runtimeAgent.parallelToolCalls;
  if (controls?.speed !== undefined) request.speed = controls.speed;
  if (controls?.verbosity !== undefined) request.verbosity = controls.verbosity;
  return request;
}

async function viewOf(context: TurnContext, parts: ModelRequestParts): Promise<readonly ModelMessage[]> {
  const views = context.config.capabilities.filter(({ capability }) => capability.modelView !== undefined);
  let messages: readonly ModelMessage[] = parts.transcript;
  let view = filterMessages(parts.history, context.config);
  if (views.length > 0 || view !== parts.history) {
    views.sort((a, b) => (a.capability.modelView?.priority ?? 0) - (b.capability.modelView?.priority ?? 0));
    for (const { capability, config } of views) {
      // A copy, because the list is the session's history: sorting it in place would damage every later request.
      view = await capability.modelView?.apply([...view], parts.capabilityContext(config)) ?? view;
    }
    messages = toModelMessages(view);
  }
  // After the cached prefix, and equal for every request of the turn.
  return context.facts === "" ? messages : [...messages, { role: "system", content: context.facts }];
}

function effortOf(controls: Controls | undefined, profile: ModelProfile | undefined): string | undefined {
  const effort = controls?.reasoning?.effort;
  if (effort === undefined || effort === "none") return undefined;
  return profile?.reasoningEfforts !== undefined && profile.reasoningEfforts.length === 0 ? undefined : effort;
}
