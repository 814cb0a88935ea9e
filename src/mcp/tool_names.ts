/** Names under which a server's tools are offered. */

import { createHash } from "node:crypto";

/** Longest tool name that every provider takes. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/**
 * The name of each of a server's tools, in order: `mcp_<server>__<tool>`.
 *
 * The server's part holds no `__`, so that a name splits at the first one after the prefix. What providers refuse
 * becomes `_`. A name that is too long, or that two tools would have, ends in a hash of the original names; a tool that is
 * called exactly so keeps it. In whatever order the tools come, the same names give the same result in every process.
 */
export function toolNames(server: string, tools: readonly string[]): readonly string[] {
  const prefix = `mcp_${serverPart(server)}__`;
  const plain = tools.map((tool) => prefix + (clean(tool) || "tool"));
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  return plain.map((name, place) => {
    const tool = tools[place] ?? "";
    const isItsOwn = counts.get(name) === 1 || name === prefix + tool;
    return isItsOwn && name.length <= MAX_LENGTH ? name : hashed(name, server, tool);
  });
}

/** The server's name as it stands in tool names. */
export function serverPart(server: string): string {
  const part = clean(server).replace(/_{2,}/g, "_").replace(/^_|_$/g, "") || "server";
  if (part.length <= MAX_LENGTH / 2) return part;
  return `${part.slice(0, MAX_LENGTH / 2 - HASH_LENGTH - 1).replace(/_$/, "")}_${hash(server)}`;
}

function clean(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, "_");
}

function hashed(plain: string, server: string, tool: string): string {
  return `${plain.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}_${hash(JSON.stringify([server, tool]))}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
}
