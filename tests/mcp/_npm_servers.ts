/**
 * The reference servers from npm as child processes.
 *
 * They are fetched once with the whole environment of the test run, which may hold what a registry needs; the servers
 * themselves are started with an environment of their own and from the cache alone.
 *
 * @module
 */

import type { McpServerConfig } from "../../src/records/mcp.ts";

const VERSION = "2026.8.31";

/** The servers, and what each may do. */
export const NPM_SERVERS = {
  everything: ["--allow-read", "--allow-env", "--allow-net=127.0.0.1"],
  filesystem: ["--allow-read", "--allow-env", "--allow-write=/nonexistent"],
  memory: ["--allow-read", "--allow-env", "--allow-write=/tmp"],
  "sequential-thinking": ["--allow-read", "--allow-env"],
} as const;

/** The name of a server. */
export type NpmServer = keyof typeof NPM_SERVERS;

const specifier = (server: NpmServer): string => `npm:@modelcontextprotocol/server-${server}@${VERSION}`;

let fetched: Promise<void> | undefined;

/** Fetches the servers, so that starting one needs no network. */
export function fetchServers(): Promise<void> {
  fetched ??= (async () => {
    const servers = Object.keys(NPM_SERVERS).map((server) => specifier(server as NpmServer));
    const { code, stderr } = await new Deno.Command("deno", { args: ["cache", "-q", "--no-config", ...servers] })
      .output();
    if (code !== 0) throw new Error(`Cannot fetch the servers: ${new TextDecoder().decode(stderr)}`);
  })();
  return fetched;
}

/** The arguments that start a server with `deno`. */
export function serverArguments(server: NpmServer, ...args: readonly string[]): string[] {
  return ["run", "--no-prompt", "--cached-only", "--no-config", ...NPM_SERVERS[server], specifier(server), ...args];
}

/** The configuration of a server over stdio. */
export async function stdioServer(server: NpmServer, ...args: readonly string[]): Promise<McpServerConfig> {
  await fetchServers();
  return { type: "stdio", command: "deno", args: serverArguments(server, ...args), env: denoEnvironment() };
}

/** What a child `deno` needs to find its cache. */
export function denoEnvironment(): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}
