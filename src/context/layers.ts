/** The configuration layers: reading them, folding them into one, and the model and locale they come to. */

import { NotFoundError, RuntimeError } from "../errors.ts";
import type { CapabilityRef } from "../records/capability_ref.ts";
import type { Agent, Harness, LayerConfig } from "../records/harness.ts";
import type { ModelId, SessionId } from "../records/ids.ts";
import type { Controls, InputMessage, Message } from "../records/message.ts";
import type { ResolvedModel } from "../records/model.ts";
import type { InitialFile } from "../records/initial_file.ts";
import type { McpServers } from "../records/mcp.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import { Secret } from "../records/secret.ts";
import type { Session } from "../records/session.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type {
  RuntimeAgentStore,
  RuntimeHarnessStore,
  RuntimeProviderStore,
  RuntimeSessionStore,
} from "../ports/stores.ts";
import { canonicalPath } from "../kit/paths.ts";

/** The layers of a session, read from their stores. */
export interface ConfigLayers {
  /** Root first; never empty. */
  readonly harnessChain: readonly Harness[];
  /** The agent, if the session has one. */
  readonly agent?: Agent;
  /** The session. */
  readonly session: Session;
}

/** All layers folded into one. */
export interface EffectiveOverlay {
  /** The layers' prompts, trimmed, blank ones dropped, joined by a blank line. */
  readonly systemPrompt: string;
  /** Capabilities in order of first mention; a later layer's config replaces an earlier one's. */
  readonly capabilities: readonly CapabilityRef[];
  /** Files by canonical path; the last one wins and keeps the first one's place. */
  readonly initialFiles: readonly InitialFile[];
  /** The narrowed network policy. */
  readonly networkAccess?: NetworkAccess;
  /** Model ids to try, nearest first. */
  readonly modelIds: readonly ModelId[];
  /** Most reason steps of a turn. */
  readonly maxIterations?: number;
  /** Whether calls of one reply may run at the same time. */
  readonly parallelToolCalls?: boolean;
  /** Client-side tools by name; the last one wins and keeps the first one's place. */
  readonly clientTools: readonly ToolDefinition[];
  /** MCP servers by name, last wins. */
  readonly mcpServers: McpServers;
  /** Strings for the provider's metadata; the leaf wins. */
  readonly embedderMetadata: Readonly<Record<string, string>>;
}

/** Narrows the network policy of the layers above by the next one's. */
export type NarrowNetwork = (
  parent: NetworkAccess | undefined,
  child: NetworkAccess | undefined,
) => NetworkAccess | undefined;

/** Folds the layers; pure. `narrow` is asked for the policies of two layers at a time. */
export function foldLayers(layers: ConfigLayers, narrow: NarrowNetwork): EffectiveOverlay {
  const { harnessChain, agent, session } = layers;
  const all: LayerConfig[] = [...harnessChain];
  if (agent !== undefined) all.push(agent);
  all.push(session);

  const prompts: string[] = [];
  const capabilities = new Map<string, CapabilityRef>();
  const files = new Map<string, InitialFile>();
  const servers: Record<string, McpServers[string]> = Object.create(null);
  let networkAccess: NetworkAccess | undefined;
  let parallelToolCalls: boolean | undefined;
  for (const layer of all) {
    const prompt = layer.systemPrompt?.trim() ?? "";
    if (prompt !== "") prompts.push(prompt);
    for (const ref of layer.capabilities) capabilities.set(ref.ref, ref);
    for (const file of layer.initialFiles) files.set(canonicalPath(file.path), file);
    networkAccess = narrow(networkAccess, layer.networkAccess);
    parallelToolCalls = layer.parallelToolCalls ?? parallelToolCalls;
    Object.assign(servers, layer.mcpServers);
  }

  const embedderMetadata: Record<string, string> = Object.create(null);
  const modelIds: ModelId[] = [];
  for (const harness of harnessChain) {
    Object.assign(embedderMetadata, harness.embedderMetadata);
    if (harness.defaultModelId !== undefined) modelIds.unshift(harness.defaultModelId);
  }
  if (agent?.defaultModelId !== undefined) modelIds.unshift(agent.defaultModelId);
  if (session.modelId !== undefined) modelIds.unshift(session.modelId);

  const tools = new Map<string, ToolDefinition>();
  for (const tool of agent?.tools ?? []) tools.set(tool.name, tool);
  for (const tool of session.tools) tools.set(tool.name, tool);
  const maxIterations = session.maxIterations ?? agent?.maxIterations;

  return Object.freeze({
    systemPrompt: prompts.join("\n\n"),
    capabilities: [...capabilities.values()],
    initialFiles: [...files.values()],
    modelIds,
    clientTools: [...tools.values()],
    mcpServers: servers,
    embedderMetadata,
    ...(networkAccess === undefined ? {} : { networkAccess }),
    ...(maxIterations === undefined ? {} : { maxIterations }),
    ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }),
  });
}

