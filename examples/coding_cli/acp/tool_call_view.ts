/** How an editor shows a tool call: title, kind, places and content. */

import type { ToolCall as ToolCallView, ToolCallContent, ToolCallLocation, ToolKind } from "@agentclientprotocol/sdk";
import type { JsonValue, ToolCall } from "@everruns/runtime";
import { fenced } from "../host/fenced.ts";
import type { FileChange } from "../host/question.ts";
import { resolve } from "node:path";

/** Characters of a result an editor is shown. */
const MAX_TEXT = 20_000;

const KINDS: Readonly<Record<string, ToolKind>> = {
  read_file: "read",
  read_many_files: "read",
  stat_file: "read",
  list_directory: "search",
  grep_files: "search",
  query_history: "search",
  tool_search: "search",
  write_file: "edit",
  edit_file: "edit",
  delete_file: "delete",
  bash: "execute",
  spawn_background: "execute",
  web_fetch: "fetch",
  remember: "think",
  recall: "think",
  forget: "think",
};

/** A call before it runs. */
export function viewOf(call: Pick<ToolCall, "id" | "name" | "arguments">, workspace: string): ToolCallView {
  const locations = locationsOf(call.arguments, workspace);
  return {
    toolCallId: call.id,
    title: titleOf(call),
    name: call.name,
    kind: KINDS[call.name] ?? "other",
    status: "pending",
    rawInput: call.arguments,
    ...(locations.length === 0 ? {} : { locations }),
  };
}

/** A change of a file as an editor draws it. */
export function diffContent({ path, before, after }: FileChange, workspace: string): ToolCallContent {
  return { type: "diff", path: resolve(workspace, path), oldText: before, newText: after ?? "" };
}

/** A text as content of a call. */
export function textContent(text: string): ToolCallContent {
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}\n…` : text;
  return { type: "content", content: { type: "text", text: shown } };
}

/** What a call came to, for people. */
export function resultText(name: string, result: JsonValue | undefined, error: string | undefined): string {
  if (error !== undefined) return error;
  if (typeof result === "string") return result;
  const { stdout, stderr, exit_code: code, diff, content } = membersOf(result);
  if (name === "bash") {
    const parts = [stdout, stderr].filter((part) => typeof part === "string" && part !== "");
    if (code !== 0 && code !== undefined) parts.push(`[exit code ${String(code)}]`);
    return parts.length === 0 ? "" : fenced(parts.join("\n"));
  }
  if (typeof diff === "string") return fenced(diff, "diff");
  if (typeof content === "string") return fenced(content);
  return result === undefined ? "" : fenced(JSON.stringify(result, undefined, 2), "json");
}

/** The members of a value that is an object, else none. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function titleOf({ name, arguments: args }: Pick<ToolCall, "name" | "arguments">): string {
  const { command, path, pattern, url, tool } = membersOf(args);
  const [what] = [command, path, pattern, url, tool].filter((value) => typeof value === "string");
  if (what === undefined) return name;
  const [line = ""] = what.trim().split("\n");
  return name === "bash" ? `\`${line}\`` : `${name} ${line}`;
}

function locationsOf(args: JsonValue, workspace: string): ToolCallLocation[] {
  const { path, paths, offset } = membersOf(args);
  const all = [path, ...(Array.isArray(paths) ? paths : [])].filter((value) => typeof value === "string");
  return all.map((text) => ({
    path: resolve(workspace, text.replace(/^\/workspace(?=\/|$)/, ".")),
    ...(typeof offset === "number" ? { line: offset } : {}),
  }));
}
