/** The tools `list_tasks` and `get_task`. */

import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { isTaskState, taskStates } from "../../kit/task_state.ts";
import { namedTask, tasksOf } from "./task_access.ts";
import { taskDetails, taskRow, threadView } from "./task_view.ts";

/** Rows of one answer. */
const MAX_ROWS = 100;
/** Messages of one answer. */
const MAX_MESSAGES = 20;

/** Lists the session's tasks, the newest 100 in the order they were created; touches nothing, so it is `pure`. */
export const listTasks: Tool = defineTool({
  name: "list_tasks",
  displayName: "List tasks",
  description: "Lists the background tasks of this session, oldest first.",
  parameters: {
    type: "object",
    properties: {
      state: { type: "string", enum: taskStates(), description: "Only tasks in this state." },
      kind: { type: "string", description: "Only tasks of this kind, such as subagent or background_tool." },
    },
    additionalProperties: false,
  },
  category: "tasks",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async ({ state, kind }, context) => {
    const tasks = await tasksOf(context).list(context.sessionId, {
      ...(isTaskState(state) ? { state } : {}),
      ...(typeof kind === "string" ? { kind } : {}),
    });
    const omitted = tasks.length - MAX_ROWS;
    return {
      tasks: tasks.slice(-MAX_ROWS).map(taskRow),
      count: tasks.length,
      ...(omitted > 0 ? { omitted_tasks: omitted } : {}),
    };
  },
  narrate: () => "Listing tasks",
});

/** Shows a task and the newest 20 messages of its thread; touches nothing, so it is `pure`. */
export const getTask: Tool = defineTool({
  name: "get_task",
  displayName: "Get task",
  description: "Shows a background task: its state, result and newest messages.",
  parameters: {
    type: "object",
    properties: { task_id: { type: "string", description: "The task." } },
    required: ["task_id"],
    additionalProperties: false,
  },
  category: "tasks",
  effect: "pure",
  hints: { readonly: true },
  permissions: {},
  execute: async (args, context) => {
    const { registry, task } = await namedTask(args, context);
    const thread = await registry.listMessages(context.sessionId, task.id, { limit: MAX_MESSAGES });
    return { task: taskDetails(task), ...threadView(thread) };
  },
  narrate: () => "Looking at a task",
});
