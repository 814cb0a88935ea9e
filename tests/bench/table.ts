/**
 * The table of a measure, as text that is also Markdown.
 *
 * @module
 */

import { type Budget, type Figure, passes } from "./figures.ts";

const HEAD = ["median", "best", "p95", "budget", "", "samples"];

/** Renders the figures of one measure. */
export function tableOf(measure: string, figures: readonly Figure[]): string {
  const rows = [
    [measure, ...HEAD],
    ...figures.map((figure) => [
      figure.name,
      `${shown(figure.median)} ${figure.unit}`,
      shown(figure.best),
      shown(figure.p95),
      figure.budget === undefined ? "" : budgetText(figure.budget),
      figure.budget === undefined ? "" : passes(figure) ? "pass" : "MISS",
      String(figure.samples),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length), 3));
  const [head, ...body] = rows.map((row) => line(row, widths));
  const rule = `|${widths.map((width, column) => "-".repeat(width + 1) + (column === 0 ? "-" : ":")).join("|")}|`;
  return [head, rule, ...body, ""].join("\n");
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column]!;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  return `| ${padded.join(" | ")} |`;
}

function budgetText(budget: Budget): string {
  return "atMost" in budget ? `<= ${budget.atMost}` : `>= ${budget.atLeast}`;
}

function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
