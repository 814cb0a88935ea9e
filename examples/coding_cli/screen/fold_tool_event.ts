/** Tool calls, folded into the screen. */

import type { EventDataMap, JsonValue } from "@everruns/runtime";
import { onTurn } from "./live_turn.ts";
import { type OpenCall, type Screen, type Todo, type ToolBlock, withBlocks } from "./screen.ts";
import type { RuntimeEvent } from "./screen_input.ts";

/** Most characters kept of what a running call prints: only the end is shown. */
const MAX_OUTPUT = 4_000;

/** The screen after an event about tool calls; undefined for any other event. */
export function foldToolEvent(screen: Screen, event: RuntimeEvent): Screen | undefined {
  switch (event.type) {
    case "act.started": {
      const { turnId, toolCalls } = event.data;
      let changed = onTurn(screen, turnId, event.ts, { activity: "tools" });
      for (const { id, displayName, narration } of toolCalls) {
        changed = changeCall(changed, id, () => ({ ...optional({ displayName, narration }) }));
      }
      return changed;
    }
    case "tool.started": {
      const { turnId, toolCallId: id, toolName: name, displayName, narration } = event.data;
      const known = onTurn(screen, turnId, event.ts, { activity: "tools" });
      const isKnown = screen.calls.some((call) => call.id === id);
      const all = isKnown ? known : { ...known, calls: [...screen.calls, { id, name, output: "" }] };
      return changeCall(all, id, () => ({ startedAt: event.ts, ...optional({ displayName, narration }) }));
    }
    case "tool.progress":
      return changeCall(screen, event.data.toolCallId, () => ({ progress: event.data.message }));
    case "tool.output.delta":
      return changeCall(screen, event.data.toolCallId, ({ output }) => ({
        output: (output + event.data.delta).slice(-MAX_OUTPUT),
      }));
    case "tool.completed":
      return foldCompleted(screen, event.data);
    default:
      return undefined;
  }
}

function changeCall(screen: Screen, id: string, change: (call: OpenCall) => Partial<OpenCall>): Screen {
  return { ...screen, calls: screen.calls.map((call) => call.id === id ? { ...call, ...change(call) } : call) };
}

function foldCompleted(screen: Screen, data: EventDataMap["tool.completed"]): Screen {
  const { toolCallId, toolName, status, result, error, durationMs, displayName } = data;
  const call = screen.calls.find(({ id }) => id === toolCallId);
  const block: ToolBlock = {
    type: "tool",
    name: toolName,
    status,
    ...optional({ displayName, arguments: call?.arguments, result, error, durationMs }),
  };
  const todos = toolName === "write_todos" && status === "success" ? readTodos(result) : undefined;
  const changed = {
    ...screen,
    calls: screen.calls.filter(({ id }) => id !== toolCallId),
    approvals: screen.approvals.filter((question) => question.toolCallId !== toolCallId),
    ...(todos === undefined ? {} : { todos }),
  };
  return withBlocks(changed, block);
}

/** The todo list in the answer of `write_todos`. */
export function readTodos(result: JsonValue | undefined): Todo[] | undefined {
  if (typeof result !== "object" || result === null || !("todos" in result)) return undefined;
  const { todos } = result;
  if (!Array.isArray(todos)) return undefined;
  return todos.flatMap((todo: JsonValue) => {
    if (typeof todo !== "object" || todo === null || !("content" in todo)) return [];
    const { content, activeForm, status } = todo;
    if (status !== "pending" && status !== "in_progress" && status !== "completed") return [];
    return [{ content: String(content), activeForm: String(activeForm ?? content), status }];
  });
}

/** The members that are there: `exactOptionalPropertyTypes` tells absent from undefined. */
function optional<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
