/** Tools of configured servers: connected when first needed, kept, skipped with a warning when nobody can. */

import { messageOf, RuntimeClosedError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { McpServerConfig, McpServers } from "../records/mcp.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Session } from "../records/session.ts";
import type { Tool } from "../ports/tool.ts";
import type { Clock } from "../ports/clock.ts";
import type { ToolSource, ToolSourceConnector, ToolSourceScope } from "../ports/tool_source.ts";
import { mapLimited } from "../kit/map_limited.ts";
import { isAllowed } from "../kit/network_policy.ts";
import type { RuntimeParts } from "./runtime_parts.ts";
import { type FetchedTools, ToolList } from "./tool_list.ts";

/** Longest wait for a server's tools, or for its connection to end, in milliseconds. */
const DEADLINE_MS = 10_000;
/** Most servers that are asked at a time for one context. */
const MAX_AT_ONCE = 16;
/** Most connections; the one that was not used for longest ends. */
const MAX_CONNECTIONS = 1024;

/** Longest reason of a warning, in characters: the last words of a program come last. */
const MAX_REASON = 1000;

/** Told about a server that is skipped. */
export type SourceWarning = (sessionId: SessionId, code: string, message: string) => void;

interface Connection {
  readonly sessionId: SessionId;
  /** Configuration and network policy as text: a record that was read again is another object. */
  readonly config: string;
  readonly networkAccess: NetworkAccess | undefined;
  /** Connects when it is first called. */
  readonly source: () => Promise<ToolSource>;
  /** The source, once there is one. */
  made?: ToolSource;
  readonly list: ToolList;
  /** Tells the source that it is no longer wanted. */
  readonly stop: AbortController;
}

/** Keeps the connections of all sessions; a failing server never fails a turn. */
export class ToolSources {
  readonly #connectors: ReadonlyMap<string, ToolSourceConnector>;
  readonly #warn: SourceWarning;
  readonly #clock: Clock;
  readonly #mostMs: number;
  /** Used last comes last. */
  readonly #connections = new Map<string, Connection>();
  #isClosed = false;

  /** Connects with the given connectors; a server gets as long as its connector wants, or less where hooks do. */
  constructor(parts: Pick<RuntimeParts, "connectors" | "clock" | "limits">, warn: SourceWarning) {
    this.#connectors = new Map(parts.connectors.map((connector) => [connector.type, connector]));
    this.#warn = warn;
    this.#clock = parts.clock;
    this.#mostMs = parts.limits.hookMs;
  }

  /** The tools of a session's servers, in order of the servers; of two with one name the first counts. */
  async tools(
    session: Session,
    servers: McpServers,
    networkAccess?: NetworkAccess,
    leftOut: (message: string) => void = ignore,
  ): Promise<readonly Tool[]> {
    const tell = (code: string, message: string): void => {
      this.#warn(session.id, code, message);
      leftOut(message);
    };
    const lists = await mapLimited(
      Object.entries(servers),
      MAX_AT_ONCE,
      ([name, config]) => this.#list(session.id, name, config, networkAccess, tell),
    );
    const tools = new Map<string, Tool>();
    for (const tool of lists.flat()) {
      const { name } = tool.definition;
      if (!tools.has(name)) tools.set(name, tool);
      else tell("mcp_tool_hidden", `Tool "${name}" is hidden: another server has one of that name`);
    }
    return [...tools.values()];
  }

  /** Asks the servers of a session again for their tools when they are next needed. */
  changed(sessionId: SessionId): void {
    for (const connection of this.#connections.values()) {
      if (connection.sessionId === sessionId) connection.list.forget();
    }
  }

  /** Ends all connections; waits for each no longer than for its tools. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    const ended = connections.map((connection) => end(connection, "The runtime was closed"));
    await Promise.allSettled(ended.map((ending) => this.#soon(ending, Math.min(DEADLINE_MS, this.#mostMs))));
  }

  async #list(
    sessionId: SessionId,
    name: string,
    config: McpServerConfig,
    networkAccess: NetworkAccess | undefined,
    tell: (code: string, message: string) => void,
  ): Promise<readonly Tool[]> {
    if (config.toolDiscovery === false) return [];
    const skip = (code: string, reason: string): readonly Tool[] => {
      tell(code, `MCP server "${name}" is skipped: ${reason.slice(0, MAX_REASON)}`);
      return [];
    };
    const type = config.type ?? "http";
    const connector = this.#connectors.get(type);
    if (connector === undefined) return skip("mcp_server_skipped", `no connector for ${type} servers was given`);
    if (config.url !== undefined && !isAllowed(networkAccess, config.url)) {
      return skip("mcp_server_refused", "the network access policy does not allow its address");
    }
    // Nobody would end what is connected now.
    if (this.#isClosed) throw new RuntimeClosedError("connect a server");
    const key = `${sessionId}\n${name}`;
    const connection = this.#connection(key, sessionId, name, config, connector, networkAccess);
    const deadline = Math.min(connector.discoveryMs ?? DEADLINE_MS, this.#mostMs);
    try {
      return await connection.list.tools(
        connection.made?.revision,
        () => this.#soon(toolsOf(connection, this.#scope(connection)), deadline),
        (error) => {
          const reason = messageOf(error).slice(0, MAX_REASON);
          this.#warn(sessionId, "mcp_server_stale", `MCP server "${name}" keeps its earlier tools: ${reason}`);
        },
      );
    } catch (error) {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
      end(connection, "The server failed").catch(ignore);
      return skip("mcp_server_failed", messageOf(error));
    }
  }

  /** The connection of a server, made anew when its configuration changed. */
  #connection(
    key: string,
    sessionId: SessionId,
    name: string,
    config: McpServerConfig,
    connector: ToolSourceConnector,
    networkAccess: NetworkAccess | undefined,
  ): Connection {
    const text = JSON.stringify([config, networkAccess]);
    const known = this.#connections.get(key);
    this.#connections.delete(key);
    if (known?.config === text) {
      this.#connections.set(key, known);
      return known;
    }
    if (known !== undefined) end(known, "The server's configuration changed").catch(ignore);
    const stop = new AbortController();
    const scope = this.#scope({ sessionId, stop, networkAccess });
    let source: Promise<ToolSource> | undefined;
    const connection: Connection = {
      sessionId,
      config: text,
      networkAccess,
      source: () => source ??= Promise.try(() => connector.connect(name, config, scope)),
      list: new ToolList(this.#clock),
      stop,
    };
    this.#connections.set(key, connection);
    const [[oldest, idle] = []] = this.#connections;
    if (this.#connections.size > MAX_CONNECTIONS && oldest !== undefined && idle !== undefined) {
      this.#connections.delete(oldest);
      end(idle, "Too many servers are connected").catch(ignore);
    }
    return connection;
  }

  #scope(
    { sessionId, stop, networkAccess }: Pick<Connection, "sessionId" | "stop" | "networkAccess">,
  ): ToolSourceScope {
    return {
      sessionId,
      signal: stop.signal,
      ...(networkAccess === undefined ? {} : { networkAccess }),
      report: (code, message) => this.#warn(sessionId, String(code), String(message).slice(0, 500)),
    };
  }

  /** Waits, but no longer than the deadline. */
  #soon<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** The tools a source lists; a source may be anything and list anything. */
async function toolsOf(connection: Connection, scope: ToolSourceScope): Promise<FetchedTools> {
  const source = await connection.source();
  connection.made = source;
  // Read before the list: what changes meanwhile makes the list old.
  const { revision } = source;
  const listed: unknown = await source.list(scope);
  if (!Array.isArray(listed)) throw new TypeError("it listed no array of tools");
  const tools: readonly unknown[] = [...listed];
  if (!tools.every(isTool)) throw new TypeError("it listed something that is no tool");
  return { tools, revision };
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
  await (await source()).close();
}

function ignore(): void {}
