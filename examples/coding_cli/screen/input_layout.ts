/** Where the characters of the input box stand. */

import { graphemes, graphemeWidth } from "./width.ts";

/** One row of the input: a part of its text. */
export interface InputRow {
  /** First character, in UTF-16 units of the whole text. */
  readonly start: number;
  /** After its last character, a line end not counted. */
  readonly end: number;
}

export interface InputPosition {
  readonly row: number;
  readonly column: number;
}

/** The rows of a text; it breaks anywhere, so that every character has a place that arrow keys can reach. */
export function layOutInput(text: string, width: number): InputRow[] {
  const rows: InputRow[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    let from = start;
    let used = 0;
    let at = start;
    for (const grapheme of graphemes(line)) {
      const columns = graphemeWidth(grapheme);
      // The cursor needs a column after the last character.
      if (used + columns > Math.max(2, width - 1)) {
        rows.push({ start: from, end: at });
        from = at;
        used = 0;
      }
      at += grapheme.length;
      used += columns;
    }
    rows.push({ start: from, end: at });
    start += line.length + 1;
  }
  return rows;
}

/** Where the cursor stands. */
export function positionOf(text: string, cursor: number, rows: readonly InputRow[]): InputPosition {
  const row = Math.max(0, rows.findLastIndex(({ start }) => start <= cursor));
  const { start = 0 } = rows[row] ?? {};
  let column = 0;
  for (const grapheme of graphemes(text.slice(start, cursor))) column += graphemeWidth(grapheme);
  return { row, column };
}

/** The character nearest to a column of a row. */
export function offsetAt(text: string, { row, column }: InputPosition, rows: readonly InputRow[]): number {
  const { start = 0, end = 0 } = rows[row] ?? {};
  let offset = start;
  let used = 0;
  for (const grapheme of graphemes(text.slice(start, end))) {
    used += graphemeWidth(grapheme);
    if (used > column) break;
    offset += grapheme.length;
  }
  return offset;
}
