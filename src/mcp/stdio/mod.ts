/**
 * MCP servers that are local programs.
 *
 * A program runs with every right of its own, whatever this process may do: configure only programs you trust. It gets
 * exactly the configured environment. Its standard input is closed when the runtime closes, then it is asked to end,
 * then made to; a program that ends by itself is started again when it is next needed.
 *
 * **Permissions:** importing this module needs none and loads no npm package; starting a server needs
 * `--allow-run=COMMAND`. A launcher such as `npx`, `deno` or `sh` starts anything: grant the server's own program where
 * there is one.
 *
 * @example Start a server
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { mcpStdio } from "@everruns/runtime/mcp/stdio";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .toolSource(mcpStdio())
 *   .singleSession((s) =>
 *     s.harness("assistant", "You are helpful.")
 *       .sessionMcpServers({ files: { type: "stdio", command: "mcp-server-filesystem", args: ["/srv/docs"] } })
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
} from "../client_handlers.ts";
export type { McpClientInfo } from "../connection.ts";
export type { McpConnector, McpConnectorOptions, McpServerScope } from "../options.ts";
export type { McpPinStore, McpToolChange } from "../tool_pins.ts";
export type { McpProcess } from "./process_transport.ts";
export { type McpCommand, mcpStdio, type McpStdioOptions } from "./stdio_connector.ts";
