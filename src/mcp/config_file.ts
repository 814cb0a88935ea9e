/** Reading the `.mcp.json` form that many programs share. */

import { messageOf, type RuntimeError } from "../errors.ts";
import type { McpServerConfig, McpServers } from "../records/mcp.ts";
import { jsonProblem } from "../kit/json_problem.ts";
import { mcpError } from "./failure.ts";

/** Options of {@linkcode readMcpConfig}. */
export interface ReadMcpConfigOptions {
  /** The value of a variable that the file names as `${NAME}`. @default no variable is set */
  readonly lookup?: (name: string) => string | undefined;
  /** Told about a server that cannot be used, which is then left out. @default such a server is an error */
  readonly onWarning?: (message: string) => void;
}

type Members = Readonly<Record<string, unknown>>;

const TYPES: ReadonlyMap<unknown, "http" | "stdio"> = new Map<unknown, "http" | "stdio">([
  ["http", "http"],
  ["streamable-http", "http"],
  ["streamableHttp", "http"],
  ["sse", "http"],
  ["stdio", "stdio"],
]);
const AUTH_MODES: readonly unknown[] = ["none", "api_key", "oauth"];

/**
 * Reads the servers of a `.mcp.json` text: `{ "mcpServers": { "name": { ... } } }`.
 *
 * `${NAME}` in `url`, `command`, `cwd`, `args`, `headers` and `env` becomes the value that `lookup` gives, and
 * `${NAME:-text}` the text when it gives none. What is not set, or not terminated, stays as it is. A server without a
 * type is `stdio` when it has a command, and one with `"disabled": true` is left out. Nothing is read but the text: the
 * host reads the file, and decides whether it trusts the folder the file lies in.
 *
 * @throws {RuntimeError} `mcp_config_invalid` when the text is not such a file, or a server cannot be used and nobody
 * is told
 *
 * @example
 * ```ts
 * import { readMcpConfig } from "@everruns/runtime/mcp";
 * import assert from "node:assert/strict";
 *
 * const text = '{ "mcpServers": { "docs": { "url": "https://${HOST}/mcp" } } }';
 * const servers = readMcpConfig(text, { lookup: (name) => name === "HOST" ? "example.com" : undefined });
 * assert.equal(servers["docs"]?.url, "https://example.com/mcp");
 * ```
 */
export function readMcpConfig(text: string, options: ReadMcpConfigOptions = {}): McpServers {
  if (typeof text !== "string") throw new TypeError(`Cannot read MCP servers from ${typeof text}: expected a string`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalid(`the text is not JSON (${jsonProblem(error)})`);
  }
  const listed = isMembers(parsed) ? parsed["mcpServers"] : undefined;
  if (!isMembers(listed)) throw invalid('expected an object with an object "mcpServers"');
  const servers: Record<string, McpServerConfig> = Object.create(null);
  for (const [name, server] of Object.entries(listed)) {
    if (isMembers(server) && server["disabled"] === true) continue;
    try {
      servers[name] = readServer(name, server, options.lookup ?? (() => undefined));
    } catch (error) {
      if (options.onWarning === undefined) throw error;
      options.onWarning(messageOf(error));
    }
  }
  return Object.freeze(servers);
}

function readServer(name: string, server: unknown, lookup: (name: string) => string | undefined): McpServerConfig {
  const bad = (problem: string): RuntimeError => invalid(`server ${JSON.stringify(name)} ${problem}`);
  if (name.trim() === "") throw bad("has no name");
  if (!isMembers(server)) throw bad("is not an object");
  const text = (key: string, ...other: readonly string[]): string | undefined => {
    const value = [key, ...other].map((member) => server[member]).find((member) => member !== undefined);
    if (value === undefined || typeof value === "string") return value;
    throw bad(`has a "${key}" that is not a string`);
  };
  const texts = (key: string, ...other: readonly string[]): readonly string[] | undefined => {
    const value = [key, ...other].map((member) => server[member]).find((member) => member !== undefined);
    if (value === undefined || Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw bad(`has "${key}" that are not a list of strings`);
  };
  const map = (key: string): Readonly<Record<string, string>> | undefined => {
    const value = server[key];
    if (value === undefined) return undefined;
    const result: Record<string, string> = {};
    for (const [member, item] of isMembers(value) ? Object.entries(value) : [["", undefined] as const]) {
      if (typeof item !== "string") throw bad(`has "${key}" that are not strings by name`);
      result[member] = expand(item, lookup);
    }
    return result;
  };
  const expanded = (key: string): string | undefined => {
    const value = text(key);
    return value === undefined ? undefined : expand(value, lookup);
  };
  const command = expanded("command");
  const url = expanded("url");
  const named = text("type") ?? (command === undefined ? "http" : "stdio");
  const type = TYPES.get(named);
  if (type === undefined) throw bad(`has the unknown type ${JSON.stringify(named)}`);
  if (type === "stdio" && (command ?? "") === "") throw bad("has no command");
  if (type === "http" && (url ?? "") === "") throw bad("has no url");
  const authMode = text("authMode", "auth_mode");
  if (authMode !== undefined && !AUTH_MODES.includes(authMode)) throw bad(`has the unknown authMode "${authMode}"`);
  const discovery = server["toolDiscovery"] ?? server["tool_discovery"];
  if (discovery !== undefined && typeof discovery !== "boolean") throw bad('has a "toolDiscovery" that is no boolean');
  const timeoutMs = server["timeoutMs"];
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0)) {
    throw bad('has a "timeoutMs" that is no positive number');
  }
  const config = {
    type,
    ...(type === "http" ? { url, headers: map("headers") } : {
      command,
      args: texts("args")?.map((arg) => expand(arg, lookup)),
      env: map("env"),
      cwd: expanded("cwd"),
    }),
    authMode,
    protocolMode: text("protocolMode", "protocol_mode"),
    oauthProviderId: text("oauthProviderId", "oauth_provider_id"),
    toolDiscovery: discovery,
    allowTools: texts("allowTools"),
    denyTools: texts("denyTools"),
    approveTools: texts("approveTools"),
    timeoutMs,
  };
  return Object.freeze(Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)));
}

/** Replaces variables once: a value that looks like one stays as it is. */
function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (whole, name: string, otherwise: string | undefined) => {
    return lookup(name) ?? otherwise ?? whole;
  });
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(problem: string): RuntimeError {
  return mcpError("mcp_config_invalid", `Cannot read MCP servers: ${problem}`);
}
