/** The tools `list_directory` and `stat_file`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { FileStat, SessionFiles } from "../../ports/file_store.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { shownInput, shownPath, withToolErrors } from "./shown_path.ts";

/** Entries of one answer. */
const MAX_ENTRIES = 1000;

/** Lists a directory; touches nothing, so it is `pure`. */
export const listDirectory: Tool = defineTool({
  name: "list_directory",
  displayName: "List directory",
  description: "Lists the files and directories in a directory.",
  parameters: {
    type: "object",
    properties: { path: { type: "string", description: "The directory. Default: the root." } },
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async (args, { files }) => {
    const path = typeof args["path"] === "string" ? args["path"] : "/";
    return await withToolErrors(files, async () => {
      const entries = await files.listDirectory(path);
      if (entries.length === 0) await assertDirectory(files, path);
      return {
        // Before the list, so that they stay when the answer is cut.
        count: entries.length,
        ...(entries.length > MAX_ENTRIES ? { truncated: true } : {}),
        entries: entries.slice(0, MAX_ENTRIES).map((entry) => ({
          name: entry.name,
          path: shownPath(files, entry.path),
          is_directory: entry.isDirectory,
          size_bytes: entry.sizeBytes,
          is_readonly: entry.isReadonly,
        })),
      };
    });
  },
  narrate: ({ path }) => `Listing ${typeof path === "string" ? path : "files"}`,
});

/** Says what a path names; touches nothing, so it is `pure`. */
export const statFile: Tool = defineTool({
  name: "stat_file",
  displayName: "File details",
  description: "Tells whether a file or directory exists, its size and its times.",
  parameters: {
    type: "object",
    properties: { path: { type: "string", description: "The file or directory." } },
    required: ["path"],
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async (args, { files }) => {
    const path = String(args["path"]);
    const stat = await withToolErrors(files, () => files.statFile(path));
    return stat === undefined ? { path: shownInput(files, path), exists: false } : details(files, stat);
  },
  narrate: ({ path }) => `Looking at ${path}`,
});

/** An empty list may also mean that the model has the path wrong. */
async function assertDirectory(files: SessionFiles, path: string): Promise<void> {
  const stat = await files.statFile(path);
  if (stat === undefined) throw new ToolError(`Directory not found: ${shownInput(files, path)}`);
  if (!stat.isDirectory) throw new ToolError(`${shownPath(files, stat.path)} is a file; use read_file`);
}

function details(files: SessionFiles, stat: FileStat): JsonObject {
  return {
    path: shownPath(files, stat.path),
    exists: true,
    name: stat.name,
    is_directory: stat.isDirectory,
    is_readonly: stat.isReadonly,
    size_bytes: stat.sizeBytes,
    created_at: new Date(stat.createdAt).toISOString(),
    updated_at: new Date(stat.updatedAt).toISOString(),
  };
}
