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
    const where = type === "stdio" ? [command, ...withoutKeys(args)].join(" ") : placeOf(url);
    const offered = tools.length === 0 ? "no tools" : tools.join(", ");
    return `- **${name}** (${type}: ${where}): ${offered}`;
  });
  const warnings = [...new Set(host.warnings)].map((warning) => `- ⚠ ${warning}`);
  if (lines.length === 0) lines.push("No MCP server is configured: put `.mcp.json` into the workspace.");
  return [...lines, ...warnings].join("\n");
}

/** Options whose value nobody should read over a shoulder; the values of variables are put in already. */
const KEY = /key|token|secret|passw|auth|credential/i;

function withoutKeys(args: readonly string[]): readonly string[] {
  return args.map((arg, place) => {
    const [, option] = /^(--?[\w-]+)=/.exec(arg) ?? [];
    if (option !== undefined) return KEY.test(option) ? `${option}=…` : arg;
    const before = args[place - 1] ?? "";
    return before.startsWith("-") && !before.includes("=") && KEY.test(before) && !arg.startsWith("-") ? "…" : arg;
  });
}

/** An address without user, password and query. */
function placeOf(url: string | undefined): string {
  const parsed = URL.parse(url ?? "");
  return parsed === null ? "no address" : parsed.origin + parsed.pathname;
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
