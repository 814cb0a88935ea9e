/** Tools of configured servers: connected when first needed, skipped with a warning when nobody can. */

import { messageOf } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig, McpServers } from "../records/mcp.ts";
import type { Session } from "../records/session.ts";
import type { Tool } from "../ports/tool.ts";
import type { ToolSource, ToolSourceConnector } from "../ports/tool_source.ts";

/** Told about a server that is skipped. */
export type SourceWarning = (sessionId: SessionId, code: string, message: string) => void;

interface Connection {
  readonly config: McpServerConfig;
  readonly source: Promise<ToolSource>;
}

/** Keeps the connections of all sessions; a failing server never fails a turn. */
export class ToolSources {
  readonly #connectors: ReadonlyMap<string, ToolSourceConnector>;
  readonly #warn: SourceWarning;
  readonly #stop = new AbortController();
  readonly #connections = new Map<string, Connection>();

  /** Connects with the given connectors. */
  constructor(connectors: readonly ToolSourceConnector[], warn: SourceWarning) {
    this.#connectors = new Map(connectors.map((connector) => [connector.type, connector]));
    this.#warn = warn;
  }

  /** The tools of a session's servers, in order of the servers. */
  async tools(session: Session, servers: McpServers): Promise<readonly Tool[]> {
    const lists = await Promise.all(
      Object.entries(servers).map(([name, config]) => this.#list(session.id, name, config)),
    );
    return lists.flat();
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException("The runtime was closed", "AbortError"));
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.allSettled(connections.map(async ({ source }) => await (await source).close()));
  }

  async #list(sessionId: SessionId, name: string, config: McpServerConfig): Promise<readonly Tool[]> {
    if (config.toolDiscovery === false) return [];
    const type = config.type ?? "http";
    const connector = this.#connectors.get(type);
    if (connector === undefined) {
      this.#warn(
        sessionId,
        "mcp_server_skipped",
        `MCP server "${name}" is skipped: no connector for ${type} servers was given`,
      );
      return [];
    }
    const key = `${sessionId}\n${name}`;
    const scope = { sessionId, signal: this.#stop.signal };
    let connection = this.#connections.get(key);
    if (connection === undefined || connection.config !== config) {
      connection?.source.then((source) => source.close()).catch(ignore);
      connection = { config, source: connector.connect(name, config, scope) };
      this.#connections.set(key, connection);
    }
    try {
      return await (await connection.source).list(scope);
    } catch (error) {
      this.#connections.delete(key);
      this.#warn(sessionId, "mcp_server_failed", `MCP server "${name}" is skipped: ${messageOf(error).slice(0, 300)}`);
      return [];
    }
  }
}

function ignore(): void {}
