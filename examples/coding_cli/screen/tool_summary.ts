/** Tool calls in a few words, for each tool of a coding agent; any other tool is shown by its arguments. */

import type { JsonObject, JsonValue } from "@everruns/runtime";
import { oneLine } from "./sanitize.ts";
import type { ToolBlock } from "./screen.ts";
import { bytes, plural } from "./quantities.ts";

/** What a call does, as `Read` and `src/main.ts`. */
export interface CallDescription {
  readonly verb: string;
  /** Empty when there is nothing to name. */
  readonly object: string;
}

type Describe = (args: JsonObject) => CallDescription;
type Summarize = (result: JsonObject, args: JsonObject) => string;

const DESCRIBE: Readonly<Record<string, Describe>> = {
  read_file: (args) => ({ verb: "Read", object: `${path(args["path"])}${lineRange(args)}` }),
  read_many_files: ({ paths }) => ({ verb: "Read", object: Array.isArray(paths) ? paths.map(path).join(", ") : "" }),
  write_file: (args) => ({ verb: "Write", object: path(args["path"]) }),
  edit_file: (args) => ({ verb: "Edit", object: path(args["path"]) }),
  delete_file: (args) => ({ verb: "Delete", object: path(args["path"]) }),
  list_directory: (args) => ({ verb: "List", object: args["path"] === undefined ? "." : path(args["path"]) }),
  stat_file: (args) => ({ verb: "Look at", object: path(args["path"]) }),
  grep_files: (args) => ({
    verb: "Search",
    object: `${text(args["pattern"])}${args["path_pattern"] === undefined ? "" : ` in ${text(args["path_pattern"])}`}`,
  }),
  bash: (args) => ({ verb: "$", object: text(args["command"]) }),
  write_todos: ({ todos }) => ({ verb: "Plan", object: Array.isArray(todos) ? plural(todos.length, "task") : "" }),
  web_fetch: (args) => ({ verb: "Fetch", object: text(args["url"]) }),
  web_search: (args) => ({ verb: "Search the web", object: text(args["query"]) }),
  duckduckgo_search: (args) => ({ verb: "Search the web", object: text(args["query"]) }),
  spawn_agent: (args) => ({ verb: "Agent", object: text(args["name"] ?? args["instructions"]) }),
  spawn_background: (args) => {
    const inner = describeCall({ name: text(args["tool"]), arguments: args["args"] ?? {} });
    return { verb: "Background", object: `${inner.verb} ${inner.object}` };
  },
  remember: (args) => ({ verb: "Remember", object: text(args["title"]) }),
  activate_skill: (args) => ({ verb: "Skill", object: text(args["name"]) }),
};

const SUMMARIZE: Readonly<Record<string, Summarize>> = {
  read_file: ({ content, encoding, size_bytes: size }) =>
    encoding === "base64" && typeof size === "number" ? bytes(size) : plural(countLines(content), "line"),
  read_many_files: ({ files }) => Array.isArray(files) ? plural(files.length, "file") : "",
  write_file: ({ created, size_bytes: size }, { content, encoding }) => {
    const size_ = encoding === "base64" && typeof size === "number" ? bytes(size) : plural(countLines(content), "line");
    return `${created === true ? "new, " : ""}${size_}`;
  },
  list_directory: ({ count }) => typeof count === "number" ? count === 1 ? "1 entry" : `${count} entries` : "",
  stat_file: ({ exists }) => exists === false ? "not there" : "",
  grep_files: ({ match_count: count, matches, next_offset: next }) => {
    if (typeof count !== "number") return "";
    const files = Array.isArray(matches) ? new Set(matches.map((match) => membersOf(match)["path"])).size : 0;
    const matched = count === 1 ? "1 match" : `${count}${next === undefined ? "" : "+"} matches`;
    return count === 0 ? "no matches" : `${matched} in ${plural(files, "file")}`;
  },
  bash: (result) => {
    const code = exitCode(result);
    return code === undefined || code === 0 ? "" : `exit ${code}`;
  },
  write_todos: ({ completed, total_tasks: total }) =>
    typeof completed === "number" && typeof total === "number" ? `${completed} of ${total} done` : "",
};

/** What a call does; never empty. */
export function describeCall(
  { name, displayName, arguments: args }: Pick<ToolBlock, "name" | "displayName" | "arguments">,
): CallDescription {
  const describe = Object.hasOwn(DESCRIBE, name) ? DESCRIBE[name] : undefined;
  if (describe !== undefined && args !== undefined) return describe(membersOf(args));
  const members = Object.entries(membersOf(args)).filter(([, value]) => value !== "" && value !== null);
  const object = members.map(([key, value]) => `${oneLine(key, 40)}: ${text(value, 60)}`).join(", ");
  return { verb: oneLine(displayName ?? name, 60), object };
}

/** How a successful call ended, in a few words; empty when its title says it all. */
export function resultSummary({ name, status, result, arguments: args }: ToolBlock): string {
  if (status !== "success") return "";
  const summarize = Object.hasOwn(SUMMARIZE, name) ? SUMMARIZE[name] : undefined;
  return summarize?.(membersOf(result), membersOf(args)) ?? "";
}

/** What a call printed that its user wants to see the end of; undefined for tools that print nothing. */
export function outputOf({ name, result }: Pick<ToolBlock, "name" | "result">): string | undefined {
  if (name !== "bash") return Object.hasOwn(DESCRIBE, name) ? undefined : shortResult(result);
  if (typeof result === "string") return result;
  const { stdout, stderr, output } = membersOf(result);
  const parts = [stdout, output, stderr].filter((part) => typeof part === "string" && part.trim() !== "");
  return parts.map((part) => String(part).trimEnd()).join("\n");
}

/** A JSON object's members; none of anything else. */
export function membersOf(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as JsonObject : {};
}

function shortResult(result: JsonValue | undefined): string | undefined {
  if (result === undefined || result === null) return undefined;
  const said = typeof result === "string" ? result : JSON.stringify(result);
  return said === "{}" || said === "[]" ? undefined : said;
}

function exitCode({ exit_code: code, exitCode: other }: JsonObject): number | undefined {
  return typeof code === "number" ? code : typeof other === "number" ? other : undefined;
}

function lineRange({ offset, limit }: JsonObject): string {
  if (typeof offset !== "number") return typeof limit === "number" ? `:1-${limit}` : "";
  return typeof limit === "number" ? `:${offset}-${offset + limit - 1}` : `:${offset}`;
}

/** The workspace's own root says nothing to its user. */
function path(value: JsonValue | undefined): string {
  return text(value).replace(/^\/workspace\//, "");
}

function text(value: JsonValue | undefined, max?: number): string {
  if (value === undefined || value === null) return "";
  return oneLine(typeof value === "string" ? value : JSON.stringify(value), max);
}

function countLines(content: JsonValue | undefined): number {
  if (typeof content !== "string" || content === "") return 0;
  return content.split("\n").length - (content.endsWith("\n") ? 1 : 0);
}
