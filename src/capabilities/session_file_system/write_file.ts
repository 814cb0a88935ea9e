/** The tool `write_file`. */

import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { contentSize } from "../../kit/file_content.ts";
import { contentHash } from "./content_hash.ts";
import { shownInput, shownPath, withToolErrors } from "./shown_path.ts";

/** Tools that change files run one after another in the order of their calls, so that the last word stays last. */
export const WRITER_CLASS = "session_file_system";

/**
 * Writes a file whole.
 *
 * It is `idempotent`: the same call writes the same content again, so it is repeated after a crash and needs no mark
 * before it starts. Only `created` may then differ.
 */
export const writeFile: Tool = defineTool({
  name: "write_file",
  displayName: "Write file",
  description: "Writes a file, replacing what was there. Parent directories are made as needed.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The file." },
      content: { type: "string", description: "Its whole new content." },
      encoding: { type: "string", enum: ["text", "base64"], description: "How content is written. Default: text." },
    },
    required: ["path", "content"],
    additionalProperties: false,
  },
  category: "files",
  effect: "idempotent",
  concurrencyClass: WRITER_CLASS,
  hints: { readonly: false, destructive: true },
  permissions: {},
  execute: async (args, { files, fileWritten }) => {
    const path = String(args["path"]);
    const content = String(args["content"]);
    const encoding = args["encoding"] === "base64" ? "base64" : "text";
    return await withToolErrors(files, async () => {
      const created = await files.writeFile(path, content, encoding);
      const stat = await files.statFile(path);
      const sizeBytes = stat?.sizeBytes ?? contentSize(path, content, encoding);
      fileWritten(stat?.path ?? path, created ? "create" : "update", sizeBytes);
      return {
        path: stat === undefined ? shownInput(files, path) : shownPath(files, stat.path),
        size_bytes: sizeBytes,
        hash: await contentHash(content, encoding),
        created,
      };
    });
  },
  narrate: ({ path }) => `Writing ${path}`,
});
