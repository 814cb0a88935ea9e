/** The harness: the root configuration layer. */

import type { AgentId, HarnessId, ModelId } from "./ids.ts";
import type { CapabilityRef } from "./capability_ref.ts";
import type { InitialFile } from "./initial_file.ts";
import type { McpServers } from "./mcp.ts";
import type { NetworkAccess } from "./network_access.ts";
import type { ToolDefinition } from "./tool.ts";
import type { Usage } from "./usage.ts";

/** Where a record is in its life. */
export type RecordStatus = "active" | "archived" | "deleted";

/** What every configuration layer may say. */
export interface LayerConfig {
  /** Text for the system prompt; blank means none. */
  readonly systemPrompt?: string;
  /** Capabilities it switches on. */
  readonly capabilities: readonly CapabilityRef[];
  /** Files it brings along. */
  readonly initialFiles: readonly InitialFile[];
  /** Its network policy; layers only narrow. */
  readonly networkAccess?: NetworkAccess;
  /** Whether calls of one reply may run at the same time. */
  readonly parallelToolCalls?: boolean;
  /** MCP servers by name. */
  readonly mcpServers: McpServers;
  /** Labels. */
  readonly tags: readonly string[];
}

/** A harness: an agent execution template. */
export interface Harness extends LayerConfig {
  /** Its id. */
  readonly id: HarnessId;
  /** Its name. */
  readonly name: string;
  /** Name for people. */
  readonly displayName?: string;
  /** What it is for. */
  readonly description?: string;
  /** The harness it extends. */
  readonly parentHarnessId?: HarnessId;
  /** Model to use when nothing nearer names one. */
  readonly defaultModelId?: ModelId;
  /** Strings sent along as request metadata; the leaf wins. */
  readonly embedderMetadata: Readonly<Record<string, string>>;
  /** Whether the host ships it. */
  readonly isBuiltIn: boolean;
  /** Where it is in its life. */
  readonly status: RecordStatus;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; a changed record has a later one. */
  readonly updatedAt: number;
}

/** An agent: the optional layer between harness and session. */
export interface Agent extends LayerConfig {
  /** Its id. */
  readonly id: AgentId;
  /** Its name. */
  readonly name: string;
  /** Name for people. */
  readonly displayName?: string;
  /** What it is for. */
  readonly description?: string;
  /** Model to use when nothing nearer names one. */
  readonly defaultModelId?: ModelId;
  /** Most reason steps of a turn. */
  readonly maxIterations?: number;
  /** Client-side tools. */
  readonly tools: readonly ToolDefinition[];
  /** Where it is in its life. */
  readonly status: RecordStatus;
  /** Tokens spent under it. */
  readonly usage?: Usage;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; a changed record has a later one. */
  readonly updatedAt: number;
}
