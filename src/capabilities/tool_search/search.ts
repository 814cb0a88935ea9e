/** Which tools answer a search. */

import type { ToolDefinition } from "../../records/tool.ts";

const IN_NAME = 3;
const IN_DESCRIPTION = 1;
const EXACT = 100;
/** Each is looked for in every tool, and there may be thousands. */
const MAX_WORDS = 64;
/** Of the best score; what has less is left out. */
const LEAST_SHARE = 1 / 2;

/** The tools that match best, best first; those of less than half of the best score are left out. */
export function searchTools(
  tools: readonly ToolDefinition[],
  query: string,
  limit: number,
): readonly ToolDefinition[] {
  const words = wordsOf(query);
  const found = tools
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1));
  const best = found[0]?.score ?? 0;
  return found.filter(({ score }) => score >= best * LEAST_SHARE).slice(0, limit).map(({ tool }) => tool);
}

/** Names in full stay together: a model may ask for several it knows. */
function wordsOf(query: string): ReadonlySet<string> {
  const words = query.toLowerCase().split(/[^\p{L}\p{N}_-]+/u);
  const all = new Set(words.flatMap((word) => [word, ...word.split(/[_-]+/)]).filter((word) => word !== ""));
  return new Set([...all].slice(0, MAX_WORDS));
}

function scoreOf({ name, description }: ToolDefinition, words: ReadonlySet<string>): number {
  const lowerName = name.toLowerCase();
  const lowerDescription = description.toLowerCase();
  let score = 0;
  for (const word of words) {
    if (word === lowerName) score += EXACT;
    if (lowerName.includes(word)) score += IN_NAME;
    if (lowerDescription.includes(word)) score += IN_DESCRIPTION;
  }
  return score;
}
