/** The tool `tool_search`. */

import type { JsonObject } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { SEARCH_TOOL } from "./revealed.ts";
import { searchTools } from "./search.ts";

const MAX_TOOLS = 8;
/** Characters of all schemas of one answer: the kernel cuts off what is beyond 64 KiB. */
const MAX_SCHEMAS = 24_000;
/** Characters of one description. */
const MAX_DESCRIPTION = 2_000;
/** Names that are told when nothing was found. */
const MAX_NAMES = 100;

/**
 * Finds tools by words of their names and descriptions, and shows what they take.
 *
 * Only tools the runtime runs are found; it does not find itself. It only reads, so it is `pure`.
 */
export const toolSearch: Tool = defineTool({
  name: SEARCH_TOOL,
  displayName: "Search tools",
  description: "Shows the arguments of tools whose descriptions point here. Search by name or by what is to be done; " +
    "what is found is in your list of tools, complete, from then on.",
  parameters: {
    type: "object",
    properties: {
      query: { type: "string", minLength: 1, description: "Names of tools, or words about what is to be done." },
      limit: { type: "integer", minimum: 1, maximum: MAX_TOOLS, description: `Default: ${MAX_TOOLS}.` },
    },
    required: ["query"],
    additionalProperties: false,
  },
  category: "context",
  effect: "pure",
  deferrable: "never",
  hints: { readonly: true, persistOutput: false },
  permissions: {},
  execute: ({ query, limit }, { tools }) => {
    const all = [...tools.values()].map(({ definition }) => definition).filter(({ name }) => name !== SEARCH_TOOL);
    const found = searchTools(all, String(query), typeof limit === "number" ? limit : MAX_TOOLS);
    if (found.length > 0) return { tools: shown(found) };
    return { tools: [], note: "No tool has these words.", names: all.slice(0, MAX_NAMES).map(({ name }) => name) };
  },
  narrate: ({ query }) => typeof query === "string" ? `Looking for tools: ${query.slice(0, 80)}` : undefined,
});

/** The definitions, as far as there is room; the rest is complete in the next request. */
function shown(found: readonly ToolDefinition[]): JsonObject[] {
  let left = MAX_SCHEMAS;
  return found.map(({ name, description, parameters }) => {
    left -= JSON.stringify(parameters).length;
    const rest: JsonObject = left >= 0
      ? { parameters }
      : { note: "Its arguments are too long for here; see your list of tools." };
    return { name, description: description.slice(0, MAX_DESCRIPTION), ...rest };
  });
}
