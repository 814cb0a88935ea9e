/** The tool source port: tools that come from elsewhere, such as an MCP server. */

import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { Tool } from "./tool.ts";

/** Whom a connector connects for. */
export interface ToolSourceScope {
  /** The session. */
  readonly sessionId: SessionId;
  /** Aborted when the tools are no longer wanted. */
  readonly signal: AbortSignal;
}

/** One connected server. */
export interface ToolSource {
  /** The server's name in the configuration. */
  readonly name: string;
  /** Its tools, named `mcp_<server>__<tool>`. */
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
  /** Connects one server. */
  connect(name: string, config: McpServerConfig, scope: ToolSourceScope): Promise<ToolSource>;
}
