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
  /** How the runtime proves itself. @default {"none"} */
  readonly authMode?: "none" | "api_key" | "oauth";
  /** Protocol revision, or `auto`. @default {"auto"} */
  readonly protocolMode?: string;
  /** The OAuth provider to use. */
  readonly oauthProviderId?: string;
  /** Whether its tools are offered. @default {true} */
  readonly toolDiscovery?: boolean;
}

/** MCP servers by name. */
export type McpServers = Readonly<Record<string, McpServerConfig>>;
