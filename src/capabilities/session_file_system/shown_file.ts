/** A file as the model gets to see it: whole, or a run of its lines that fits an answer. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionFiles } from "../../ports/file_store.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { contentHash } from "./content_hash.ts";
import { shownPath, withToolErrors } from "./shown_path.ts";

/**
 * Bytes of content in one answer, counted as JSON.
 *
 * An answer over 64 KiB would be cut by the kernel, and `next_offset` would then skip what was cut.
 */
export const MAX_SHOWN_BYTES = 60_000;

/** Which part of a file to show. */
export interface ShownPart {
  /** Most bytes of content, counted as JSON. */
  readonly maxBytes: number;
  /** First line, from 1. @default {1} */
  readonly offset?: number;
  /** First character of the first line, from 1: a line too long for an answer comes in parts. @default {1} */
  readonly column?: number;
  /** Most lines. @default no limit */
  readonly limit?: number;
}

/**
 * Reads a file, or as many of its lines as fit.
 *
 * @throws {ToolError} when there is no such file, or it cannot be shown
 */
export async function showFile(files: SessionFiles, path: string, part: ShownPart): Promise<JsonObject> {
  const { content, encoding, sizeBytes, path: canonical } = await withToolErrors(files, () => files.readFile(path));
  const shown = shownPath(files, canonical);
  const common = { encoding, size_bytes: sizeBytes, hash: await contentHash(content, encoding) };
  const isWhole = part.offset === undefined && part.limit === undefined && part.column === undefined;
  const fits = measureJsonText(content, part.maxBytes).units === content.length;
  if (fits && (isWhole || encoding !== "text")) return { path: shown, content, ...common };
  if (encoding !== "text") {
    throw new ToolError(`${shown} is not text and too large to be shown: it has ${sizeBytes} bytes`);
  }
  return { path: shown, ...showLines(content, shown, part), ...common };
}

/**
 * A run of whole lines that fits, and where to go on.
 *
 * @throws {ToolError} when there are no such lines
 */
export function showLines(content: string, shown: string, part: ShownPart): JsonObject {
  const { offset: first = 1, column = 1, limit = Infinity, maxBytes } = part;
  // Line ends stay with their lines, so that the parts put together are the file.
  const lines = content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (first > Math.max(lines.length, 1)) {
    throw new ToolError(`${shown} has ${lines.length} lines, none from ${first} on`);
  }
  const firstLine = lines[first - 1] ?? "";
  if (column > Math.max(firstLine.length, 1)) {
    throw new ToolError(`Line ${first} of ${shown} has ${firstLine.length} characters, none from ${column} on`);
  }
  let text = "";
  let room = maxBytes;
  let next = first - 1;
  let isCut = false;
  while (next < lines.length && next - first + 1 < limit && !isCut) {
    const line = next === first - 1 ? firstLine.slice(column - 1) : lines[next] ?? "";
    const { units, bytes } = measureJsonText(line, room);
    isCut = units < line.length;
    if (isCut && text !== "") {
      isCut = false;
      break;
    }
    text += line.slice(0, units);
    room -= bytes;
    next++;
  }
  return {
    content: text,
    start_line: first,
    total_lines: lines.length,
    ...(column > 1 ? { start_column: column } : {}),
    ...(next < lines.length ? { next_offset: next + 1 } : {}),
    // Only of the first line: one that would be cut behind others is left for the next answer.
    ...(isCut ? { truncated: true, next_column: column + text.length } : {}),
  };
}
