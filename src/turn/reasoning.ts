/** What a reason step collects, and the events every step commits. */

import type { EventDraft } from "../records/event.ts";
import type { EventDataMap, GenerationMetadata } from "../records/event_data.ts";
import type { CallId, MessageId } from "../records/ids.ts";
import type { JsonObject } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import type { TurnCapabilityContext } from "../ports/capability.ts";
import type { ModelRequest } from "../ports/driver.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { ModelCallResult } from "./model_reply.ts";
import type { TurnOutcome } from "./plan_types.ts";
import type { TurnRun } from "./turn_run.ts";

/** One reason step, as far as it got. */
export interface Reasoning {
  /** The agent message to be. */
  readonly messageId: MessageId;
  /** The context, once assembled. */
  readonly context: TurnContext | undefined;
  /** The request, once built. */
  readonly request: ModelRequest | undefined;
  /** SHA-256 of its system prompt. */
  readonly promptHash: string | undefined;
  /** What the call came to. */
  readonly called: ModelCallResult;
}

/** What a reason step came to: the planner's outcome without the queue, and the events to commit. */
export interface Reasoned {
  /** For the planner; `pendingInputs` is filled in when the step is queued. */
  readonly outcome: Extract<TurnOutcome, { type: "reasoned" | "reason_failed" | "sealed" }>;
  /** What is committed. */
  readonly events: readonly EventDraft[];
  /** The agent message, unless a guard let none be made. */
  readonly message?: Message;
}

/** What a capability's function is told during this turn. */
export function contextFor(run: TurnRun, context: TurnContext): (config: JsonObject) => TurnCapabilityContext {
  const { session } = context;
  return (config) => ({
    session,
    config,
    locale: context.resolvedLocale,
    model: context.modelWithProvider?.model,
    files: run.ports.sources.files(session.workspaceId),
    now: run.state.facts.acceptedAt,
    turn: run.view,
  });
}

/** The settings and fate of a model call, as far as every step knows them. */
export function generationMetadata({ context, called }: Reasoning, success: boolean): Mutable<GenerationMetadata> {
  const model = context?.modelWithProvider;
  const metadata: Mutable<GenerationMetadata> = {
    model: model?.model ?? "",
    provider: model?.providerType ?? "",
    durationMs: called.durationMs,
    success,
  };
  if (called.retry !== undefined) metadata.retry = called.retry;
  return metadata;
}

/** The `llm.generation` event of a step: ids, counts, hashes and usage, never the transcript. */
export function generationEvent(
  run: TurnRun,
  { context, request, promptHash }: Reasoning,
  message: Message,
  metadata: GenerationMetadata,
): EventDraft {
  const data: Mutable<EventDataMap["llm.generation"]> = {
    turnId: run.state.turnId,
    messageId: message.id,
    messageCount: request?.messages.length ?? 0,
    toolNames: request === undefined ? [] : toolNamesOf(request, context),
    toolCallIds: callIdsOf(message),
    metadata,
  };
  if (promptHash !== undefined) data.systemPromptHash = promptHash;
  return { type: "llm.generation", context: run.eventContext, data };
}

function callIdsOf({ content }: Message): readonly CallId[] {
  const ids: CallId[] = [];
  for (const part of content) if (part.type === "tool_call") ids.push(part.id);
  return ids;
}

const MAX_HASHES = 256;
const HASHES = new Map<string, string>();
const ENCODER = new TextEncoder();

/** SHA-256 of a text, in lowercase hex. WebCrypto, because importing `node:crypto` costs 30 ms (Deno 2.9.6). */
export async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", ENCODER.encode(text))).toHex();
}

/** SHA-256 of a system prompt, remembered for the newest 256 prompts; undefined for an empty one. */
export function systemPromptHash(prompt: string): string | undefined | Promise<string> {
  if (prompt === "") return undefined;
  return HASHES.get(prompt) ?? rememberHash(prompt);
}

async function rememberHash(prompt: string): Promise<string> {
  const hash = await sha256(prompt);
  if (HASHES.size >= MAX_HASHES) HASHES.delete(HASHES.keys().next().value ?? "");
  HASHES.set(prompt, hash);
  return hash;
}

function toolNamesOf({ tools }: ModelRequest, context: TurnContext | undefined): readonly string[] {
  return tools === context?.config.offered ? context.config.offeredNames : tools.map((tool) => tool.name);
}
