/** The single-session helper: one harness, at most one agent, one session. */

import type { CapabilityRef, CapabilityRefInput } from "../records/capability_ref.ts";
import type { Agent, Harness } from "../records/harness.ts";
import { type AgentId, type HarnessId, type ModelId, parseId, type SessionId } from "../records/ids.ts";
import type { InitialFile } from "../records/initial_file.ts";
import type { JsonObject } from "../records/json.ts";
import type { McpServers } from "../records/mcp.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Session } from "../records/session.ts";
import type { ToolDefinition } from "../records/tool.ts";
import { createAgent, createHarness, createSession, toCapabilityRef } from "../kit/create_records.ts";
import type { CreateOptions } from "../kit/create_records.ts";

interface Layer {
  name?: string;
  displayName?: string;
  description?: string;
  systemPrompt?: string;
  defaultModelId?: ModelId;
  maxIterations?: number;
  networkAccess?: NetworkAccess;
  capabilities: CapabilityRef[];
  initialFiles: InitialFile[];
  tools: ToolDefinition[];
}

/** The records of a single session. */
export interface SingleSessionRecords {
  /** The harness. */
  readonly harness: Harness;
  /** The agent, if one was named. */
  readonly agent: Agent | undefined;
  /** The session. */
  readonly session: Session;
}

/**
 * Describes one session and its layers; calls may come in any order.
 *
 * Everything said about the agent counts only when `agent()` names one.
 */
export class SingleSessionBuilder {
  readonly #harness: Layer = { capabilities: [], initialFiles: [], tools: [] };
  readonly #agent: Layer = { capabilities: [], initialFiles: [], tools: [] };
  readonly #session: Layer = { capabilities: [], initialFiles: [], tools: [] };
  readonly #tags: string[] = [];
  readonly #metadata: Record<string, string> = {};
  #mcpServers: McpServers = {};
  #harnessId: HarnessId | undefined;
  #agentId: AgentId | undefined;
  #sessionId: SessionId | undefined;
  #title: string | undefined;
  #locale: string | undefined;
  #modelId: ModelId | undefined;

  /** Names the harness; a blank prompt means none. */
  harness(name: string, systemPrompt = ""): this {
    return this.#name(this.#harness, name, systemPrompt);
  }

  /** Names the agent; without it the session has none. */
  agent(name: string, systemPrompt = ""): this {
    return this.#name(this.#agent, name, systemPrompt);
  }

  /**
   * Switches a capability on, with settings if they are given; the same as {@linkcode harnessCapability}.
   *
   * An unknown id is left out with a warning of `loadContext()`, unless the builder is `strict()`.
   */
  withCapability(ref: CapabilityRefInput, config?: JsonObject): this {
    return this.harnessCapability(ref, config);
  }

  /** Switches a capability on in the harness. */
  harnessCapability(ref: CapabilityRefInput, config?: JsonObject): this {
    this.#harness.capabilities.push(toCapabilityRef(ref, config));
    return this;
  }

  /** Switches a capability on in the agent. */
  agentCapability(ref: CapabilityRefInput, config?: JsonObject): this {
    this.#agent.capabilities.push(toCapabilityRef(ref, config));
    return this;
  }

  /** Switches a capability on in the session. */
  sessionCapability(ref: CapabilityRefInput, config?: JsonObject): this {
    this.#session.capabilities.push(toCapabilityRef(ref, config));
    return this;
  }

  /** Gives the session MCP servers. */
  sessionMcpServers(servers: McpServers): this {
    this.#mcpServers = { ...this.#mcpServers, ...servers };
    return this;
  }

  /** The harness's name for people. */
  harnessDisplayName(name: string): this {
    this.#harness.displayName = name;
    return this;
  }

  /** What the harness is for. */
  harnessDescription(text: string): this {
    this.#harness.description = text;
    return this;
  }

  /** The agent's name for people. */
  agentDisplayName(name: string): this {
    this.#agent.displayName = name;
    return this;
  }

  /** What the agent is for. */
  agentDescription(text: string): this {
    this.#agent.description = text;
    return this;
  }

  /** The site and title OpenRouter shows for requests (sent as HTTP-Referer and X-Title). */
  openrouterAttribution(referer: string, title: string): this {
    this.#metadata["openrouter_http_referer"] = referer;
    this.#metadata["openrouter_x_title"] = title;
    return this;
  }

  /** The session's title. */
  sessionTitle(title: string): this {
    this.#title = title;
    return this;
  }

  /** Locale of answers (BCP 47). */
  locale(locale: string): this {
    this.#locale = locale;
    return this;
  }

  /** Labels all records. */
  tag(tag: string): this {
    this.#tags.push(tag);
    return this;
  }

