/** The tools `list_directory` and `stat_file`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { FileStat, SessionFiles } from "../../ports/file_store.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { shownInput, shownPath, withToolErrors } from "./shown_path.ts";

/** Entries of one answer. */
const MAX_ENTRIES = 1000;
/** Bytes of them as JSON; the kernel cuts at 64 KiB. */
const MAX_BYTES = 60_000;

const encoder = new TextEncoder();

/** Lists a directory; touches nothing, so it is `pure`. */
export const listDirectory: Tool = defineTool({
  name: "list_directory",
  displayName: "List directory",
  description:
    "Lists the files and directories in a directory. For more of a large one go on with offset = next_offset.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The directory. Default: the root." },
      offset: { type: "integer", minimum: 0, description: "Entries to skip. Default: 0." },
    },
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
      const offset = typeof args["offset"] === "number" ? args["offset"] : 0;
      const shown = fitting(files, entries.slice(offset, offset + MAX_ENTRIES));
      const next = offset + shown.length;
      return {
        count: entries.length,
        ...(next < entries.length ? { truncated: true, next_offset: next } : {}),
        entries: shown,
      };
    });
  },
  narrate: ({ path }) => `Listing ${typeof path === "string" ? path : "files"}`,
});

/** As many entries as one answer holds, at least one. */
function fitting(files: SessionFiles, entries: readonly FileStat[]): JsonObject[] {
  const shown: JsonObject[] = [];
  let room = MAX_BYTES;
  for (const { name, path, isDirectory, sizeBytes, isReadonly } of entries) {
    const entry = {
      name,
      path: shownPath(files, path),
      is_directory: isDirectory,
      size_bytes: sizeBytes,
      is_readonly: isReadonly,
    };
    room -= encoder.encode(JSON.stringify(entry)).length + 1;
    if (room < 0 && shown.length > 0) break;
    shown.push(entry);
  }
  return shown;
}

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
