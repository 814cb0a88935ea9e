/** The MCP servers of `.mcp.json`: of the workspace, and of the user. */

import type { McpServerConfig, McpServers } from "@everruns/runtime";
import { join, resolve } from "node:path";
import type { Environment } from "./environment.ts";
import type { Folders } from "./folders.ts";

/** What was configured. */
export interface ConfiguredServers {
  readonly servers: McpServers;
  /** Variables the files name, and those that local programs need. */
  readonly variables: readonly string[];
  /** What could not be used, for people. */
  readonly warnings: readonly string[];
}

/** What a program needs to be found and to find its own files; it gets nothing else of the environment. */
export const PROGRAM_VARIABLES: readonly string[] = ["PATH", "HOME"];

/** Servers nobody configured. */
export const NO_SERVERS: ConfiguredServers = { servers: {}, variables: [], warnings: [] };

/** Reads `mcp.json` of the data folder, then `.mcp.json` of the workspace, which wins where both name a server. */
export async function readServers({ workspace, dataDir }: Folders, env: Environment): Promise<ConfiguredServers> {
  const servers: Record<string, McpServerConfig> = {};
  const variables = new Set<string>();
  const warnings: string[] = [];
  for (const file of [join(dataDir, "mcp.json"), join(workspace, ".mcp.json")]) {
    const warn = (problem: string): void => void warnings.push(`${file}: ${problem}`);
    try {
      const text = await readIfThere(file);
      if (text === undefined) continue;
      for (const [, name] of text.matchAll(/\$\{([A-Za-z_]\w*)/g)) variables.add(name ?? "");
      // Most folders have no such file: their start does not pay for reading one.
      const { readMcpConfig } = await import("@everruns/runtime/mcp");
      const read = readMcpConfig(text, { lookup: (name) => env.get(name), onWarning: warn });
      for (const [name, server] of Object.entries(read)) servers[name] = atHome(server, workspace);
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }
  if (Object.values(servers).some(({ type }) => type === "stdio")) {
    for (const name of PROGRAM_VARIABLES) variables.add(name);
  }
  return { servers, variables: [...variables].sort(), warnings };
}

/** A program works in the workspace unless its configuration says otherwise. */
export function atHome(server: McpServerConfig, workspace: string): McpServerConfig {
  return server.type === "stdio" ? { ...server, cwd: resolve(workspace, server.cwd ?? ".") } : server;
}

/** What programs get of the environment, where their configuration does not say it. */
export function programEnvironment(config: McpServerConfig, env: Environment): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of PROGRAM_VARIABLES) {
    const value = config.env?.[name] === undefined ? env.get(name) : undefined;
    if (value !== undefined) values[name] = value;
  }
  return values;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // A missing grant is told, by the check of all grants, with its flag.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
