/** Which definitions are sent in full, and what stands for the others. */

import type { Message } from "../../records/message.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import { revealedTools, SEARCH_TOOL } from "./revealed.ts";
import type { ToolSearchSettings } from "./settings.ts";
import { toolSearch } from "./tool.ts";

/** Characters of a description that a stub keeps. */
const MAX_DESCRIPTION = 120;
/** What a stub says of itself. */
const HINT = "(Arguments: see tool_search.)";
/** Any object: a model that knows the arguments may call the tool at once. */
const ANY_ARGUMENTS = Object.freeze({ type: "object", properties: Object.freeze({}), additionalProperties: true });

/**
 * The tools with stubs in the place of those that are deferred, or, where the provider searches, with a mark on these.
 *
 * The order never changes, and a definition only when it is revealed: the provider's cache of the start of a request
 * stays good in between. Without anything to defer, or to be searched by the runtime, its search is left out.
 *
 * @param isNative whether the provider can search
 */
export function deferTools(
  tools: readonly ToolDefinition[],
  messages: readonly Message[],
  settings: ToolSearchSettings,
  isNative = false,
): readonly ToolDefinition[] {
  const search = tools.find(({ name }) => name === SEARCH_TOOL);
  // Nobody could look a stub up: the search was left out, or another tool has its name.
  if (search?.description !== toolSearch.definition.description) return tools;
  const { mode, threshold, never_defer } = settings;
  const others = tools.filter(({ name }) => name !== SEARCH_TOOL);
  const isMany = others.length >= threshold;
  const never = new Set(never_defer);
  const deferred = others.filter((tool) => isDeferrable(tool, isMany) && !never.has(tool.name));
  if (deferred.length === 0 || mode === "native" && !isNative) return others;
  if (mode !== "local" && isNative) {
    const marked = new Set(deferred);
    return others.map((tool) => marked.has(tool) ? markOf(tool) : tool);
  }
  const revealed = revealedTools(messages);
  const stubbed = new Set(deferred.filter(({ name }) => !revealed.has(name)));
  return tools.map((tool) => stubbed.has(tool) ? stubOf(tool) : tool);
}

/** Tools of the client stay: a search cannot find them, since the runtime does not run them. */
function isDeferrable({ type, deferrable = "automatic" }: ToolDefinition, isMany: boolean): boolean {
  return type === "builtin" && (deferrable === "always" || deferrable === "automatic" && isMany);
}

/** Definitions are frozen and live long: what was made of one is kept as long as it. */
const made = new WeakMap<ToolDefinition, ToolDefinition>();
const marks = new WeakMap<ToolDefinition, ToolDefinition>();

function markOf(tool: ToolDefinition): ToolDefinition {
  let marked = marks.get(tool);
  if (marked === undefined) marks.set(tool, marked = Object.freeze({ ...tool, deferred: true }));
  return marked;
}

function stubOf(tool: ToolDefinition): ToolDefinition {
  let stub = made.get(tool);
  if (stub === undefined) {
    stub = Object.freeze({ ...tool, description: `${short(tool.description)} ${HINT}`, parameters: ANY_ARGUMENTS });
    made.set(tool, stub);
  }
  return stub;
}

/** The first sentence, or the start of it. */
function short(description: string): string {
  const line = description.replace(/\s+/g, " ").trim();
  const sentence = /^.*?[.!?](?= |$)/.exec(line)?.[0] ?? line;
  return sentence.length > MAX_DESCRIPTION ? `${sentence.slice(0, MAX_DESCRIPTION - 1).trimEnd()}…` : sentence;
}
