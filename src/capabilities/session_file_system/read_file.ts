/** The tool `read_file`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { StoredFile } from "../../ports/file_store.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { shownPath, withToolErrors } from "./shown_path.ts";

/** Characters of one answer; what is longer is read in parts. */
const MAX_CHARACTERS = 100_000;

/** Reads a file whole, or some of its lines; touches nothing, so it is `pure`. */
export const readFile: Tool = defineTool({
  name: "read_file",
  displayName: "Read file",
  description: "Reads a file. Long files come in parts: go on with offset = next_offset.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The file." },
      offset: { type: "integer", minimum: 1, description: "First line to read, from 1. Text files only." },
      limit: { type: "integer", minimum: 1, description: "Most lines to read. Text files only." },
    },
    required: ["path"],
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async ({ path, offset, limit }, { files }) => {
    const file = await withToolErrors(files, () => files.readFile(String(path)));
    const shown = shownPath(files, file.path);
    const { encoding, sizeBytes } = file;
    return { path: shown, ...partOf(file, shown, offset, limit), encoding, size_bytes: sizeBytes };
  },
  narrate: ({ path }) => `Reading ${path}`,
});

function partOf(file: StoredFile, shown: string, offset: unknown, limit: unknown): JsonObject {
  const { content, encoding } = file;
  const isWhole = offset === undefined && limit === undefined;
  if (isWhole && content.length <= MAX_CHARACTERS) return { content };
  if (encoding !== "text") {
    if (content.length <= MAX_CHARACTERS) return { content };
    throw new ToolError(`${shown} is not text and too large to be shown: it has ${file.sizeBytes} bytes`);
  }
  return readLines(content, shown, Number(offset ?? 1), Number(limit ?? Infinity));
}

function readLines(content: string, shown: string, first: number, limit: number): JsonObject {
  // Line ends stay with their lines, so that the parts put together are the file.
  const lines = content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (first > Math.max(lines.length, 1)) {
    throw new ToolError(`${shown} has ${lines.length} lines, none from ${first} on`);
  }
  let part = "";
  let next = first - 1;
  while (next < lines.length && next - first + 1 < limit && part.length < MAX_CHARACTERS) {
    const line = lines[next] ?? "";
    if (part !== "" && part.length + line.length > MAX_CHARACTERS) break;
    part += line;
    next++;
  }
  const isCut = part.length > MAX_CHARACTERS;
  return {
    content: isCut ? part.slice(0, MAX_CHARACTERS) : part,
    start_line: first,
    total_lines: lines.length,
    ...(next < lines.length ? { next_offset: next + 1 } : {}),
    ...(isCut ? { truncated: true } : {}),
  };
}
