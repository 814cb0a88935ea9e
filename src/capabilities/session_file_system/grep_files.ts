/** The tool `grep_files`. */

import { setImmediate } from "node:timers";
import type { GrepLine, GrepOptions, SessionFiles } from "../../ports/file_store.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { compileLinearRegex, type LinearRegex } from "../../kit/linear_regex.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { shownPath, withToolErrors } from "./shown_path.ts";

/** Characters shown of one line. */
const MAX_LINE = 1000;
/** Characters shown before the match of a longer line. */
const BEFORE = 200;
/** Characters of a line that a store looks at. */
const MAX_SEARCHED = 16 * 1024;
/** Bytes of one answer; the kernel cuts at 64 KiB. */
const MAX_BYTES = 56_000;
/** Bytes of a line's other members. */
const OVERHEAD = 64;

/** Searches files; touches nothing, so it is `pure`. */
export const grepFiles: Tool = defineTool({
  name: "grep_files",
  displayName: "Search files",
  description: "Searches the lines of all text files with a regular expression (RE2 syntax: no lookaround, no" +
    " backreferences), of very long lines the first 16,384 characters. For more matches go on with offset = next_offset.",
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
    const matches = await fitting(files, found.lines, { pattern: String(pattern), signal });
    const shown = matches.filter(({ isMatch }) => isMatch).length;
    const nextOffset = matches.length < found.lines.length ? (options.offset ?? 0) + shown : found.nextOffset;
    return {
      match_count: shown,
      ...(nextOffset === undefined ? {} : { next_offset: nextOffset }),
      ...(found.skippedFiles === 0 ? {} : { skipped_files: found.skippedFiles }),
      matches: matches.map(({ path, lineNumber, line, isMatch }) => ({
        path: shownPath(files, path),
        line_number: lineNumber,
        line,
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

/**
 * As many lines as one answer holds, as they are shown, and at least one match: what the kernel would cut off, no offset
 * would lead back to.
 */
async function fitting(
  files: SessionFiles,
  lines: readonly GrepLine[],
  { pattern, signal }: { readonly pattern: string; readonly signal: AbortSignal },
): Promise<readonly GrepLine[]> {
  let regex: LinearRegex | undefined;
  const shown: GrepLine[] = [];
  let room = MAX_BYTES;
  let hasMatch = false;
  for (const found of lines) {
    let { line } = found;
    if (line.length > MAX_LINE) {
      // Looking for the place is the work the search had with the line, so others get a turn as there.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      regex ??= await compileLinearRegex(pattern);
      line = partOf(line, found.isMatch ? regex.indexIn(line.slice(0, MAX_SEARCHED)) : 0);
    }
    room -= OVERHEAD + files.displayRoot.length + found.path.length + measureJsonText(line, MAX_BYTES).bytes;
    if (room < 0 && hasMatch) break;
    hasMatch ||= found.isMatch;
    shown.push({ ...found, line });
  }
  return shown;
}

/** The part of a long line that has the match. */
function partOf(line: string, match: number): string {
  const from = Math.max(0, Math.min(match - BEFORE, line.length - MAX_LINE));
  const end = from + MAX_LINE;
  return (from > 0 ? "…" : "") + line.slice(from, end) + (end < line.length ? "…" : "");
}
