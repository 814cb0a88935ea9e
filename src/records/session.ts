/** The session: one conversation and the last configuration layer. */

import type { JsonObject } from "./json.ts";
import type { AgentId, HarnessId, ModelId, OrgId, SessionId } from "./ids.ts";
import type { LayerConfig } from "./harness.ts";
import type { ToolDefinition } from "./tool.ts";

/** What a session is doing. */
export type SessionStatus = "started" | "active" | "idle" | "waiting_for_tool_results";

/** One conversation. */
export interface Session extends LayerConfig {
  /** Its id. */
  readonly id: SessionId;
  /** Keys the file store; sessions may share one. @default the session's own id */
  readonly workspaceId: string;
  /** The organisation it belongs to. */
  readonly organizationId: OrgId;
  /** Its harness. */
  readonly harnessId: HarnessId;
  /** Its agent, if any. */
  readonly agentId?: AgentId;
  /** Who owns it. */
  readonly ownerPrincipalId?: string;
  /** Title for people. */
  readonly title?: string;
  /** What the session is to achieve. */
  readonly goal?: string;
  /** Locale of answers (BCP 47). */
  readonly locale?: string;
  /** Model of this session. */
  readonly modelId?: ModelId;
  /** Client-side tools. */
  readonly tools: readonly ToolDefinition[];
  /** Free hints for capabilities and clients. */
  readonly hints?: JsonObject;
  /** Most reason steps of a turn. */
  readonly maxIterations?: number;
  /** The session that created it. */
  readonly parentSessionId?: SessionId;
  /** The blueprint it was made from. */
  readonly blueprintId?: string;
  /** The blueprint's configuration. */
  readonly blueprintConfig?: JsonObject;
  /** Whether it is pinned. */
  readonly isPinned?: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; a changed record has a later one. */
  readonly updatedAt: number;
}
