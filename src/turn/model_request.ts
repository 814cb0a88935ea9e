/** From a turn context to the request a driver gets; the same code serves execution and preview. */

import type { Controls } from "../records/message.ts";
import type { ModelProfile } from "../records/model.ts";
import type { ModelRequest } from "../ports/driver.ts";
import type { Mutable } from "../kit/mutable.ts";
import { lazy } from "../kit/lazy.ts";
import type { ModelRequestParts, ModelView } from "./model_view.ts";
import type { TurnContext } from "../context/turn_context.ts";

export type { ModelRequestParts } from "./model_view.ts";

const views = lazy(() => import("./model_view.ts"));
const contributions = lazy(() => import("../context/contributions.ts"));

/** Builds the request of the next reason step. */
export async function buildModelRequest(context: TurnContext, parts: ModelRequestParts): Promise<ModelRequest> {
  const { runtimeAgent, session } = context;
  const { config } = context;
  // The hooks look at the conversation, which has grown since the context was assembled.
  const tools = config.hasHook.toolDefinitions
    ? (await contributions()).offerTools(
      config,
      context.allTools,
      (owner) => parts.capabilityContext(owner.config),
      parts.history,
      parts.profile,
    )
    : runtimeAgent.tools;
  const { messages, compactAt }: ModelView = config.hasView || context.facts !== ""
    ? await (await views()).viewOf(context, parts, tools)
    : { messages: parts.transcript };
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
    tools,
    metadata,
  };
  if (compactAt !== undefined) request.compactAt = compactAt;
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

function effortOf(controls: Controls | undefined, profile: ModelProfile | undefined): string | undefined {
  const effort = controls?.reasoning?.effort;
  const known = profile?.reasoningEfforts;
  return known?.length === 0 || (effort === "none" && known === undefined) ? undefined : effort;
}
