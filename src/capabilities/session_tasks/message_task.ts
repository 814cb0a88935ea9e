/** The tool `message_task`. */

import { RuntimeError } from "../../errors.ts";
import type { SessionTask, TaskMessage } from "../../records/task.ts";
import type { NewTaskMessage, SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { toldToModel } from "../../kit/told_to_model.ts";
import { currentTask, namedTask, noSuchTask } from "./task_access.ts";

/**
 * Writes to a task: stored first, then handed to what runs it, so that a failed delivery loses nothing.
 *
 * A message has no key and a repeat would be a second one, so it is `at_most_once`. Messages of one reply are sent in
 * the order of their calls.
 */
export const messageTask: Tool = defineTool({
  name: "message_task",
  displayName: "Message task",
  description:
    "Sends a message to a background task, or answers its question (in_reply_to: the id of its input_request).",
  parameters: {
    type: "object",
    properties: {
      task_id: { type: "string", description: "The task." },
      message: { type: "string", minLength: 1, description: "What to tell it." },
      in_reply_to: { type: "string", description: "Id of the question or message this answers." },
    },
    required: ["task_id", "message"],
    additionalProperties: false,
  },
  category: "tasks",
  effect: "at_most_once",
  concurrencyClass: "message_task",
  hints: { longRunning: true },
  permissions: {},
  execute: async (args, context) => {
    const { registry, task } = await namedTask(args, context);
    const text = String(args["message"]);
    const inReplyTo = args["in_reply_to"];
    const message = await record(registry, context, task, {
      direction: "inbound",
      content: [{ type: "text", text }],
      ...(typeof inReplyTo === "string" ? { inReplyTo } : {}),
    });
    // The message may have answered the task's question: what runs it must see the task as it is now.
    const delivery = await deliver(registry, await currentTask(registry, context, task.id), text);
    return { task_id: task.id, message_id: message.id, recorded: true, delivery };
  },
  narrate: () => "Sending a message to a task",
});

async function record(
  registry: SessionTaskRegistry,
  { sessionId }: ToolContext,
  { id }: SessionTask,
  message: NewTaskMessage,
): Promise<TaskMessage> {
  try {
    return await registry.recordMessage(sessionId, id, message);
  } catch (error) {
    // It may have been deleted since it was read.
    throw error instanceof RuntimeError && error.code === "task_not_found" ? noSuchTask(id) : error;
  }
}

/** Hands a stored message on: `delivered`, `stored` when nothing here takes messages, or why it failed. */
async function deliver(registry: SessionTaskRegistry, task: SessionTask, text: string): Promise<string> {
  const executor = registry.executors.get(task.kind);
  if (executor?.deliver === undefined) return "stored";
  try {
    await executor.deliver(task, text);
    return "delivered";
  } catch (error) {
    return `failed: ${toldToModel(error)}`;
  }
}
