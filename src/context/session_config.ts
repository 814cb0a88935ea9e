/** The folded and resolved configuration of a session, reused while its records are unchanged. */

import type { CapabilityRef } from "../records/capability_ref.ts";
import type { ErrorDisclosure } from "../records/message.ts";
import type { JsonObject } from "../records/json.ts";
import type { McpServerConfig, McpServers } from "../records/mcp.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { Capability, CapabilityHooks, Command } from "../ports/capability.ts";
import type { Tool } from "../ports/tool.ts";
import type { EffectiveOverlay } from "./layers.ts";
import type { ResolvedCapability } from "./resolve.ts";

/** A hook together with the capability it belongs to. */
export interface BoundHooks {
  /** The capability and its configuration. */
  readonly owner: ResolvedCapability;
  /** Its hooks. */
  readonly hooks: CapabilityHooks;
}

/** A tool the runtime runs, with the capability that brought it. */
export interface BoundTool {
  /** The tool. */
  readonly tool: Tool;
  /** The capability, unless it comes from a tool source. */
  readonly capability?: Capability;
}

/** Everything about a session that follows from its records. */
export interface SessionConfig {
  /** The folded layers. */
  readonly overlay: EffectiveOverlay;
  /** The model's name it was resolved for. */
  readonly model: string | undefined;
  /** Dependencies before dependents. */
  readonly capabilities: readonly ResolvedCapability[];
  /** The capabilities and their configurations as references. */
  readonly capabilityRefs: readonly CapabilityRef[];
  /** What was left out and why. */
  readonly warnings: readonly string[];
  /** The tools of capabilities by name. */
  readonly tools: ReadonlyMap<string, BoundTool>;
  /** Tools the client runs. */
  readonly clientTools: readonly ToolDefinition[];
  /** The definitions of both, as they are offered when no server adds to them. */
  readonly offered: readonly ToolDefinition[];
  /** Their names. */
  readonly offeredNames: readonly string[];
  /** The hooks, in order of their capabilities. */
  readonly hooks: readonly BoundHooks[];
  /** Whether a hook of a kind exists. */
  readonly hasHook: Readonly<Record<keyof CapabilityHooks, boolean>>;
  /** Commands by name; the first one wins. */
  readonly commands: ReadonlyMap<string, { readonly command: Command; readonly owner: ResolvedCapability }>;
  /** Whether a capability changes which messages the model sees. */
  readonly hasView: boolean;
  /** Whether a model view can make a request smaller. */
  readonly shrinks: boolean;
  /** The configured servers in sorted order: the capabilities' lowest, then the layers'. */
  readonly mcpServers: McpServers;
  /** How many there are. */
  readonly mcpServerCount: number;
  /** Whether calls of one reply may run at the same time. */
  readonly parallelToolCalls: boolean | undefined;
  /** How much a failed turn tells its user. */
  readonly errorDisclosure: ErrorDisclosure;
}

const NO_HOOKS: Readonly<Record<keyof CapabilityHooks, boolean>> = {
  userPromptSubmit: false,
  preToolUse: false,
  postToolUse: false,
  turnEnd: false,
  sessionEnd: false,
  toolDefinitions: false,
  llmError: false,
  beforeModelCall: false,
  outputGuard: false,
  repairCall: false,
  approveCall: false,
};
const HOOK_NAMES = Object.keys(NO_HOOKS) as readonly (keyof CapabilityHooks)[];

/** Collects what the resolved capabilities contribute. */
export function buildSessionConfig(
  overlay: EffectiveOverlay,
  model: string | undefined,
  capabilities: readonly ResolvedCapability[],
  warnings: readonly string[],
): SessionConfig {
  const tools = new Map<string, BoundTool>();
  const client = new Map<string, ToolDefinition>();
  const hooks: BoundHooks[] = [];
  const hasHook = { ...NO_HOOKS };
  const commands = new Map<string, { command: Command; owner: ResolvedCapability }>();
  const notes = [...warnings];
  let parallel: boolean | undefined;
  let disclosure: ErrorDisclosure = "standard";
  const all = capabilities.map(({ capability }) => capability);
  for (const owner of capabilities) {
    const { capability, config } = owner;
    const own = typeof capability.tools === "function" ? capability.tools(config, all) : capability.tools ?? [];
    for (const tool of own) {
      if (tools.has(tool.definition.name)) {
        notes.push(`Tool "${tool.definition.name}" of capability "${capability.id}" is hidden by one of the same name`);
      } else tools.set(tool.definition.name, { tool, capability });
    }
    for (const tool of capability.clientTools ?? []) client.set(tool.name, tool);
    if (capability.hooks !== undefined) {
      hooks.push({ owner, hooks: capability.hooks });
      for (const name of HOOK_NAMES) if (capability.hooks[name] !== undefined) hasHook[name] = true;
    }
    for (const command of capability.commands ?? []) {
      if (!commands.has(command.name)) commands.set(command.name, { command, owner });
    }
    parallel = settingOf(capability, capability.parallelToolCalls, config) ?? parallel;
    disclosure = settingOf(capability, capability.errorDisclosure, config) ?? disclosure;
    const problem = capability.validateConfig?.(config);
    if (problem !== undefined) notes.push(`Configuration of capability "${capability.id}": ${problem}`);
  }
  for (const tool of overlay.clientTools) client.set(tool.name, tool);
  const clientTools = [...client.values()];
  const mcpServers = mergeServers(capabilities, overlay);
  const offered = offeredTools(tools, clientTools);
  return Object.freeze({
    overlay,
    model,
    capabilities,
    capabilityRefs: capabilities.map(({ capability, config }) => ({ ref: capability.id, config })),
    warnings: notes,
    tools,
    clientTools,
    offered,
    offeredNames: Object.freeze(offered.map((tool) => tool.name)),
    hooks,
    hasHook,
    commands,
    hasView: capabilities.some(({ capability }) =>
      capability.modelView !== undefined || capability.messageFilter !== undefined
    ),
    shrinks: capabilities.some(({ capability }) => capability.modelView?.shrinks === true),
    mcpServers,
    mcpServerCount: Object.keys(mcpServers).length,
    parallelToolCalls: overlay.parallelToolCalls ?? parallel,
    errorDisclosure: disclosure,
  });
}

function settingOf<T extends string | boolean>(
  owner: Capability,
  setting: T | ((config: JsonObject) => T | undefined) | undefined,
  config: JsonObject,
): T | undefined {
  return typeof setting === "function" ? setting.call(owner, config) : setting;
}

/** What the model is offered: executable tools, then the client's own. */
export function offeredTools(
  executable: ReadonlyMap<string, BoundTool>,
  clientTools: readonly ToolDefinition[],
): readonly ToolDefinition[] {
  const offered = [...executable.values()].map(({ tool }) => tool.definition);
  for (const tool of clientTools) if (!executable.has(tool.name)) offered.push(tool);
  return Object.freeze(offered);
}

function mergeServers(capabilities: readonly ResolvedCapability[], overlay: EffectiveOverlay): McpServers {
  const merged: Record<string, McpServerConfig> = Object.create(null);
  for (const { capability } of capabilities) Object.assign(merged, capability.mcpServers);
  Object.assign(merged, overlay.mcpServers);
  const sorted: Record<string, McpServerConfig> = Object.create(null);
  for (const name of Object.keys(merged).sort()) sorted[name] = merged[name]!;
  return Object.freeze(sorted);
}
