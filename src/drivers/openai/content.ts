/** What both APIs say about instructions, calls and limits in the same way. */

import type { JsonValue } from "../../records/json.ts";
import type { ModelToolCall } from "../../ports/driver.ts";
import type { Dialect } from "./dialect.ts";

/** Instructions inside the conversation; marked where they have to come as a user message. */
export function laterInstructions(dialect: Dialect, text: string): object {
  const role = dialect.laterInstructionRole;
  return { role, content: role === "user" ? `[System message]\n${text}` : text };
}

/**
 * The arguments of a past call as the text of a JSON object.
 *
 * Compatible servers parse them for their prompt templates and answer 400 or 500 to anything else, so what the model
 * got wrong is wrapped rather than repeated.
 */
export function argumentsText(call: ModelToolCall): string {
  const value: JsonValue = call.arguments;
  if (value === null || value === "") return "{}";
  return JSON.stringify(typeof value === "object" && !Array.isArray(value) ? value : { invalid_arguments: value });
}

/** Metadata within OpenAI's limits: 16 pairs, keys of 64 characters, values of 512; undefined when there is none. */
export function wireMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const pairs = Object.entries(metadata).filter(([key]) => key.length <= 64).slice(0, 16);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([key, value]) => [key, value.slice(0, 512)]));
}
