/** Lines broken to the width of the terminal, so that it never breaks them itself. */

import type { Line, Span, Style } from "./spans.ts";
import { graphemes, graphemeWidth, textWidth } from "./width.ts";

/** How to wrap. */
export interface WrapOptions {
  /** What stands before the first row. @default nothing */
  readonly first?: Line;
  /** What stands before every other row. @default as many spaces as `first` is wide */
  readonly rest?: Line;
  /** Whether to break anywhere rather than between words, as for code. @default {false} */
  readonly anywhere?: boolean;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly style: Style | undefined;
}

/** The rows a line takes; at least one. */
export function wrapLine(line: Line, width: number, options: WrapOptions = {}): Line[] {
  const { first = [], anywhere = false } = options;
  const rest = options.rest ?? indentAs(first);
  const rows: Line[] = [];
  let row: Cell[] = [];
  let used = 0;
  let breakAt = 0; // cells of the row up to and with its last space
  const room = (): number => Math.max(1, width - lineWidth(rows.length === 0 ? first : rest));
  const push = (cells: readonly Cell[]): void => {
    rows.push([...(rows.length === 0 ? first : rest), ...joined(trimEnd(cells, anywhere))]);
  };
  for (const cell of cellsOf(line)) {
    const over = (): boolean => used + cell.width > room() && row.length > 0;
    if (cell.text === " " && !anywhere && over()) { // a break eats the spaces around it
      breakAt = row.length;
      continue;
    }
    while (over()) {
      const keep = anywhere || breakAt === 0 ? row.length : breakAt;
      const carried = row.slice(keep);
      push(row.slice(0, keep));
      row = carried;
      used = widthOf(carried);
      breakAt = 0;
    }
    row.push(cell);
    used += cell.width;
    if (cell.text === " ") breakAt = row.length;
  }
  if (row.length > 0 || rows.length === 0) push(row);
  return rows;
}

/** A text of several lines, each wrapped. */
export function wrapText(text: string, width: number, options: WrapOptions & { readonly style?: Style } = {}): Line[] {
  const { style, first = [], rest, ...how } = options;
  const after = rest ?? indentAs(first);
  return text.split("\n").flatMap((line, index) =>
    wrapLine([style === undefined ? { text: line } : { text: line, style }], width, {
      ...how,
      first: index === 0 ? first : after,
      rest: after,
    })
  );
}

/** Columns of a line. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The line in at most `width` columns, cut with an ellipsis. */
export function fitLine(line: Line, width: number): Line {
  if (lineWidth(line) <= width) return line;
  const cells: Cell[] = [];
  let used = 0;
  for (const cell of cellsOf(line)) {
    if (used + cell.width > width - 1) {
      if (width > 0) cells.push({ text: "…", width: 1, style: cell.style });
      break;
    }
    cells.push(cell);
    used += cell.width;
  }
  return joined(cells);
}

function indentAs(first: Line): Line {
  return first.length === 0 ? [] : [{ text: " ".repeat(lineWidth(first)) }];
}

function* cellsOf(line: Line): IterableIterator<Cell> {
  for (const { text, style } of line) {
    for (const grapheme of graphemes(text)) yield { text: grapheme, width: graphemeWidth(grapheme), style };
  }
}

function joined(cells: readonly Cell[]): Span[] {
  const spans: { text: string; style?: Style }[] = [];
  let style: Style | undefined;
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last !== undefined && style === cell.style) last.text += cell.text;
    else spans.push(cell.style === undefined ? { text: cell.text } : { text: cell.text, style: cell.style });
    style = cell.style;
  }
  return spans;
}

function trimEnd(cells: readonly Cell[], anywhere: boolean): readonly Cell[] {
  if (anywhere) return cells;
  let end = cells.length;
  while (end > 0 && cells[end - 1]?.text === " ") end--;
  return cells.slice(0, end);
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}
