/** What capabilities and servers add to a turn context; not loaded for a session that has neither. */

import { messageOf, RuntimeError } from "../errors.ts";
import type { Message } from "../records/message.ts";
import type { ModelProfile } from "../records/model.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Session } from "../records/session.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { Capability, CapabilityContext } from "../ports/capability.ts";
import type { McpServers } from "../records/mcp.ts";
import type { SessionFiles } from "../ports/file_store.ts";
import type { RuntimeProviderStore } from "../ports/stores.ts";
import type { Tool } from "../ports/tool.ts";
import type { CapabilityRegistry } from "../kit/registries.ts";
import type { LayerSources } from "./layers.ts";
import type { ResolvedCapability } from "./resolve.ts";
import { type BoundTool, offeredTools, type SessionConfig } from "./session_config.ts";

/** Where a context is assembled from. */
export interface ContextSources extends LayerSources {
  /** Models. */
  readonly providers: RuntimeProviderStore;
  /** Capabilities. */
  readonly capabilities: CapabilityRegistry;
  /** The files of a workspace. */
  files(workspaceId: string): SessionFiles;
  /** Tools of the configured servers, and which were left out; absent when the host connects none. */
  sourceTools?(
    session: Session,
    servers: McpServers,
    networkAccess?: NetworkAccess,
    leftOut?: (message: string) => void,
  ): Promise<readonly Tool[]>;
}

/** A capability's part of the prompt. */
export interface PromptBlock {
  /** The capability. */
  readonly id: string;
  /** Its text. */
  readonly text: string;
}

/** The prompt blocks and facts of the capabilities. */
export async function collectTexts(
  config: SessionConfig,
  context: (owner: ResolvedCapability) => CapabilityContext,
): Promise<{ blocks: PromptBlock[]; facts: string }> {
  const blocks: PromptBlock[] = [];
  let facts = "";
  for (const owner of config.capabilities) {
    const { capability } = owner;
    const prompt = capability.systemPrompt;
    const text = typeof prompt === "function" ? await told(prompt.bind(capability), "systemPrompt", owner) : prompt;
    if (text !== undefined && text !== "") blocks.push({ id: capability.id, text });
    const fact = capability.facts === undefined
      ? undefined
      : await told(capability.facts.bind(capability), "facts", owner);
    if (fact !== undefined && fact.trim() !== "") facts += facts === "" ? fact.trim() : `\n${fact.trim()}`;
  }
  return { blocks, facts };

  async function told(
    tell: NonNullable<Capability["facts"]>,
    member: string,
    owner: ResolvedCapability,
  ): Promise<string | undefined> {
    try {
      return await tell(context(owner));
    } catch (cause) {
      throw failureOf(member, owner, cause);
    }
  }
}

/** The tools of capabilities and servers, and the definitions of all. */
export async function collectTools(
  sources: ContextSources,
  config: SessionConfig,
  session: Session,
  leftOut: (message: string) => void,
): Promise<{ executable: ReadonlyMap<string, BoundTool>; all: readonly ToolDefinition[] }> {
  let executable = config.tools;
  const servers = config.mcpServers;
  if (sources.sourceTools !== undefined && config.mcpServerCount > 0) {
    const merged = new Map(executable);
    for (const tool of await sources.sourceTools(session, servers, config.overlay.networkAccess, leftOut)) {
      if (!merged.has(tool.definition.name)) merged.set(tool.definition.name, { tool });
    }
    executable = merged;
  }
  const all = executable === config.tools ? config.offered : offeredTools(executable, config.clientTools);
  return { executable, all };
}

/** The tools as the hooks rewrite them for one request. */
export function offerTools(
  config: SessionConfig,
  all: readonly ToolDefinition[],
  context: (owner: ResolvedCapability) => CapabilityContext,
  messages: readonly Message[],
  profile?: ModelProfile,
): readonly ToolDefinition[] {
  let offered = all;
  for (const { owner, hooks } of config.hooks) {
    if (hooks.toolDefinitions === undefined) continue;
    try {
      // Copies, because one list is the session's history and the other its tools: sorting them would damage both.
      const answer: unknown = hooks.toolDefinitions([...offered], context(owner), [...messages], profile);
      if (!Array.isArray(answer)) throw new TypeError("it answered no list of tools");
      offered = answer;
    } catch (cause) {
      throw failureOf("toolDefinitions", owner, cause);
    }
  }
  return offered;
}

/** Errors with a code say themselves what they are about. */
function failureOf(member: string, { capability }: ResolvedCapability, cause: unknown): Error {
  if (cause instanceof RuntimeError) return cause;
  return new Error(`${member} of capability "${capability.id}" failed: ${messageOf(cause)}`, { cause });
}