/** Where the layers come from. */
export interface LayerSources {
  /** Harnesses. */
  readonly harnesses: RuntimeHarnessStore;
  /** Agents. */
  readonly agents: RuntimeAgentStore;
  /** Sessions. */
  readonly sessions: RuntimeSessionStore;
}

/**
 * Reads the records of a session, or of one that is not stored yet.
 *
 * @throws {NotFoundError} when the session, its harness or its agent is not stored
 * @throws {RuntimeError} `dependency_unavailable` when the harness or agent is archived or deleted
 */
export async function readLayers(of: SessionId | Session, sources: LayerSources): Promise<ConfigLayers> {
  const session = typeof of === "string" ? await sources.sessions.getSession(of) : of;
  if (session === undefined) {
    throw new NotFoundError("session", String(of), "add it with the builder's session() or runtime.createSession()");
  }
  const harnessChain = await sources.harnesses.getHarnessChain(session.harnessId);
  const leaf = harnessChain.at(-1);
  if (leaf === undefined) {
    throw new NotFoundError("harness", session.harnessId, "add it with the builder's harness()");
  }
  const agent = session.agentId === undefined ? undefined : await sources.agents.getAgent(session.agentId);
  if (session.agentId !== undefined && agent === undefined) {
    throw new NotFoundError("agent", session.agentId, "add it with the builder's agent()");
  }
  return agent === undefined ? { harnessChain, session } : { harnessChain, agent, session };
}

/** Whether any layer may bring files, by itself or through a capability. */
export function mayHaveFiles({ harnessChain, agent, session }: ConfigLayers): boolean {
  const brings = (layer: LayerConfig): boolean => layer.initialFiles.length > 0 || layer.capabilities.length > 0;
  return harnessChain.some(brings) || (agent !== undefined && brings(agent)) || brings(session);
}

/**
 * Refuses layers that are no longer in use.
 *
 * @throws {RuntimeError} `dependency_unavailable`
 */
export function requireActive(layers: ConfigLayers): void {
  for (const harness of layers.harnessChain) {
    if (harness.status !== "active") throw unavailable("harness", harness.name, harness.status);
  }
  if (layers.agent !== undefined && layers.agent.status !== "active") {
    throw unavailable("agent", layers.agent.name, layers.agent.status);
  }
}

function unavailable(kind: string, name: string, status: string): RuntimeError {
  return new RuntimeError("dependency_unavailable", `Cannot run a turn: ${kind} "${name}" is ${status}; restore it`, {
    fields: { kind, name, status },
  });
}

/** A model and the id it was found under. */
export interface ModelChoice {
  /** How to call it; undefined when none is configured. */
  readonly model: ResolvedModel | undefined;
  /** The id, unless it is the platform's fallback. */
  readonly modelId: ModelId | undefined;
}

/**
 * The wish of the message, then the layers from the nearest, then the platform's fallback.
 *
 * An id the provider store does not know falls through to the next.
 */
export async function resolveModel(
  controls: Controls | undefined,
  modelIds: readonly ModelId[],
  providers: RuntimeProviderStore,
): Promise<ModelChoice> {
  const wished = controls?.modelId;
  for (const modelId of wished === undefined ? modelIds : [wished, ...modelIds]) {
    const model = sealed(await providers.getResolvedModel(modelId));
    if (model !== undefined) return { model, modelId };
  }
  return { model: sealed(await providers.getDefaultModel()), modelId: undefined };
}

const sealedModels = new WeakMap<ResolvedModel, { readonly text: string; readonly made: ResolvedModel }>();

/** The model with its key wrapped: one object, by which its driver is found, until the store changes its own in place. */
function sealed(model: ResolvedModel | undefined): ResolvedModel | undefined {
  if (typeof model?.apiKey !== "string") return model;
  const text = JSON.stringify(model);
  const known = sealedModels.get(model);
  if (known?.text === text) return known.made;
  const made = Object.freeze({ ...model, apiKey: new Secret(model.apiKey) });
  sealedModels.set(model, { text, made });
  return made;
}

/** The wish of the message, then the session's locale; blank ones do not count. */
export function resolveLocale(controls: Controls | undefined, session: Session): string | undefined {
  return nonBlank(controls?.locale) ?? nonBlank(session.locale);
}

function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** The wishes that count for an input: its own, or the user's newest ones when it is not the user's and has none. */
export function controlsFor(input: InputMessage, history: readonly Message[]): Controls | undefined {
  return input.controls ?? ((input.role ?? "user") === "user" ? undefined : lastControls(history));
}

/** The controls of the newest user message. */
export function lastControls(messages: readonly Message[]): Controls | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    if (messages[i]!.role === "user") return messages[i]!.controls;
  }
  return undefined;
}
