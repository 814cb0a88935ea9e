/** MCP servers as an editor names them. */

import type { McpServer } from "@agentclientprotocol/sdk";
import type { McpServerConfig, McpServers } from "@everruns/runtime";
import { atHome } from "../host/mcp_servers.ts";

/** The servers of a request, by name. */
export function requestedServers(servers: readonly McpServer[], workspace: string): McpServers {
  const byName: Record<string, McpServerConfig> = {};
  for (const server of servers) {
    byName[server.name] = "type" in server
      ? { type: "http", url: server.url, headers: pairs(server.headers) }
      : atHome({ type: "stdio", command: server.command, args: server.args, env: pairs(server.env) }, workspace);
  }
  return byName;
}

function pairs(list: readonly { readonly name: string; readonly value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}
