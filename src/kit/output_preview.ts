/** The part of a long output that is worth its place: its start, its end, and the lines that tell of errors. */

import { cutToBytes } from "./cut_to_bytes.ts";

/** A text cut to size. */
export interface OutputPreview {
  /** What is left of it. */
  readonly text: string;
  /** Whether something was left out. */
  readonly truncated: boolean;
  /** The lines of the whole. */
  readonly totalLines: number;
}

const encoder = new TextEncoder();
/** Words of lines that are kept. */
const ERROR = /\b(?:error|fail(?:ed|ure)?|exception|panic(?:ked)?|fatal|traceback|denied|not found)\b/i;
/** Characters of a line that are looked at and kept. */
const MAX_LINE = 400;
/** Room for the notes about what was left out. */
const ROOM_FOR_NOTES = 96;
/** Lines of the middle that are looked at. */
const MAX_SEARCHED = 100_000;

/**
 * Cuts an output to so many bytes: lines of its start, of its end, and between them lines that tell of errors.
 *
 * @param maxBytes UTF-8 bytes of the answer; of fewer than 200 only a start is kept
 */
export function previewOutput(text: string, maxBytes: number): OutputPreview {
  const totalLines = countLines(text);
  const whole = cutToBytes(text, maxBytes);
  if (whole.length === text.length) return { text, truncated: false, totalLines };
  if (maxBytes < 200) return { text: whole, truncated: true, totalLines };
  const lines = text.split("\n");
  const room = maxBytes - ROOM_FOR_NOTES;
  const head = take(lines, 0, lines.length, 1, room * 0.35);
  const tail = take(lines, lines.length - 1, head.next - 1, -1, room * 0.4);
  // A few lines that are very long: lines are no measure here.
  if (head.bytes + tail.bytes < room * 0.2) return { text: startAndEnd(text, maxBytes), truncated: true, totalLines };
  const errors = errorLines(lines, head.next, tail.next + 1, room - head.bytes - tail.bytes);
  const left = tail.next + 1 - head.next - errors.length;
  // Every line is there, but not all of it.
  if (left + errors.length === 0) return { text: startAndEnd(text, maxBytes), truncated: true, totalLines };
  const parts = [...head.lines];
  if (left > 0) {
    const what = errors.length === 0 ? "" : "; of them, lines that tell of errors:";
    parts.push(`[${left} lines left out${what}]`, ...errors);
    if (errors.length > 0) parts.push("[end of those lines]");
  }
  parts.push(...tail.lines.reverse());
  return { text: cutToBytes(parts.join("\n"), maxBytes), truncated: true, totalLines };
}

/** The start and the end of a text, whatever its lines. */
function startAndEnd(text: string, maxBytes: number): string {
  const head = cutToBytes(text, Math.floor((maxBytes - ROOM_FOR_NOTES) / 2));
  // A UTF-16 unit takes at most three bytes; the end must not begin with half a surrogate pair.
  const tail = text.slice(-Math.floor((maxBytes - ROOM_FOR_NOTES) / 6)).replace(/^[\udc00-\udfff]/, "");
  return `${head}\n[${text.length - head.length - tail.length} characters left out]\n${tail}`;
}

/** Lines of a text; a final line end begins no further line. */
export function countLines(text: string): number {
  if (text === "") return 0;
  let count = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Lines from a place on, in one direction, as many as fit. */
function take(
  lines: readonly string[],
  from: number,
  until: number,
  step: 1 | -1,
  room: number,
): { readonly lines: string[]; readonly next: number; readonly bytes: number } {
  const taken: string[] = [];
  let bytes = 0;
  let at = from;
  for (; step > 0 ? at < until : at > until; at += step) {
    const line = cutLine(lines[at] ?? "");
    const size = sizeOf(line) + 1;
    if (bytes + size > room) break;
    bytes += size;
    taken.push(line);
  }
  return { lines: taken, next: at, bytes };
}

function errorLines(lines: readonly string[], from: number, until: number, room: number): string[] {
  const found: string[] = [];
  for (let at = from; at < until && at - from < MAX_SEARCHED && room > 0; at++) {
    const line = cutLine(lines[at] ?? "");
    if (!ERROR.test(line)) continue;
    room -= sizeOf(line) + 1;
    if (room >= 0) found.push(line);
  }
  return found;
}

function cutLine(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}

function sizeOf(line: string): number {
  return encoder.encode(line).length;
}
