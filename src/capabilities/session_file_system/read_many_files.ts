/** The tool `read_many_files`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { shownInput } from "./shown_path.ts";
import { MAX_SHOWN_BYTES, showFile } from "./shown_file.ts";

/** Bytes a file's other members take at most, its path aside. */
const OVERHEAD = 300;
/** Bytes of content every file may have, however many there are. */
const LEAST_SHARE = 1_000;

/**
 * Reads two to ten files in one call; touches nothing, so it is `pure`.
 *
 * They share the room of one answer: what a short file leaves goes to the ones after it. A file that cannot be read has
 * an `error` in its place.
 */
export const readManyFiles: Tool = defineTool({
  name: "read_many_files",
  displayName: "Read files",
  description: "Reads two to ten files at once. A long file is cut: go on with read_file.",
  parameters: {
    type: "object",
    properties: {
      paths: { type: "array", items: { type: "string" }, minItems: 2, maxItems: 10, description: "The files." },
    },
    required: ["paths"],
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true, persistOutput: false },
  permissions: {},
  execute: async ({ paths }, { files, signal }) => {
    const wanted = Array.isArray(paths) ? paths.map(String) : [];
    let room = MAX_SHOWN_BYTES;
    const answers: JsonObject[] = [];
    for (const [index, path] of wanted.entries()) {
      signal.throwIfAborted();
      const share = Math.floor(room / (wanted.length - index)) - OVERHEAD - path.length;
      const answer = await showOrSay(() => showFile(files, path, { maxBytes: Math.max(LEAST_SHARE, share) }));
      answers.push("error" in answer ? { path: shownInput(files, path), ...answer } : answer);
      const { content } = answer;
      room -= OVERHEAD + path.length + (typeof content === "string" ? measureJsonText(content, room).bytes : 0);
    }
    return { files: answers };
  },
  narrate: ({ paths }) => `Reading ${Array.isArray(paths) ? paths.length : "several"} files`,
});

async function showOrSay(show: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await show();
  } catch (error) {
    if (error instanceof ToolError) return { error: error.message };
    throw error;
  }
}
