/** Finding what is remembered by its words. */

import type { MemoryEntry } from "./memory_file.ts";

/** An entry with how well it fits. */
export interface FoundEntry {
  /** The entry. */
  readonly entry: MemoryEntry;
  /** Three for each word of the query in the title, one for each in the body. */
  readonly score: number;
}

/** The entries that fit a query, best first, of equals the newest first; without words, the newest. */
export function searchMemory(entries: readonly MemoryEntry[], query: string): FoundEntry[] {
  const words = wordsOf(query);
  const all = entries.map((entry) => ({ entry, score: scoreOf(entry, words) }));
  // The file has the newest first, and sorting keeps the order of equals.
  return words.size === 0 ? all : all.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
}

function scoreOf({ title, body }: MemoryEntry, words: ReadonlySet<string>): number {
  const inTitle = wordsOf(title);
  const inBody = wordsOf(body);
  let score = 0;
  for (const word of words) score += (inTitle.has(word) ? 3 : 0) + (inBody.has(word) ? 1 : 0);
  return score;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
