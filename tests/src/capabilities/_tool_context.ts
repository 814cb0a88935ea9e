/** What a tool gets when a test runs it: files in memory, everything else at rest. */

import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { RuntimeFileStore, SessionFiles } from "../../../src/ports/file_store.ts";
import type { Tool, ToolContext } from "../../../src/ports/tool.ts";
import { ToolError } from "../../../src/errors.ts";
import { DEFAULT_ORG_ID, idFromSeed } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";

/** The files of one workspace. */
export function sessionFiles(store: RuntimeFileStore, workspaceId: string = "workspace-1"): SessionFiles {
  return {
    displayRoot: store.displayRoot,
    readFile: (path) => store.readFile(workspaceId, path),
    writeFile: (path, content, encoding = "text") => store.writeFile(workspaceId, path, content, encoding),
    writeFileIfContentMatches: (path, expected, content, encoding = "text") =>
      store.writeFileIfContentMatches(workspaceId, path, expected, content, encoding),
    deleteFile: (path, recursive = false) => store.deleteFile(workspaceId, path, recursive),
    listDirectory: (path = "/") => store.listDirectory(workspaceId, path),
    statFile: (path) => store.statFile(workspaceId, path),
    grepFiles: (pattern, options) => store.grepFiles(workspaceId, pattern, options),
    createDirectory: (path) => store.createDirectory(workspaceId, path),
  };
}

/** A context over some files. */
export function toolContext(files: SessionFiles = sessionFiles(new InMemoryFileStore())): ToolContext {
  return {
    sessionId: idFromSeed("session", 1),
    workspaceId: "workspace-1",
    organizationId: DEFAULT_ORG_ID,
    turnId: idFromSeed("turn", 1),
    toolCallId: idFromSeed("call", 1),
    idempotencyKey: "session/turn/call",
    locale: undefined,
    acceptedAt: 0,
    signal: new AbortController().signal,
    files,
    storage: undefined,
    connections: undefined,
    tasks: undefined,
    schedules: undefined,
    platform: undefined,
    tools: new Map(),
    networkAccess: undefined,
    progress: () => {},
    output: () => {},
    fileWritten: () => {},
  };
}

/** A tool of a capability. */
export function toolOf(capability: Capability, name: string): Tool {
  const tools = typeof capability.tools === "function" ? capability.tools({}, []) : capability.tools ?? [];
  const tool = tools.find(({ definition }) => definition.name === name);
  if (tool === undefined) throw new Error(`${capability.id} has no tool ${name}`);
  return tool;
}

/** Runs a call as the kernel does: the result, or `{ error }` with what the model is told. */
export async function call(tool: Tool, args: JsonObject, context: ToolContext = toolContext()): Promise<JsonObject> {
  const parsed = await tool.parse(args);
  if (!parsed.ok) return { error: `invalid arguments: ${parsed.message}` };
  try {
    const outcome = await tool.execute(parsed.value, context);
    if (outcome.type !== "success") return { error: outcome.type === "error" ? outcome.message : outcome.type };
    return JSON.parse(JSON.stringify(outcome.value)) as JsonObject;
  } catch (error) {
    if (error instanceof ToolError) return { error: error.message };
    throw error;
  }
}
