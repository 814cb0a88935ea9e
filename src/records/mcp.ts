/** Configuration of MCP servers. */

/** One MCP server as a layer configures it. */
export interface McpServerConfig {
  /** How it is reached. @default {"http"} */
  readonly type?: "http" | "stdio";
  /** Address of an HTTP server. */
  readonly url?: string;
  /** Headers of an HTTP server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Program of a local server. */
  readonly command?: string;
  /** Arguments of the program. */
  readonly args?: readonly string[];
  /** The whole environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working folder of the program. @default the host's */
  readonly cwd?: string;
  /** How the runtime proves itself. @default {"none"} */
  readonly authMode?: "none" | "api_key" | "oauth";
  /**
   * Protocol revision: `auto`, `legacy` (handshake first, up to 2025-11-25), or a date of one revision.
   *
   * @default {"auto"}
   */
  readonly protocolMode?: string;
  /** The OAuth provider to use. */
  readonly oauthProviderId?: string;
  /** Whether its tools are offered. @default {true} */
  readonly toolDiscovery?: boolean;
  /** Globs over the server's own tool names: only these are offered. @default every tool */
  readonly allowTools?: readonly string[];
  /** Globs over the server's own tool names: these are not offered; wins over `allowTools`. @default none */
  readonly denyTools?: readonly string[];
  /** Globs over the server's own tool names: somebody must agree before these run. @default none */
  readonly approveTools?: readonly string[];
  /** Longest silence of a call, in milliseconds; progress counts as a sign of life. @default {60000} */
  readonly timeoutMs?: number;
}

/** MCP servers by name. */
export type McpServers = Readonly<Record<string, McpServerConfig>>;
