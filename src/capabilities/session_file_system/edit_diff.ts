/** What edits changed, as a unified diff of bounded size. */

import type { Replacement } from "./text_edits.ts";

/** Unchanged lines around a change. */
const CONTEXT = 3;
/** Most characters of a diff. */
const MAX_CHARACTERS = 8_000;
/** Most characters of one line. */
const MAX_LINE = 500;
/** Characters shown before the first difference of a longer line. */
const BEFORE = 100;

/** A diff. */
export interface EditDiff {
  /** Hunks of a unified diff, without the names of the files. */
  readonly diff: string;
  /** Whether something of it was left out. */
  readonly truncated: boolean;
}

/** A run of whole lines that changes: numbers of lines from 0, the end excluded. */
interface LineChange {
  readonly start: number;
  readonly end: number;
  readonly newLines: readonly string[];
}

/**
 * The hunks of some replacements, with three lines of context.
 *
 * Lines are shown without their ends; a line that only gets another end is not shown as changed.
 *
 * @param replacements sorted by place, not overlapping
 */
export function diffOf(original: string, replacements: readonly Replacement[]): EditDiff {
  const lines = original.split("\n");
  const changes = toLineChanges(original, lines, replacements);
  const out: string[] = [];
  let shift = 0;
  for (const hunk of groupNear(changes)) {
    const first = Math.max(0, (hunk[0]?.start ?? 0) - CONTEXT);
    const end = hunk.at(-1)?.end ?? 0;
    // What follows a final line end is no line.
    const last = Math.max(end, Math.min(lines.length - (lines.at(-1) === "" ? 1 : 0), end + CONTEXT));
    const body: string[] = [];
    let at = first;
    let growth = 0;
    for (const { start, end, newLines } of hunk) {
      for (; at < start; at++) body.push(` ${shown(lines[at])}`);
      // A long line is shown where it changes, not where it begins.
      const from = end - start === 1 && newLines.length === 1 ? firstDifference(lines[start], newLines[0]) : 0;
      for (; at < end; at++) body.push(`-${shown(lines[at], from)}`);
      for (const line of newLines) body.push(`+${shown(line, from)}`);
      growth += newLines.length - (end - start);
    }
    for (; at < last; at++) body.push(` ${shown(lines[at])}`);
    out.push(`@@ -${first + 1},${last - first} +${first + 1 + shift},${last - first + growth} @@`, ...body);
    shift += growth;
  }
  return cut(out);
}

function toLineChanges(original: string, lines: readonly string[], replacements: readonly Replacement[]): LineChange[] {
  const starts: number[] = [];
  let offset = 0;
  for (const line of lines) {
    starts.push(offset);
    offset += line.length + 1;
  }
  const changes: { start: number; end: number; from: number; to: number; text: string }[] = [];
  for (const { start, end, text } of replacements) {
    const first = lineAt(starts, start);
    const last = lineAt(starts, end);
    const from = starts[first] ?? 0;
    const to = (starts[last] ?? 0) + (lines[last]?.length ?? 0);
    const before = changes.at(-1);
    // Two replacements in one line are one change of that line.
    if (before !== undefined && before.end > first) {
      const keep = before.text.length - (before.to - start);
      before.text = before.text.slice(0, keep) + text + original.slice(end, to);
      before.end = last + 1;
      before.to = to;
    } else {
      const whole = original.slice(from, start) + text + original.slice(end, to);
      changes.push({ start: first, end: last + 1, from, to, text: whole });
    }
  }
  return changes.map(({ start, end, text }) => trimSame({ start, end, newLines: text.split("\n") }, lines))
    .filter(({ start, end, newLines }) => end > start || newLines.length > 0);
}

/** Leaves out lines at both ends that stay as they are. */
function trimSame({ start, end, newLines }: LineChange, lines: readonly string[]): LineChange {
  let from = 0;
  while (start < end && from < newLines.length && plain(lines[start]) === plain(newLines[from])) {
    start++;
    from++;
  }
  let to = newLines.length;
  while (end > start && to > from && plain(lines[end - 1]) === plain(newLines[to - 1])) {
    end--;
    to--;
  }
  return { start, end, newLines: newLines.slice(from, to) };
}

function groupNear(changes: readonly LineChange[]): LineChange[][] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group !== undefined && before !== undefined && change.start - before.end <= CONTEXT * 2) group.push(change);
    else groups.push([change]);
  }
  return groups;
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A line without what is left of its end. */
function plain(line: string | undefined): string {
  return line?.endsWith("\r") === true ? line.slice(0, -1) : line ?? "";
}

function firstDifference(a: string = "", b: string = ""): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function shown(line: string | undefined, change: number = 0): string {
  const text = plain(line);
  if (text.length <= MAX_LINE) return text;
  const from = Math.max(0, Math.min(change - BEFORE, text.length - MAX_LINE));
  return (from > 0 ? "…" : "") + text.slice(from, from + MAX_LINE) + (from + MAX_LINE < text.length ? "…" : "");
}

function cut(lines: readonly string[]): EditDiff {
  let size = 0;
  for (const [index, line] of lines.entries()) {
    size += line.length + 1;
    if (size > MAX_CHARACTERS) return { diff: lines.slice(0, index).join("\n"), truncated: true };
  }
  return { diff: lines.join("\n"), truncated: false };
}
