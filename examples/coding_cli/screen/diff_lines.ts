/** Unified diffs as coloured lines with numbers. */

import { reveal } from "./sanitize.ts";
import { type Line, span, type Style } from "./spans.ts";
import { wrapLine } from "./wrap.ts";

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** How a line of a unified diff looks. */
export function diffLineStyle(line: string): Style | undefined {
  if (/^(\+\+\+|---) /.test(line)) return { bold: true };
  if (line.startsWith("@@")) return { colour: "cyan" };
  if (line.startsWith("+")) return { colour: "green" };
  if (line.startsWith("-")) return { colour: "red" };
  return undefined;
}

/** Whether a text looks like a unified diff. */
export function isDiff(text: string): boolean {
  return /^@@ -\d+(,\d+)? \+\d+(,\d+)? @@/m.test(text);
}

/** Lines added and removed. */
export function countChanges(diff: string): { readonly added: number; readonly removed: number } {
  let added = 0;
  let removed = 0;
  for (const { sign } of readDiff(diff)) {
    if (sign === "+") added++;
    else if (sign === "-") removed++;
  }
  return { added, removed };
}

/**
 * A unified diff: every line with its number in the new file, or in the old one when it is gone.
 *
 * Control characters are shown and not removed, since people decide by what they see here.
 */
export function diffLines(diff: string, width: number): Line[] {
  // Whoever shows the diff of one file names it already.
  const isOne = diff.match(/^\+\+\+ /mg)?.length === 1;
  const read = [...readDiff(diff)].filter(({ sign, text }) => !(isOne && sign === "" && /^(\+\+\+|---) /.test(text)));
  const digits = String(Math.max(0, ...read.map(({ number }) => number))).length;
  return read.flatMap(({ sign, number, text }) => {
    if (sign === "@") return [[span(`${" ".repeat(digits)} ⋮`, { dim: true })]];
    if (sign === "") return wrapLine([span(reveal(text), diffLineStyle(text))], width, { anywhere: true });
    const style = SIGNS[sign];
    return wrapLine([span(reveal(text), style)], width, {
      first: [span(`${String(number).padStart(digits)} `, { dim: true }), span(`${sign} `, style)],
      rest: [span(" ".repeat(digits + 3))],
      anywhere: true,
    });
  });
}

const SIGNS: Readonly<Record<"+" | "-" | " ", Style>> = { "+": { colour: "green" }, "-": { colour: "red" }, " ": {} };

/** A line of a diff; the sign is `@` where lines are left out and empty outside of hunks. */
interface DiffLine {
  readonly sign: "+" | "-" | " " | "@" | "";
  readonly number: number;
  readonly text: string;
}

function* readDiff(diff: string): IterableIterator<DiffLine> {
  // How many lines of the hunk are to come tells "--- a/x" of the next file from a removed line "-- a/x".
  let oldLeft = 0;
  let newLeft = 0;
  let oldLine = 0;
  let newLine = 0;
  let hunks = 0;
  for (const text of diff.replace(/\n$/, "").split("\n")) {
    const hunk = HUNK.exec(text);
    if (oldLeft <= 0 && newLeft <= 0 && hunk !== null) {
      [oldLine, oldLeft, newLine, newLeft] = [hunk[1], hunk[2] ?? 1, hunk[3], hunk[4] ?? 1].map(Number) as Numbers;
      if (hunks++ > 0) yield { sign: "@", number: 0, text };
      continue;
    }
    if (text.startsWith("\\")) continue; // "\ No newline at end of file"
    if (oldLeft <= 0 && newLeft <= 0) {
      hunks = 0;
      yield { sign: "", number: 0, text };
      continue;
    }
    const sign = text.startsWith("+") ? "+" : text.startsWith("-") ? "-" : " ";
    yield { sign, number: sign === "-" ? oldLine : newLine, text: text.slice(1) };
    if (sign !== "+") [oldLine, oldLeft] = [oldLine + 1, oldLeft - 1];
    if (sign !== "-") [newLine, newLeft] = [newLine + 1, newLeft - 1];
  }
}

type Numbers = [number, number, number, number];
