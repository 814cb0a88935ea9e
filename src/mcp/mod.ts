/**
 * MCP servers over HTTP, and reading the configuration files that name servers.
 *
 * Layers configure servers under `mcpServers`; the tools a server lists become ordinary tools of the session, named
 * `mcp_<server>__<tool>`: hooks, approval and output caps apply to them. A server that fails is left out of a turn with
 * a `runtime.warning` event. Addresses in private networks and on this machine are refused unless allowed, and
 * everything a server says counts as foreign: schemas are never run as code, sizes and times are bounded.
 *
 * **Permissions:** importing this module needs none and loads no npm package; connecting needs `--allow-net=HOST` for
 * each server, the name without a port. Servers that are local programs are connected by
 * `@everruns/runtime/mcp/stdio`.
 *
 * @example Connect a server
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { mcpHttp } from "@everruns/runtime/mcp";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .toolSource(mcpHttp())
 *   .singleSession((s) =>
 *     s.harness("assistant", "You are helpful.").sessionMcpServers({ docs: { url: "https://mcp.example.com/" } })
 *   )
 *   .build();
 * ```
 *
 * @module
 */

export type {
  McpClientHandlers,
  McpFormRequest,
  McpPageRequest,
  McpRequestContext,
  McpRoot,
  McpSample,
  McpSampleRequest,
  McpUserAnswer,
} from "./client_handlers.ts";
export { readMcpConfig, type ReadMcpConfigOptions } from "./config_file.ts";
export type { McpClientInfo } from "./connection.ts";
export type { McpFetch } from "./guarded_fetch.ts";
export { type McpBearerToken, mcpHttp, type McpHttpOptions } from "./http_connector.ts";
export type {
  McpAuthKey,
  McpAuthorization,
  McpClientRegistration,
  McpCredentials,
  McpOAuthOptions,
  McpTokenStore,
} from "./oauth.ts";
export type { HostLookup } from "../kit/web/vetted_address.ts";
export type { McpConnector, McpConnectorOptions, McpServerScope } from "./options.ts";
export type { McpPinStore, McpToolChange } from "./tool_pins.ts";
