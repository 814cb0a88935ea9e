/** The tool source port: tools that come from elsewhere, such as an MCP server. */

import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Tool } from "./tool.ts";

/** Whom a connector connects for. */
export interface ToolSourceScope {
  /** The session. */
  readonly sessionId: SessionId;
  /** Aborted when the tools are no longer wanted. */
  readonly signal: AbortSignal;
  /** The session's network policy, for every address the source is led to; a changed policy makes a new source. */
  readonly networkAccess?: NetworkAccess;
  /** Tells the host about something, as a `runtime.warning` event with a stable code; never throws. */
  readonly report?: (code: string, message: string) => void;
}

/** One connected server. */
export interface ToolSource {
  /** The server's name in the configuration. */
  readonly name: string;
  /**
   * Its tools, named `mcp_<server>__<tool>`.
   *
   * Asked at most once an hour while `revision` stays the same. The tools stay callable until `close()`: a lost
   * connection is the source's to mend.
   */
  list(scope: ToolSourceScope): Promise<readonly Tool[]>;
  /** Changes whenever the list may have changed. */
  readonly revision: number;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Connects configured servers of one kind; the host passes it to the builder. */
export interface ToolSourceConnector {
  /** The kind of server it connects. */
  readonly type: "http" | "stdio";
  /**
   * Longest wait of a turn for a server's tools, in milliseconds; never more than hooks get.
   *
   * @default {10000}
   */
  readonly discoveryMs?: number;
  /** Connects one server. */
  connect(name: string, config: McpServerConfig, scope: ToolSourceScope): Promise<ToolSource>;
}