  /** Model of the session. */
  sessionModelId(id: ModelId): this {
    this.#modelId = parseId("model", id);
    return this;
  }

  /** Model of the harness. */
  harnessDefaultModelId(id: ModelId): this {
    this.#harness.defaultModelId = parseId("model", id);
    return this;
  }

  /** Model of the agent. */
  agentDefaultModelId(id: ModelId): this {
    this.#agent.defaultModelId = parseId("model", id);
    return this;
  }

  /** Most reason steps of a turn, said by the agent. */
  agentMaxIterations(count: number): this {
    this.#agent.maxIterations = iterations(count);
    return this;
  }

  /** Most reason steps of a turn, said by the session. */
  sessionMaxIterations(count: number): this {
    this.#session.maxIterations = iterations(count);
    return this;
  }

  /** A client-side tool of the agent. */
  agentTool(tool: ToolDefinition): this {
    this.#agent.tools.push(tool);
    return this;
  }

  /** A client-side tool of the session. */
  sessionTool(tool: ToolDefinition): this {
    this.#session.tools.push(tool);
    return this;
  }

  /** A file the harness brings. */
  harnessInitialFile(file: InitialFile): this {
    this.#harness.initialFiles.push(file);
    return this;
  }

  /** A file the agent brings. */
  agentInitialFile(file: InitialFile): this {
    this.#agent.initialFiles.push(file);
    return this;
  }

  /** A file the session brings. */
  sessionInitialFile(file: InitialFile): this {
    this.#session.initialFiles.push(file);
    return this;
  }

  /** The harness's network policy. */
  harnessNetworkAccess(access: NetworkAccess): this {
    this.#harness.networkAccess = access;
    return this;
  }

  /** The agent's network policy. */
  agentNetworkAccess(access: NetworkAccess): this {
    this.#agent.networkAccess = access;
    return this;
  }

  /** The session's network policy. */
  sessionNetworkAccess(access: NetworkAccess): this {
    this.#session.networkAccess = access;
    return this;
  }

  /** Pins the harness's id. */
  harnessId(id: HarnessId): this {
    this.#harnessId = parseId("harness", id);
    return this;
  }

  /** Pins the agent's id. */
  agentId(id: AgentId): this {
    this.#agentId = parseId("agent", id);
    return this;
  }

  /**
   * Pins the session's id: a stored session of this id goes on, with its history.
   *
   * Harness and agent get ids of the same digits unless they are pinned, so that every run replaces its own records.
   */
  sessionId(id: SessionId): this {
    this.#sessionId = parseId("session", id);
    return this;
  }

  /** The records, with ids where none was pinned. */
  records(options: CreateOptions): SingleSessionRecords {
    const tags = this.#tags;
    const { tools: _, maxIterations: __, ...harnessLayer } = this.#harness;
    const digits = this.#sessionId?.slice("session_".length);
    const harnessId = this.#harnessId ?? (digits === undefined ? undefined : `harness_${digits}` as const);
    const agentId = this.#agentId ?? (digits === undefined ? undefined : `agent_${digits}` as const);
    const harness = createHarness({
      ...harnessLayer,
      name: this.#harness.name ?? "default",
      tags,
      embedderMetadata: { ...this.#metadata },
      ...(harnessId === undefined ? {} : { id: harnessId }),
    }, options);
    const agent = this.#agent.name === undefined ? undefined : createAgent({
      ...this.#agent,
      name: this.#agent.name,
      tags,
      ...(agentId === undefined ? {} : { id: agentId }),
    }, options);
    const { maxIterations, networkAccess } = this.#session;
    const session = createSession({
      harnessId: harness.id,
      capabilities: this.#session.capabilities,
      initialFiles: this.#session.initialFiles,
      tools: this.#session.tools,
      mcpServers: this.#mcpServers,
      tags,
      ...(agent === undefined ? {} : { agentId: agent.id }),
      ...(this.#sessionId === undefined ? {} : { id: this.#sessionId }),
      ...(this.#title === undefined ? {} : { title: this.#title }),
      ...(this.#locale === undefined ? {} : { locale: this.#locale }),
      ...(this.#modelId === undefined ? {} : { modelId: this.#modelId }),
      ...(maxIterations === undefined ? {} : { maxIterations }),
      ...(networkAccess === undefined ? {} : { networkAccess }),
    }, options);
    return { harness, agent, session };
  }

  #name(layer: Layer, name: string, systemPrompt: string): this {
    if (typeof name !== "string" || name.trim() === "") throw new TypeError("Cannot name a layer: the name is blank");
    layer.name = name;
    layer.systemPrompt = systemPrompt;
    return this;
  }
}

function iterations(count: number): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new RangeError(`Cannot limit a turn to ${count} iterations: expected a whole number of 1 or more`);
}
