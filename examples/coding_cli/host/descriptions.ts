/** Answers of commands that tell about tools, servers and grants, in Markdown. */

import type { CodingHost } from "./coding_host.ts";
import { missingGrants, shellFlags } from "./grants.ts";
import { permissionsFor } from "./runtime.ts";

/** The tools of the session, one a line. */
export async function describeTools(host: CodingHost): Promise<string> {
  const { runtimeAgent } = await host.runtime.loadContext(host.sessionId);
  const lines = runtimeAgent.tools.map(({ name, description }) => `- \`${name}\`: ${firstSentence(description)}`);
  return [`${lines.length} tools:`, "", ...lines].join("\n");
}

/** The configured servers with their tools, and what went wrong with them. */
export async function describeServers(host: CodingHost): Promise<string> {
  const { config, runtimeAgent } = await host.runtime.loadContext(host.sessionId);
  const servers = Object.entries(config.mcpServers);
  const lines = servers.map(([name, { type = "http", url, command, args = [] }]) => {
    const tools = runtimeAgent.tools.filter(({ hints }) => hints?.metadata?.["mcpServer"] === name)
      .map((tool) => `\`${tool.name.slice(tool.name.indexOf("__") + 2)}\``);
    const where = type === "stdio" ? [command, ...args].join(" ") : url;
    const offered = tools.length === 0 ? "no tools" : tools.join(", ");
    return `- **${name}** (${type}: ${where}): ${offered}`;
  });
  const warnings = [...new Set(host.warnings)].map((warning) => `- ⚠ ${warning}`);
  if (lines.length === 0) lines.push("No MCP server is configured: put `.mcp.json` into the workspace.");
  return [...lines, ...warnings].join("\n");
}

/** The flags the program needs, which of them it lacks, and when the user is asked. */
export async function describePermissions(host: CodingHost): Promise<string> {
  const needed = await permissionsFor(host.settings, host.desk);
  const missing = await missingGrants(needed);
  const { always } = host.desk;
  return [
    "Deno grants it needs:",
    "",
    "```",
    ...needed.toFlags().map((flag) => shellFlags([flag])),
    "```",
    "",
    missing.length === 0 ? "All of them are given." : `Not given: ${missing.map((flag) => `\`${flag}\``).join(", ")}`,
    "",
    `Approval level: **${host.desk.level}** (\`/permissions read-only|ask|auto-edit|auto\` changes it)`,
    always.length === 0
      ? "Nothing is always allowed."
      : `Always allowed: ${always.map((key) => `\`${key}\``).join(", ")}`,
  ].join("\n");
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0].replace(/\s+/g, " ") ?? text;
}
