/** Tables of Markdown in the width there is. */

import { type Line, span, withStyle } from "./spans.ts";
import { lineWidth, wrapLine } from "./wrap.ts";

const GAP = " │ ";
/** A column is not made narrower than this. */
const LEAST = 4;

/** The rows of a table; cells are wrapped when it is too wide. */
export function tableLines(
  { header, rows }: { readonly header: readonly Line[]; readonly rows: readonly (readonly Line[])[] },
  width: number,
): Line[] {
  const widths = fitted(
    header.map((cell, column) => Math.max(1, ...[cell, ...rows.map((row) => row[column] ?? [])].map(lineWidth))),
    width - GAP.length * (header.length - 1),
  );
  const rule: Line = [span(widths.map((it) => "─".repeat(it)).join("─┼─"), { dim: true })];
  return [
    ...rowLines(header.map((cell) => withStyle(cell, { bold: true })), widths),
    rule,
    ...rows.flatMap((row) => rowLines(row, widths)),
  ].map((line) => cutTo(line, width));
}

function rowLines(cells: readonly Line[], widths: readonly number[]): Line[] {
  const columns = widths.map((width, column) => wrapLine(cells[column] ?? [], width));
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, row) =>
    columns.flatMap((lines, column) => {
      const line = lines[row] ?? [];
      const isLast = column === columns.length - 1;
      const padding = isLast ? "" : " ".repeat(Math.max(0, (widths[column] ?? 0) - lineWidth(line)));
      return isLast ? line : [...line, span(padding), span(GAP, { dim: true })];
    }));
}

/** Takes columns from the widest ones until all fit. */
function fitted(widths: readonly number[], room: number): number[] {
  const fit = [...widths];
  let excess = fit.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...fit);
    if (widest <= LEAST) break;
    fit[fit.indexOf(widest)] = widest - 1;
    excess--;
  }
  return fit;
}

/** Tables with more columns than the terminal can show lose what is right of it. */
function cutTo(line: Line, width: number): Line {
  return lineWidth(line) <= width ? line : wrapLine(line, width, { anywhere: true })[0] ?? [];
}
