/** The `stateless_todo_list` capability: a plan the model rewrites as a whole. */

import { ToolError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool } from "../kit/define_tool.ts";

const STATUSES = ["pending", "in_progress", "completed"] as const;

const PROMPT = `Use write_todos to plan work of three or more steps and to show how far it is.
- Send the whole list each time; it replaces the earlier one.
- Mark a task in_progress before you begin it, one at a time, and completed as soon as it is done.
- Leave the list out for simple requests.`;

/**
 * The tool `write_todos`: `{ todos: [{ content, activeForm, status }] }`, echoed with counts.
 *
 * Nothing is stored: the list lives in the conversation, each call replaces it. The answer carries a `warning` when
 * there is unfinished work and not exactly one task is in progress.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Planned."))
 *   .singleSession((s) => s.harness("planner", "Plan first.").withCapability("stateless_todo_list"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "write_todos"));
 * ```
 */
export const statelessTodoList: Capability = defineCapability({
  id: "stateless_todo_list",
  name: "Todo list",
  description: "Lets the model write down what is to be done, in progress and done.",
  category: "planning",
  riskLevel: "low",
  systemPrompt: PROMPT,
  tools: [defineTool({
    name: "write_todos",
    displayName: "Write todos",
    description: "Replaces the todo list of this conversation.",
    parameters: {
      type: "object",
      properties: {
        todos: {
          type: "array",
          description: "The whole list, in order.",
          items: {
            type: "object",
            properties: {
              content: { type: "string", description: 'What is to be done, such as "Run the tests".' },
              activeForm: { type: "string", description: 'The same while it is done, such as "Running the tests".' },
              status: { type: "string", enum: STATUSES },
            },
            required: ["content", "activeForm", "status"],
            additionalProperties: false,
          },
        },
      },
      required: ["todos"],
      additionalProperties: false,
    },
    category: "planning",
    effect: "pure",
    hints: { readonly: true },
    permissions: {},
    execute: ({ todos }) => answer(readTodos(todos)),
    narrate: narrateTodos,
  })],
  permissions: {},
});

/** One task as the model wrote it. */
interface Todo {
  readonly content: string;
  readonly activeForm: string;
  readonly status: typeof STATUSES[number];
}

function readTodos(todos: JsonValue | undefined): Todo[] {
  if (!Array.isArray(todos)) throw new ToolError("`todos` is not a list");
  return todos.map((todo: JsonValue, index) => {
    if (typeof todo !== "object" || todo === null || !("content" in todo)) {
      throw new ToolError(`todos[${index}] is not an object with content, activeForm and status`);
    }
    const status = STATUSES.find((known) => known === todo["status"]);
    if (status === undefined) {
      throw new ToolError(
        `todos[${index}].status is ${JSON.stringify(todo["status"])}, not one of ${STATUSES.join(", ")}`,
      );
    }
    return { content: text(todo, "content", index), activeForm: text(todo, "activeForm", index), status };
  });
}

function text(todo: JsonObject, member: string, index: number): string {
  const value = todo[member];
  if (typeof value !== "string" || value.trim() === "") throw new ToolError(`todos[${index}].${member} is empty`);
  return value;
}

function answer(todos: readonly Todo[]): Record<string, unknown> {
  const count = (status: Todo["status"]): number => todos.filter((todo) => todo.status === status).length;
  const counts = { pending: count("pending"), in_progress: count("in_progress"), completed: count("completed") };
  const warning = warningOf(counts.in_progress, counts.pending);
  return { success: true, total_tasks: todos.length, ...counts, todos, ...(warning === undefined ? {} : { warning }) };
}

function warningOf(inProgress: number, pending: number): string | undefined {
  if (inProgress > 1) return `${inProgress} tasks are in_progress: work on one at a time`;
  if (inProgress === 0 && pending > 0) return "No task is in_progress: mark the one you work on";
  return undefined;
}

function narrateTodos({ todos }: JsonObject): string {
  const active = Array.isArray(todos) ? todos.find((todo: JsonValue) => isActive(todo)) : undefined;
  return isActive(active) ? String(active["activeForm"]) : "Updating the todo list";
}

function isActive(todo: JsonValue | undefined): todo is JsonObject {
  return typeof todo === "object" && todo !== null && "status" in todo && todo["status"] === "in_progress";
}
