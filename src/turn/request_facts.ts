/** Facts about requests that are computed once and remembered. */

import { createHash } from "node:crypto";
import type { ToolDefinition } from "../records/tool.ts";

const MAX_HASHES = 256;
const HASHES = new Map<string, string>();
const NAMES = new WeakMap<readonly ToolDefinition[], readonly string[]>();

/** SHA-256 of a text, in lowercase hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** SHA-256 of a system prompt, remembered for the newest 256 prompts; undefined for an empty one. */
export function systemPromptHash(prompt: string): string | undefined {
  if (prompt === "") return undefined;
  let hash = HASHES.get(prompt);
  if (hash === undefined) {
    hash = sha256(prompt);
    if (HASHES.size >= MAX_HASHES) HASHES.delete(HASHES.keys().next().value ?? "");
    HASHES.set(prompt, hash);
  }
  return hash;
}

/** The names of a list of tools. */
export function toolNamesOf(tools: readonly ToolDefinition[]): readonly string[] {
  let names = NAMES.get(tools);
  if (names === undefined) {
    names = Object.freeze(tools.map((tool) => tool.name));
    NAMES.set(tools, names);
  }
  return names;
}
