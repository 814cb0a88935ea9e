/** The turn context: exactly what a reason step will use, also for inspection. */

import { RuntimeError } from "../errors.ts";
import type { CapabilityRef } from "../records/capability_ref.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { ModelId, SessionId } from "../records/ids.ts";
import type { Controls, Message } from "../records/message.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Session } from "../records/session.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { CapabilityContext } from "../ports/capability.ts";
import type { MessageQuery } from "../ports/stores.ts";
import { lazy } from "../kit/lazy.ts";
import type { Mutable } from "../kit/mutable.ts";
import { ConfigCache, configOf } from "./config_cache.ts";
import type { ContextSources, PromptBlock } from "./contributions.ts";
import { lastControls, readLayers, requireActive, resolveLocale, resolveModel } from "./layers.ts";
import type { ConfigLayers, EffectiveOverlay } from "./layers.ts";
import type { ResolvedCapability } from "./resolve.ts";
import type { BoundTool, SessionConfig } from "./session_config.ts";

export type { ContextSources, PromptBlock } from "./contributions.ts";

const contributions = lazy(() => import("./contributions.ts"));

/** Reason steps of a turn when no layer says otherwise. */
export const DEFAULT_MAX_ITERATIONS = 500;

/** What a context is assembled for. */
export interface ContextRequest {
  /** The session. */
  readonly sessionId: SessionId;
  /** The conversation, oldest first. */
  readonly messages: readonly Message[];
  /** The instant that counts as now; milliseconds since the epoch. */
  readonly now: number;
  /** Wishes of the input. @default those of the newest user message */
  readonly controls?: Controls;
  /** The locale captured when the turn was accepted. @default resolved from controls and session */
  readonly locale?: string;
  /** The session's records, when they were just read. @default read from the stores */
  readonly layers?: ConfigLayers;
  /** Keeps the fold between calls for one session. @default none */
  readonly cache?: ConfigCache;
}

/** The merged agent of a turn. */
export interface RuntimeAgent {
  /** The composed prompt; may be empty. */
  readonly systemPrompt: string;
  /** The provider's name of the model; empty when none is configured. */
  readonly model: string;
  /** Tools offered to the model: capabilities', servers', then the client's. */
  readonly tools: readonly ToolDefinition[];
  /** Most reason steps. */
  readonly maxIterations: number;
  /** Whether calls of one reply may run at the same time. */
  readonly parallelToolCalls?: boolean;
  /** The narrowed network policy. */
  readonly networkAccess?: NetworkAccess;
  /** Key under which the provider may cache the prefix. */
  readonly promptCacheKey?: string;
}

/** Everything a reason step uses. */
export interface TurnContext {
  /** Root first. */
  readonly harnessChain: readonly Harness[];
  /** The agent, if any. */
  readonly agent?: Agent;
  /** The session. */
  readonly session: Session;
  /** All layers folded. */
  readonly effectiveOverlay: EffectiveOverlay;
  /** The resolved capabilities with their configurations. */
  readonly resolvedCapabilityConfigs: readonly CapabilityRef[];
  /** The conversation after the capabilities' filters. */
  readonly messages: readonly Message[];
  /** The merged agent. */
  readonly runtimeAgent: RuntimeAgent;
  /** The model with its credentials; undefined when none is configured. */
  readonly modelWithProvider: ResolvedModel | undefined;
  /** The id the model was found under. */
  readonly resolvedModelId?: ModelId;
  /** The locale of the answer. */
  readonly resolvedLocale?: string;
  /** Strings for the provider's metadata. */
  readonly embedderMetadata: Readonly<Record<string, string>>;
  /** Text that changes from turn to turn, sent after the conversation; empty when there is none. */
  readonly facts: string;
  /** The tools that can be executed, by name; more than the model sees. */
  readonly executableTools: ReadonlyMap<string, BoundTool>;
  /** The definitions of all tools, before hooks rewrite them. */
  readonly allTools: readonly ToolDefinition[];
  /** What the kernel needs of the resolved configuration. */
  readonly config: SessionConfig;
  /** What was left out and why. */
  readonly warnings: readonly string[];
}

/**
 * Assembles the context for executing a turn.
 *
 * @throws {RuntimeError} `no_messages` when there is nothing to answer, `dependency_unavailable` when a layer is retired
 * @throws {NotFoundError} when a record is missing
 */
export async function assembleTurnContext(sources: ContextSources, request: ContextRequest): Promise<TurnContext> {
  if (request.messages.length === 0) {
    throw new RuntimeError("no_messages", `Cannot run session "${request.sessionId}": it has no messages; send one`);
  }
  return await assemble(sources, request, true);
}

/**
 * Assembles the same context for inspection, also before the first message.
 *
 * @throws {NotFoundError} when a record is missing
 */
export function inspectTurnContext(sources: ContextSources, request: ContextRequest): Promise<TurnContext> {
  return assemble(sources, request, false);
}

