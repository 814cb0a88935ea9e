/** The tool `delete_file`. */

import { ToolError } from "../../errors.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { shownInput, shownPath, withToolErrors } from "./shown_path.ts";
import { WRITER_CLASS } from "./write_file.ts";

/**
 * Deletes a file or directory.
 *
 * It is `at_most_once`: repeated after a crash it could delete what was made since. The model is then told that the
 * outcome is unknown, and can look.
 */
export const deleteFile: Tool = defineTool({
  name: "delete_file",
  displayName: "Delete file",
  description: "Deletes a file or directory.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The file or directory." },
      recursive: {
        type: "boolean",
        description: "Whether to delete a directory with all that is in it. Default: false.",
      },
    },
    required: ["path"],
    additionalProperties: false,
  },
  category: "files",
  effect: "at_most_once",
  concurrencyClass: WRITER_CLASS,
  hints: { readonly: false, destructive: true },
  permissions: {},
  execute: async (args, { files }) => {
    const path = String(args["path"]);
    return await withToolErrors(files, async () => {
      const stat = await files.statFile(path);
      if (stat === undefined) throw new ToolError(`File not found: ${shownInput(files, path)}`);
      const shown = shownPath(files, stat.path);
      if (await files.deleteFile(path, args["recursive"] === true)) return { path: shown, deleted: true };
      if (stat.path === "/") throw new ToolError(`${shown} is the root and cannot be deleted`);
      throw new ToolError(
        stat.isDirectory
          ? `${shown} is not empty; set recursive to delete all that is in it`
          : `File not found: ${shown}`,
      );
    });
  },
  narrate: ({ path }) => `Deleting ${path}`,
});
