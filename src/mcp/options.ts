/** Options that both kinds of connectors share. */

import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { Clock } from "../ports/clock.ts";
import type { ToolSourceConnector } from "../ports/tool_source.ts";
import type { McpClientHandlers } from "./client_handlers.ts";
import type { McpClientInfo } from "./connection.ts";
import type { McpPinStore, McpToolChange } from "./tool_pins.ts";

/** The server a host's function is asked about. */
export interface McpServerScope {
  /** Its name in the configuration. */
  readonly server: string;
  /** Its configuration. */
  readonly config: McpServerConfig;
  /** The session it is connected for. */
  readonly sessionId: SessionId;
}

/** Options of both connectors. */
export interface McpConnectorOptions {
  /** Globs over server names: only these are connected. @default every configured server */
  readonly allowServers?: readonly string[];
  /** Globs over server names: these are not connected; wins over `allowServers`. @default none */
  readonly denyServers?: readonly string[];
  /**
   * Answers to what servers ask: elicitation, sampling, roots.
   *
   * @default none, and servers are told so
   */
  readonly handlers?: (scope: McpServerScope) => McpClientHandlers | undefined;
  /**
   * What happens to a tool whose description, schema or annotations changed since it was first seen.
   *
   * Either way a `runtime.warning` event with the code `mcp_tool_changed` tells; with `quarantine` the tool is not
   * offered until the host calls `approve()`.
   *
   * @default {"report"}
   */
  readonly changedTools?: "report" | "quarantine";
  /** Keeps what tools looked like between processes. @default in memory, as long as the connector lives */
  readonly pins?: McpPinStore;
  /**
   * Whether what servers say about the effects of their tools counts.
   *
   * Without, every call is `at_most_once` and `createApproval()` asks about each. The protocol wants it so for servers the
   * host does not trust (2025-11-25, tool annotations): one that lies would spare itself a question.
   *
   * @default {false}
   */
  readonly trustAnnotations?: boolean;
  /** Who the client says it is. @default {{ name: "everruns-runtime", version: "0" }} */
  readonly clientInfo?: McpClientInfo;
  /**
   * Longest wait for a connection and its handshake, in milliseconds.
   *
   * A turn waits as long for a server's tools, but never longer than for hooks (`limits.hookMs`, 30 seconds): raise both
   * for a program that has to be fetched first.
   *
   * @default {30000}
   */
  readonly connectMs?: number;
  /** Time. @default the system's */
  readonly clock?: Clock;
}

/** A connector of MCP servers. */
export interface McpConnector extends ToolSourceConnector {
  /** Changes of tools that nobody approved yet. */
  changedTools(): readonly McpToolChange[];
  /**
   * Takes a changed tool as its server lists it now; tells whether there was a change to approve.
   *
   * With the `after` of the change that somebody looked at, only that one is approved: the server may list another since.
   */
  approve(server: string, tool: string, after?: string): Promise<boolean>;
}
