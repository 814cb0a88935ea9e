/** The tool `read_file`. */

import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { MAX_SHOWN_BYTES, showFile } from "./shown_file.ts";

/** Reads a file whole, or some of its lines; touches nothing, so it is `pure`. */
export const readFile: Tool = defineTool({
  name: "read_file",
  displayName: "Read file",
  description: "Reads a file. Long files come in parts: go on with offset = next_offset, or in a line that was cut" +
    " with its offset and column = next_column. hash is that of the whole file, for edit_file.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The file." },
      offset: { type: "integer", minimum: 1, description: "First line to read, from 1. Text files only." },
      column: { type: "integer", minimum: 1, description: "First character of the first line, from 1. Default: 1." },
      limit: { type: "integer", minimum: 1, description: "Most lines to read. Text files only." },
    },
    required: ["path"],
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true, persistOutput: false },
  permissions: {},
  execute: async ({ path, offset, column, limit }, { files }) =>
    await showFile(files, String(path), {
      maxBytes: MAX_SHOWN_BYTES,
      ...(typeof offset === "number" ? { offset } : {}),
      ...(typeof column === "number" ? { column } : {}),
      ...(typeof limit === "number" ? { limit } : {}),
    }),
  narrate: ({ path }) => `Reading ${path}`,
});
