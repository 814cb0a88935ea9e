/** The tool `edit_file`. */

import { ToolError } from "../../errors.ts";
import type { JsonValue } from "../../records/json.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { contentSize } from "../../kit/file_content.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { contentHash } from "./content_hash.ts";
import { diffOf } from "./edit_diff.ts";
import { shownPath, withToolErrors } from "./shown_path.ts";
import { applyReplacements, locateEdits, type TextEdit } from "./text_edits.ts";
import { WRITER_CLASS } from "./write_file.ts";

/** Edits of one call. */
const MAX_EDITS = 100;

/**
 * Replaces passages of a text file that is still as the model has seen it: all of them, or none.
 *
 * `expected_hash` anchors the call to one content, so it is `idempotent`: repeated after a crash it finds another hash
 * and changes nothing a second time. The write itself compares once more, so that nothing written meanwhile is lost.
 */
export const editFile: Tool = defineTool({
  name: "edit_file",
  displayName: "Edit file",
  description: "Replaces passages of a text file. expected_hash is the hash read_file gave. Every old_text must be" +
    " there exactly once in the file as it is; all edits are made, or none.",
  parameters: {
    type: "object",
    properties: {
      path: { type: "string", description: "The file." },
      expected_hash: {
        type: "string",
        pattern: "^sha256:[0-9a-f]{64}$",
        description: "The hash of the file as you read it, such as sha256:….",
      },
      edits: {
        type: "array",
        minItems: 1,
        maxItems: MAX_EDITS,
        items: {
          type: "object",
          properties: {
            old_text: { type: "string", minLength: 1, description: "The passage to replace, exactly as it is." },
            new_text: { type: "string", description: "What stands there afterwards." },
          },
          required: ["old_text", "new_text"],
          additionalProperties: false,
        },
      },
    },
    required: ["path", "expected_hash", "edits"],
    additionalProperties: false,
  },
  category: "files",
  effect: "idempotent",
  concurrencyClass: WRITER_CLASS,
  hints: { readonly: false, destructive: true },
  permissions: {},
  execute: async (args, { files, fileWritten }) => {
    const edits = readEdits(args["edits"]);
    return await withToolErrors(files, async () => {
      const { path, content, encoding, isReadonly } = await files.readFile(String(args["path"]));
      const shown = shownPath(files, path);
      if (encoding !== "text") throw new ToolError(`${shown} is not text; only text files can be edited`);
      if (isReadonly) throw new ToolError(`${shown} is read-only`);
      const hash = await contentHash(content, "text");
      if (hash !== args["expected_hash"]) throw stale(shown);
      const replacements = locateEdits(content, edits);
      const edited = applyReplacements(content, replacements);
      if (edited === content) throw new ToolError(`The edits leave ${shown} as it is; nothing was changed`);
      if (!await files.writeFileIfContentMatches(path, content, edited, "text")) throw stale(shown);
      const sizeBytes = contentSize(path, edited, "text");
      fileWritten(path, "update", sizeBytes);
      const { diff, truncated } = diffOf(content, replacements);
      return {
        path: shown,
        hash: await contentHash(edited, "text"),
        size_bytes: sizeBytes,
        edits: edits.length,
        diff,
        ...(truncated ? { diff_truncated: true } : {}),
      };
    });
  },
  narrate: ({ path }) => `Editing ${path}`,
});

function stale(shown: string): ToolError {
  return new ToolError(`${shown} is not as you read it (its hash is another); read it again, then edit`);
}

function readEdits(edits: JsonValue | undefined): TextEdit[] {
  return (Array.isArray(edits) ? edits : []).filter(isJsonObject).map((edit) => ({
    oldText: String(edit["old_text"]),
    newText: String(edit["new_text"]),
  }));
}
