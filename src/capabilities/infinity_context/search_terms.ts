/** How well a message answers a search, and which of its lines do. */

import type { Message } from "../../records/message.ts";

const PHRASE = 100;
const ALL_WORDS = 20;
const SPOKEN = 10;
const RECENCY = 10;
const MAX_LINE = 400;
const MAX_EXCERPT = 2_000;

/** A search, in lower case. */
export interface SearchTerms {
  /** The whole query; empty matches everything. */
  readonly phrase: string;
  /** Its words. */
  readonly words: readonly string[];
}

/** The terms of a query. */
export function termsOf(query: string): SearchTerms {
  const phrase = query.trim().toLowerCase();
  return { phrase, words: [...new Set(phrase.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== ""))] };
}

/**
 * How good a message is: the whole phrase counts most, then the share of the words, who said it, how new it is.
 *
 * Undefined when nothing of the query is in it. `age` is 1 for the newest message and 0 for the oldest.
 */
export function scoreOf(text: string, role: Message["role"], age: number, terms: SearchTerms): number | undefined {
  const extra = (role === "user" || role === "agent" ? SPOKEN : 0) + RECENCY * age;
  if (terms.phrase === "") return extra;
  const lower = text.toLowerCase();
  const exact = lower.includes(terms.phrase);
  const found = terms.words.filter((word) => lower.includes(word)).length;
  if (!exact && found === 0) return undefined;
  return (exact ? PHRASE : 0) + (terms.words.length === 0 ? 0 : ALL_WORDS * found / terms.words.length) + extra;
}

/** The first line that matches, with the lines around it; at most 2,000 characters. */
export function excerptOf(text: string, terms: SearchTerms, around: number): string {
  const lines = text.split("\n");
  const matches = (line: string): boolean => line.toLowerCase().includes(terms.phrase);
  let at = lines.findIndex(matches);
  if (at < 0) {
    at = lines.findIndex((line) => terms.words.some((word) => line.toLowerCase().includes(word)));
  }
  at = Math.max(at, 0);
  const first = Math.max(0, at - around);
  const shown = lines.slice(first, at + around + 1).map((line) => clipLine(line, terms)).join("\n");
  const excerpt = (first > 0 ? "…\n" : "") + shown + (at + around + 1 < lines.length ? "\n…" : "");
  return excerpt.length > MAX_EXCERPT ? `${excerpt.slice(0, MAX_EXCERPT)}…` : excerpt;
}

/** The part of a long line that matches. */
function clipLine(line: string, { phrase, words }: SearchTerms): string {
  if (line.length <= MAX_LINE) return line;
  const lower = line.toLowerCase();
  const place = [phrase, ...words].map((term) => lower.indexOf(term)).find((index) => index >= 0) ?? 0;
  const from = Math.max(0, Math.min(place - MAX_LINE / 2, line.length - MAX_LINE));
  return (from > 0 ? "…" : "") + line.slice(from, from + MAX_LINE) + (from + MAX_LINE < line.length ? "…" : "");
}
