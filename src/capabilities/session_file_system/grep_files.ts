/** The tool `grep_files`. */

import type { GrepLine, GrepOptions, SessionFiles } from "../../ports/file_store.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { shownPath, withToolErrors } from "./shown_path.ts";

/** Characters shown of one line. */
const MAX_LINE = 1000;
/** Bytes of one answer; the kernel cuts at 64 KiB. */
const MAX_BYTES = 56_000;
/** Bytes of a line's other members. */
const OVERHEAD = 64;

/** Searches files; touches nothing, so it is `pure`. */
export const grepFiles: Tool = defineTool({
  name: "grep_files",
  displayName: "Search files",
  description: "Searches the lines of all text files with a regular expression (RE2 syntax: no lookaround, no" +
    " backreferences). For more matches go on with offset = next_offset.",
  parameters: {
    type: "object",
    properties: {
      pattern: { type: "string", minLength: 1, maxLength: 1000, description: "The regular expression." },
      path_pattern: {
        type: "string",
        description: "Only these files: a glob such as *.ts or src/**/*.ts, or a part of the path.",
      },
      context: { type: "integer", minimum: 0, maximum: 20, description: "Lines around each match. Default: 0." },
      offset: { type: "integer", minimum: 0, description: "Matches to skip. Default: 0." },
      limit: { type: "integer", minimum: 1, maximum: 1000, description: "Most matches. Default: 100." },
    },
    required: ["pattern"],
    additionalProperties: false,
  },
  category: "files",
  effect: "pure",
  hints: { readonly: true, persistOutput: false },
  permissions: {},
  execute: async (args, { files, signal }) => {
    const { pattern, path_pattern: pathPattern, context, offset, limit } = args;
    const options: GrepOptions = {
      ...(typeof pathPattern === "string" ? { pathPattern: fromRoot(files, pathPattern) } : {}),
      ...(typeof context === "number" ? { before: context, after: context } : {}),
      ...(typeof offset === "number" ? { offset } : {}),
      ...(typeof limit === "number" ? { limit } : {}),
      signal,
    };
    const found = await withToolErrors(files, () => files.grepFiles(String(pattern), options));
    const matches = fitting(files, found.lines);
    const shown = matches.filter(({ isMatch }) => isMatch).length;
    const nextOffset = matches.length < found.lines.length ? (options.offset ?? 0) + shown : found.nextOffset;
    return {
      match_count: shown,
      ...(nextOffset === undefined ? {} : { next_offset: nextOffset }),
      ...(found.skippedFiles === 0 ? {} : { skipped_files: found.skippedFiles }),
      matches: matches.map(({ path, lineNumber, line, isMatch }) => ({
        path: shownPath(files, path),
        line_number: lineNumber,
        line: shownLine(line),
        ...(isMatch ? {} : { is_context: true }),
      })),
    };
  },
  narrate: ({ pattern }) => `Searching for ${pattern}`,
});

/** The model writes patterns with the root it sees; the store knows paths from its own root. */
function fromRoot(files: SessionFiles, pattern: string): string {
  const root = files.displayRoot;
  return root !== "/" && pattern.startsWith(`${root}/`) ? pattern.slice(root.length) : pattern;
}

/** As many lines as one answer holds, at least one match: what the kernel would cut off, no offset would lead back to. */
function fitting(files: SessionFiles, lines: readonly GrepLine[]): readonly GrepLine[] {
  let room = MAX_BYTES;
  let hasMatch = false;
  for (const [index, { path, line, isMatch }] of lines.entries()) {
    room -= OVERHEAD + files.displayRoot.length + path.length + measureJsonText(shownLine(line), MAX_BYTES).bytes;
    if (room < 0 && hasMatch) return lines.slice(0, index);
    hasMatch ||= isMatch;
  }
  return lines;
}

function shownLine(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