async function assemble(sources: ContextSources, request: ContextRequest, execute: boolean): Promise<TurnContext> {
  const layers = request.layers ?? await readLayers(request.sessionId, sources);
  if (execute) requireActive(layers);
  const { session } = layers;
  const cache = request.cache ?? new ConfigCache();
  const made = cache.fold(layers);
  const fold = made instanceof Promise ? await made : made;
  const { overlay } = fold;
  const controls = request.controls ?? lastControls(request.messages);
  const { model, modelId } = await resolveModel(controls, overlay.modelIds, sources.providers);
  const wanted = controls?.modelId ?? overlay.modelIds[0];
  const known = configOf(fold, sources.capabilities, model?.model);
  const config = known instanceof Promise ? await known : known;
  const locale = request.locale ?? resolveLocale(controls, session);
  const contextOf = (owner: ResolvedCapability): CapabilityContext => ({
    session,
    config: owner.config,
    locale,
    model: model?.model,
    files: sources.files(session.workspaceId),
    now: request.now,
  });
  // Most sessions of a text turn have neither: nothing is awaited for them.
  const texts = config.capabilities.length === 0
    ? NO_TEXTS
    : await (await contributions()).collectTexts(config, contextOf);
  const leftOut: string[] = [];
  const { executable, all } = config.mcpServerCount > 0
    ? await (await contributions()).collectTools(sources, config, session, (message) => leftOut.push(message))
    : { executable: config.tools, all: config.offered };
  const agent: Mutable<RuntimeAgent> = {
    systemPrompt: composeSystemPrompt({ base: overlay.systemPrompt, blocks: texts.blocks, goal: session.goal, locale }),
    model: model?.model ?? "",
    tools: config.hasHook.toolDefinitions
      ? (await contributions()).offerTools(config, all, (owner) => contextOf(owner), request.messages)
      : all,
    maxIterations: overlay.maxIterations ?? DEFAULT_MAX_ITERATIONS,
  };
  if (config.parallelToolCalls !== undefined) agent.parallelToolCalls = config.parallelToolCalls;
  if (overlay.networkAccess !== undefined) agent.networkAccess = overlay.networkAccess;
  const promptCacheKey = firstDefined(config, (owner) => owner.capability.promptCacheKey?.(session, owner.config));
  if (promptCacheKey !== undefined) agent.promptCacheKey = promptCacheKey;
  const warnings = [...config.warnings];
  if (wanted !== modelId) warnings.push(`Model "${wanted}" is not registered; "${agent.model}" is used instead`);
  // A turn has told of them already, with codes of their own.
  if (!execute) warnings.push(...leftOut);
  const context: Mutable<TurnContext> = {
    harnessChain: layers.harnessChain,
    session,
    effectiveOverlay: overlay,
    resolvedCapabilityConfigs: config.capabilityRefs,
    messages: filterMessages(request.messages, config),
    runtimeAgent: agent,
    modelWithProvider: model,
    embedderMetadata: overlay.embedderMetadata,
    facts: texts.facts,
    executableTools: executable,
    allTools: all,
    config,
    warnings,
  };
  if (layers.agent !== undefined) context.agent = layers.agent;
  if (modelId !== undefined) context.resolvedModelId = modelId;
  if (locale !== undefined) context.resolvedLocale = locale;
  return context;
}

const NO_TEXTS: { readonly blocks: readonly PromptBlock[]; readonly facts: string } = { blocks: [], facts: "" };

/** The part of the conversation that the capabilities' filters leave; the same array when there are none. */
export function filterMessages(messages: readonly Message[], config: SessionConfig): readonly Message[] {
  let query: MessageQuery | undefined;
  for (const { capability, config: own } of config.capabilities) {
    if (capability.messageFilter !== undefined) query = capability.messageFilter(query ?? {}, own);
  }
  if (query?.limit === undefined || query.limit >= messages.length) return messages;
  const head = Math.min(query.keepHead ?? 0, messages.length - query.limit);
  return [...messages.slice(0, head), ...messages.slice(messages.length - query.limit)];
}

function firstDefined<T>(config: SessionConfig, pick: (owner: ResolvedCapability) => T | undefined): T | undefined {
  for (const owner of config.capabilities) {
    const value = pick(owner);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What the prompt is made of. */
export interface PromptParts {
  /** The folded base prompt. */
  readonly base: string;
  /** The capabilities' blocks, in order. */
  readonly blocks: readonly PromptBlock[];
  /** What the session is to achieve. */
  readonly goal?: string | undefined;
  /** The resolved locale. */
  readonly locale?: string | undefined;
}

/**
 * Base first, then capability blocks, then goal and locale: what changes least comes first.
 *
 * Blank parts are dropped. The base is wrapped only when a capability contributes. Nothing at all gives "".
 */
export function composeSystemPrompt(parts: PromptParts): string {
  const out: string[] = [];
  const base = parts.base.trim();
  const blocks = parts.blocks.filter((block) => block.text.trim() !== "");
  if (base !== "") out.push(blocks.length === 0 ? base : `<system-prompt>\n${base}\n</system-prompt>`);
  for (const { id, text } of blocks) out.push(`<capability id="${id}">\n${text.trim()}\n</capability>`);
  const goal = parts.goal?.trim() ?? "";
  if (goal !== "") out.push(`<session-goal>\n${goal}\n</session-goal>`);
  const locale = parts.locale?.trim() ?? "";
  if (locale !== "") {
    out.push(`<locale>\nAnswer in the language of locale ${locale} unless asked otherwise.\n</locale>`);
  }
  return out.join("\n\n");
}
