/** Tools of configured servers: connected when first needed, skipped with a warning when nobody can. */

import { messageOf } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig, McpServers } from "../records/mcp.ts";
import type { Session } from "../records/session.ts";
import type { Tool } from "../ports/tool.ts";
import type { Clock } from "../ports/clock.ts";
import type { ToolSource, ToolSourceConnector, ToolSourceScope } from "../ports/tool_source.ts";
import type { RuntimeParts } from "./runtime_parts.ts";

/** Longest wait for a server's tools, or for its connection to end, in milliseconds. */
const DEADLINE_MS = 10_000;

/** Told about a server that is skipped. */
export type SourceWarning = (sessionId: SessionId, code: string, message: string) => void;

interface Connection {
  readonly config: McpServerConfig;
  readonly source: Promise<ToolSource>;
  /** Tells the source that it is no longer wanted. */
  readonly stop: AbortController;
}

/** Keeps the connections of all sessions; a failing server never fails a turn. */
export class ToolSources {
  readonly #connectors: ReadonlyMap<string, ToolSourceConnector>;
  readonly #warn: SourceWarning;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #connections = new Map<string, Connection>();

  /** Connects with the given connectors; a server gets ten seconds, or less where hooks do. */
  constructor(parts: Pick<RuntimeParts, "connectors" | "clock" | "limits">, warn: SourceWarning) {
    this.#connectors = new Map(parts.connectors.map((connector) => [connector.type, connector]));
    this.#warn = warn;
    this.#clock = parts.clock;
    this.#deadlineMs = Math.min(DEADLINE_MS, parts.limits.hookMs);
  }

  /** The tools of a session's servers, in order of the servers. */
  async tools(session: Session, servers: McpServers): Promise<readonly Tool[]> {
    const lists = await Promise.all(
      Object.entries(servers).map(([name, config]) => this.#list(session.id, name, config)),
    );
    return lists.flat();
  }

  /** Ends all connections; waits for each no longer than for its tools. */
  async close(): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    const ended = connections.map((connection) => end(connection, "The runtime was closed"));
    await Promise.allSettled(ended.map((ending) => this.#soon(ending)));
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
    let connection = this.#connections.get(key);
    if (connection === undefined || connection.config !== config) {
      if (connection !== undefined) end(connection, "The server's configuration changed").catch(ignore);
      const stop = new AbortController();
      const scope = { sessionId, signal: stop.signal };
      connection = { config, stop, source: Promise.try(() => connector.connect(name, config, scope)) };
      this.#connections.set(key, connection);
    }
    try {
      return await this.#soon(toolsOf(connection, { sessionId, signal: connection.stop.signal }));
    } catch (error) {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
      end(connection, "The server failed").catch(ignore);
      this.#warn(sessionId, "mcp_server_failed", `MCP server "${name}" is skipped: ${messageOf(error).slice(0, 300)}`);
      return [];
    }
  }

  /** Waits, but no longer than the deadline. */
  #soon<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(
        () => reject(new Error(`no answer within ${this.#deadlineMs} ms`)),
        this.#deadlineMs,
      );
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** The tools a source lists; a source may be anything and list anything. */
async function toolsOf({ source }: Connection, scope: ToolSourceScope): Promise<readonly Tool[]> {
  const listed: unknown = await (await source).list(scope);
  if (!Array.isArray(listed)) throw new TypeError("it listed no array of tools");
  const tools: readonly unknown[] = [...listed];
  if (!tools.every(isTool)) throw new TypeError("it listed something that is no tool");
  return tools;
}

function isTool(tool: unknown): tool is Tool {
  if (typeof tool !== "object" || tool === null) return false;
  const { definition, parse, execute } = tool as Readonly<Record<keyof Tool, unknown>>;
  if (typeof definition !== "object" || definition === null) return false;
  const { name, parameters } = definition as Readonly<Record<string, unknown>>;
  return typeof name === "string" && name !== "" && typeof parameters === "object" && parameters !== null &&
    typeof parse === "function" && typeof execute === "function";
}

/** Ends a connection, also one that is not made yet. */
async function end({ source, stop }: Connection, reason: string): Promise<void> {
  stop.abort(new DOMException(reason, "AbortError"));
  await (await source).close();
}

function ignore(): void {}
