/** What was typed before, for Up and Down. */

/** Most lines that are kept. */
const MAX_ENTRIES = 1000;

export interface History {
  /** Oldest first. */
  readonly entries: readonly string[];
  /** The entry that is shown; absent while the user writes something new. */
  readonly index?: number;
  /** What the user wrote before looking back. */
  readonly draft: string;
}

export function historyOf(entries: readonly string[] = []): History {
  return { entries: entries.filter((entry) => entry.trim() !== "").slice(-MAX_ENTRIES), draft: "" };
}

/** The history with one more line; the same line twice is kept once. */
export function remember({ entries }: History, text: string): History {
  const kept = entries.at(-1) === text || text.trim() === "" ? entries : [...entries, text].slice(-MAX_ENTRIES);
  return { entries: kept, draft: "" };
}

/** A step back (-1) or forth (1): the history and the text it shows; undefined where there is nothing more. */
export function recall(
  history: History,
  by: -1 | 1,
  current: string,
): { readonly history: History; readonly text: string } | undefined {
  const { entries, index = entries.length } = history;
  const draft = history.index === undefined ? current : history.draft;
  const to = index + by;
  if (to < 0 || to > entries.length || entries.length === 0) return undefined;
  const entry = entries[to];
  if (entry === undefined) return { history: { entries, draft: "" }, text: draft };
  return { history: { entries, index: to, draft }, text: entry };
}
