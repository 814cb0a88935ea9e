/** What the user sees before deciding about a call: a diff of an edit, the command, or the arguments. */

import type { InProcessRuntime, JsonObject, SessionFiles, SessionId, Tool, ToolCall } from "@everruns/runtime";
import type { ApprovalQuestion } from "../interactive_host.ts";

/** A change of one file that a call would make. */
export interface FileChange {
  /** Path from the root of the workspace, without a leading slash. */
  readonly path: string;
  /** Null when there is no such file yet. */
  readonly before: string | null;
  /** Null when it goes. */
  readonly after: string | null;
}

/** Characters of a diff; a longer one is cut. */
const MAX_DETAIL = 20_000;
const PREVIEWED: ReadonlySet<string> = new Set(["write_file", "edit_file", "delete_file"]);

/** The question about a call; one of a subagent says so. */
export async function questionFor(
  runtime: InProcessRuntime,
  sessionId: SessionId,
  call: ToolCall,
): Promise<ApprovalQuestion> {
  const { session } = await runtime.loadContext(sessionId);
  const question = await plainQuestion(runtime, sessionId, call);
  if (session.parentSessionId === undefined) return question;
  return { ...question, title: `${question.title} (for the subagent ${JSON.stringify(session.title ?? "unnamed")})` };
}

async function plainQuestion(
  runtime: InProcessRuntime,
  sessionId: SessionId,
  call: ToolCall,
): Promise<ApprovalQuestion> {
  const args = membersOf(call.arguments);
  const base = { toolCallId: call.id, toolName: call.name };
  if (call.name === "bash") {
    const command = String(args["command"] ?? "");
    return { ...base, title: `Run: ${firstLine(command)}`, detail: cut(command) };
  }
  if (call.name === "spawn_background") {
    const inner = membersOf(args["args"]);
    const what = args["tool"] === "bash" ? String(inner["command"] ?? "") : JSON.stringify(inner, undefined, 2);
    return { ...base, title: `Run in the background: ${String(args["tool"])}`, detail: cut(what) };
  }
  if (call.name === "web_fetch") {
    const into = args["save_to"] === undefined ? "" : ` and save it to ${String(args["save_to"])}`;
    return { ...base, title: `Fetch ${firstLine(String(args["url"]))}${into}`, detail: cut(String(args["url"])) };
  }
  const change = PREVIEWED.has(call.name)
    ? await previewChange(runtime, sessionId, call).catch(() => undefined)
    : undefined;
  if (change !== undefined) return { ...base, title: titleOf(change), detail: cut(await diffOf(change)) };
  return { ...base, title: call.name, detail: cut(JSON.stringify(args, undefined, 2)) };
}

/**
 * What a call of a file tool would change, found by running the tool itself over files that only pretend to change.
 *
 * @returns undefined when it would change nothing, or fail
 */
export async function previewChange(
  runtime: InProcessRuntime,
  sessionId: SessionId,
  call: Pick<ToolCall, "name" | "arguments">,
): Promise<FileChange | undefined> {
  const files = await runtime.files(sessionId);
  const args = membersOf(call.arguments);
  if (call.name === "delete_file") {
    const path = String(args["path"]);
    const stat = await files.statFile(path);
    if (stat === undefined) return undefined;
    return { path: shown(stat.path), before: stat.isDirectory ? "" : await textOf(files, path), after: null };
  }
  const context = await runtime.loadContext(sessionId);
  const tool = context.executableTools.get(call.name)?.tool;
  if (tool === undefined) return undefined;
  const pretended: Pretended = { change: undefined };
  const outcome = await runPretending(tool, args, sessionId, pretendingFiles(files, pretended));
  return outcome === "success" ? pretended.change : undefined;
}

/** A unified diff of a change, without the lines that name an index. */
export async function diffOf({ path, before, after }: FileChange): Promise<string> {
  if (after === null) return `deletes ${path}`;
  const { createTwoFilesPatch } = await import("diff");
  const from = before === null ? "/dev/null" : `a/${path}`;
  const patch = createTwoFilesPatch(from, `b/${path}`, before ?? "", after, "", "", { context: 3, timeout: 2_000 });
  return patch?.replace(/^=+\n/, "") ?? `${path}: too different to show line by line`;
}

interface Pretended {
  change: FileChange | undefined;
}

async function runPretending(tool: Tool, args: JsonObject, sessionId: SessionId, files: SessionFiles): Promise<string> {
  const parsed = await tool.parse(args);
  if (!parsed.ok) return "error";
  const nothing = (): void => {};
  const outcome = await tool.execute(parsed.value, {
    sessionId,
    workspaceId: sessionId,
    organizationId: "org_00000000000000000000000000000001",
    turnId: "turn_00000000000000000000000000000000",
    toolCallId: "call_00000000000000000000000000000000",
    idempotencyKey: "preview",
    locale: undefined,
    acceptedAt: 0,
    signal: AbortSignal.timeout(5_000),
    files,
    storage: undefined,
    connections: undefined,
    tasks: undefined,
    schedules: undefined,
    platform: undefined,
    tools: new Map(),
    networkAccess: undefined,
    progress: nothing,
    output: nothing,
    fileWritten: nothing,
  });
  return outcome.type;
}

/** Files whose writes are only noted. */
function pretendingFiles(files: SessionFiles, pretended: Pretended): SessionFiles {
  const note = async (path: string, after: string): Promise<boolean> => {
    const stat = await files.statFile(path);
    const before = stat === undefined ? null : await textOf(files, path);
    const inside = path.startsWith(`${files.displayRoot}/`) ? path.slice(files.displayRoot.length) : path;
    pretended.change = { path: shown(stat?.path ?? inside), before, after };
    return stat === undefined;
  };
  return {
    displayRoot: files.displayRoot,
    readFile: (path) => files.readFile(path),
    listDirectory: (path) => files.listDirectory(path),
    statFile: (path) => files.statFile(path),
    grepFiles: (pattern, options) => files.grepFiles(pattern, options),
    createDirectory: () => Promise.resolve(),
    deleteFile: () => Promise.resolve(true),
    writeFile: (path, content, encoding) => note(path, encoding === "base64" ? "(binary)" : content),
    writeFileIfContentMatches: async (path, _expected, content) => {
      await note(path, content);
      return true;
    },
  };
}

async function textOf(files: SessionFiles, path: string): Promise<string> {
  const { content, encoding } = await files.readFile(path);
  return encoding === "text" ? content : "(binary)";
}

function titleOf({ path, before, after }: FileChange): string {
  if (after === null) return `Delete ${path}`;
  return before === null ? `Create ${path}` : `Edit ${path}`;
}

function shown(path: string): string {
  return path.replace(/^\/(workspace\/)?/, "");
}

function firstLine(text: string): string {
  const [line = ""] = text.trim().split("\n");
  return line.length > 100 || text.trim().includes("\n") ? `${line.slice(0, 100)}…` : line;
}

function cut(text: string): string {
  return text.length > MAX_DETAIL
    ? `${text.slice(0, MAX_DETAIL)}\n… (${text.length - MAX_DETAIL} characters more)`
    : text;
}

function membersOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
