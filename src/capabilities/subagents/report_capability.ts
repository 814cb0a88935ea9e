/** The `subagent_report` capability: what a child tells the session that spawned it. */

import { FileStoreError, ToolError } from "../../errors.ts";
import { isId, type SessionId, type TaskId } from "../../records/ids.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Capability } from "../../ports/capability.ts";
import type { SessionFiles } from "../../ports/file_store.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineTool, type ToolOptions } from "../../kit/define_tool.ts";
import { isSchemaObject } from "../../kit/object_schema.ts";
import { compileSchema } from "../../kit/schema_validator.ts";
import { about, recordId, required } from "../../kit/setting_kinds.ts";
import { defineSettings, type Setting } from "../../kit/settings.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { resultPathOf } from "./child_task.ts";

/** What `spawn_agent` tells the child's capability. */
interface ReportConfig {
  readonly taskId: TaskId;
  readonly parentSessionId: SessionId;
  readonly resultSchema?: JsonSchema;
  readonly messageSchema?: JsonSchema;
}

/** A schema a model wrote. */
const SCHEMA: Setting<JsonSchema | undefined> = {
  schema: { type: "object" },
  wanted: "a JSON Schema that is an object",
  byDefault: undefined,
  read: schemaOf,
};

const SETTINGS = defineSettings({
  taskId: about("The task of the child.", required(recordId("task"))),
  parentSessionId: about("The session that spawned it.", required(recordId("session"))),
  resultSchema: about("What its result has to be; without it no result is reported.", SCHEMA),
  messageSchema: about("What its progress has to be; without it no progress is reported.", SCHEMA),
});

/** Where a report goes. */
interface Recipient {
  readonly tasks: SessionTaskRegistry;
  readonly task: SessionTask;
}

/**
 * The tools `report_result` and `report_task_progress` of a child; `spawn_agent` switches it on.
 *
 * A result is written to `/.tasks/<task>/result.json` of the files of the session that spawned the child, once; progress
 * becomes a message of the task. Its configuration is `{ taskId, parentSessionId, resultSchema?, messageSchema? }`: each
 * tool is there when its schema is. A model wrote the schemas, so their `pattern`s are never run.
 */
export const subagentReport: Capability = defineCapability({
  id: "subagent_report",
  name: "Subagent reports",
  description: "Lets a spawned agent report its result and its progress.",
  category: "agents",
  riskLevel: "low",
  systemPrompt: ({ config }) => promptOf(readConfig(config)),
  tools: (config) => toolsOf(readConfig(config)),
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  permissions: {},
});

/** Reports of one child are taken one after another. */
const REPORT_CLASS = "subagent_report";

function promptOf(config: ReportConfig | undefined): string | undefined {
  const lines: string[] = [];
  if (config?.resultSchema !== undefined) {
    lines.push("Before you end, report your result once with report_result: without it your work counts as failed.");
  }
  if (config?.messageSchema !== undefined) lines.push("Report how far you are with report_task_progress.");
  return lines.length === 0 ? undefined : lines.join("\n");
}

function toolsOf(config: ReportConfig | undefined): readonly Tool[] {
  if (config === undefined) return [];
  const { resultSchema, messageSchema } = config;
  return [
    ...(resultSchema === undefined ? [] : [schemaTool({
      name: "report_result",
      displayName: "Report result",
      description: "Reports the result of your work to whoever gave it to you; once.",
      parameters: resultSchema,
      category: "agents",
      effect: "idempotent",
      concurrencyClass: REPORT_CLASS,
      permissions: {},
      execute: (args, context) => reportResult(args, context, config),
    })]),
    ...(messageSchema === undefined ? [] : [schemaTool({
      name: "report_task_progress",
      displayName: "Report progress",
      description: "Tells whoever gave you the work how far you are.",
      parameters: messageSchema,
      category: "agents",
      concurrencyClass: REPORT_CLASS,
      permissions: {},
      execute: (args, context) => reportProgress(args, context, config),
    })]),
  ];
}

/** A tool whose parameters a model wrote. */
function schemaTool(options: ToolOptions & { readonly parameters: JsonSchema }): Tool {
  return Object.freeze<Tool>({ ...defineTool(options), parse: compileSchema(options.parameters, { foreign: true }) });
}

async function reportResult(args: JsonObject, context: ToolContext, config: ReportConfig): Promise<JsonObject> {
  const { tasks, task } = await recipientOf(context, config, "a result");
  const { platform } = context;
  if (platform === undefined) throw new ToolError("Cannot report a result: the host lets no tool reach other sessions");
  const path = resultPathOf(task);
  const text = `${JSON.stringify(args, undefined, 2)}\n`;
  const files = await platform.files(config.parentSessionId);
  if (task.resultPath !== undefined) {
    // A call that runs again after a crash says the same again.
    if (task.resultPath === path && await contentOf(files, path) === text) return { reported: true, path };
    throw new ToolError("Cannot report a result: one was reported before, and it stays");
  }
  await files.writeFile(path, text);
  const updated = await tasks.update(task.sessionId, task.id, {
    expectedAttempt: task.attempt,
    resultPath: path,
    appendArtifact: { name: "result", type: "application/json", path },
  });
  if (updated?.resultPath !== path) {
    throw new ToolError("Cannot report a result: the task changed meanwhile; try again");
  }
  return { reported: true, path };
}

async function reportProgress(args: JsonObject, context: ToolContext, config: ReportConfig): Promise<JsonObject> {
  const { tasks, task } = await recipientOf(context, config, "progress");
  const { id } = await tasks.recordMessage(task.sessionId, task.id, {
    direction: "outbound",
    content: [{ type: "data", data: args }],
    expectedAttempt: task.attempt,
  });
  return { reported: true, message_id: id };
}

async function recipientOf(
  { tasks, sessionId }: ToolContext,
  { parentSessionId, taskId }: ReportConfig,
  what: string,
): Promise<Recipient> {
  if (tasks === undefined) throw new ToolError(`Cannot report ${what}: the host keeps no tasks`);
  const task = await tasks.get(parentSessionId, taskId);
  if (task === undefined || task.links.childSessionId !== sessionId) {
    throw new ToolError(`Cannot report ${what}: this session does no work for task "${taskId}"`);
  }
  if (isFinalState(task.state)) throw new ToolError(`Cannot report ${what}: the task has ended (${task.state})`);
  return { tasks, task };
}

async function contentOf(files: SessionFiles, path: string): Promise<string | undefined> {
  try {
    return (await files.readFile(path)).content;
  } catch (error) {
    if (error instanceof FileStoreError) return undefined;
    throw error;
  }
}

function readConfig(config: JsonObject): ReportConfig | undefined {
  const { taskId, parentSessionId } = config;
  if (!isId("task", taskId) || !isId("session", parentSessionId)) return undefined;
  const resultSchema = schemaOf(config["resultSchema"]);
  const messageSchema = schemaOf(config["messageSchema"]);
  return {
    taskId,
    parentSessionId,
    ...(resultSchema === undefined ? {} : { resultSchema }),
    ...(messageSchema === undefined ? {} : { messageSchema }),
  };
}

function schemaOf(value: JsonValue | undefined): JsonSchema | undefined {
  return value !== undefined && isSchemaObject(value) ? value : undefined;
}
