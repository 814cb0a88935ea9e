/** Which tools the model has already been shown in full, or has called. */

import type { CallId } from "../../records/ids.ts";
import type { JsonValue } from "../../records/json.ts";
import type { Message } from "../../records/message.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { follow } from "../conversation/follow.ts";

/** Name of the tool that shows others. */
export const SEARCH_TOOL = "tool_search";

interface Reading {
  /** Names so far. */
  readonly names: Set<string>;
  /** Searches that have no result yet: only their own results show tools. */
  readonly searches: Set<CallId>;
}

const reading = follow<Reading>(() => ({ names: new Set(), searches: new Set() }), read);

/** The names that a stored conversation has revealed; each message is read once. */
export function revealedTools(messages: readonly Message[]): ReadonlySet<string> {
  return reading(messages).names;
}

function read({ names, searches }: Reading, { role, content }: Message): void {
  if (role !== "agent" && role !== "tool_result") return;
  for (const part of content) {
    if (part.type === "tool_call") {
      if (part.name === SEARCH_TOOL) searches.add(part.id);
      else names.add(part.name);
    } else if (part.type === "tool_result" && searches.delete(part.toolCallId)) {
      for (const name of namesIn(part.result)) names.add(name);
    }
  }
}

function namesIn(result: JsonValue | undefined): string[] {
  const tools = isJsonObject(result) ? result["tools"] : undefined;
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool) => isJsonObject(tool) && typeof tool["name"] === "string" ? [tool["name"]] : []);
}
