/** From the runtime's events, and from a stored conversation, to the updates of the protocol. */

import type { ContentBlock, PlanEntry, SessionUpdate } from "@agentclientprotocol/sdk";
import { type Event, type EventOf, type Message, metadataOf, textOf, type ToolCall } from "@everruns/runtime";
import type { FileChange } from "../host/question.ts";
import { diffContent, membersOf, resultText, textContent, viewOf } from "./tool_call_view.ts";

/** What the updates need to know beside the events. */
export interface UpdateSources {
  /** The folder paths count from. */
  readonly workspace: string;
  /** The change a call of a file tool made; asked once, when it is over. */
  takeChange(path: string): FileChange | undefined;
}

/** Tools whose calls are shown as something else. */
const PLAN_TOOL = "write_todos";
/** Characters of a running call's output that are shown, and milliseconds between two updates of it. */
const MAX_LIVE_OUTPUT = 8_000;
const LIVE_OUTPUT_MS = 200;

/** Makes updates; one for each session, since some depend on what was sent before. */
export class UpdateMapper {
  readonly #sources: UpdateSources;
  /** Messages of which pieces were sent, so that the whole is not sent again. */
  readonly #streamed = new Set<string>();
  #hasThought = false;
  /** Calls that were announced and are not over. */
  readonly #calls = new Map<string, ToolCall>();
  /** The end of what running calls printed. */
  readonly #output = new Map<string, { readonly text: string; shownAt: number }>();

  constructor(sources: UpdateSources) {
    this.#sources = sources;
  }

  /** An announced call that is not over. */
  call(id: string): ToolCall | undefined {
    return this.#calls.get(id);
  }

  /** The updates of an event as it happens. */
  ofEvent(event: Event): readonly SessionUpdate[] {
    switch (event.type) {
      case "input.message":
        // The editor knows what its user sends, and nothing of what tasks and schedules say.
        return metadataOf(event.data.message, "wake") === undefined ? [] : ofUser(event.data.message);
      case "session.title.updated":
        return [{ sessionUpdate: "session_info_update", title: event.data.title }];
      case "output.message.delta":
        this.#streamed.add(event.data.messageId);
        return [text("agent_message_chunk", event.data.delta, event.data.messageId)];
      case "output.message.replaced":
        // What was sent cannot be taken back: the answer begins anew under it.
        this.#streamed.add(event.data.messageId);
        return [text("agent_message_chunk", `\n\n${event.data.replacement}`, event.data.messageId)];
      case "reason.started":
        this.#hasThought = false;
        return [];
      case "reason.thinking.delta":
        this.#hasThought = true;
        return [text("agent_thought_chunk", event.data.delta)];
      case "output.message.completed":
        return this.#ofReply(event.data.message);
      case "tool.started":
        return this.#calls.has(event.data.toolCallId)
          ? [{
            sessionUpdate: "tool_call_update",
            toolCallId: event.data.toolCallId,
            status: "in_progress",
            ...(event.data.narration === undefined ? {} : { title: event.data.narration }),
          }]
          : [];
      case "tool.output.delta":
        return this.#ofOutput(event);
      case "tool.completed":
        return this.#ofResult(event);
      default:
        return [];
    }
  }

  /** The updates of a stored conversation. */
  ofMessages(messages: readonly Message[]): readonly SessionUpdate[] {
    return messages.flatMap((message) => {
      switch (message.role) {
        case "user":
          return ofUser(message);
        case "agent":
          return this.#ofReply(message);
        case "tool_result":
          return this.#ofStoredResult(message);
        case "system":
          return [];
      }
    });
  }

  #ofReply(message: Message): SessionUpdate[] {
    const updates: SessionUpdate[] = [];
    const said = textOf(message.content);
    if (message.thinking !== undefined && message.thinking !== "" && !this.#hasThought) {
      updates.push(text("agent_thought_chunk", message.thinking));
    }
    this.#hasThought = false;
    if (said !== "" && !this.#streamed.delete(message.id)) updates.push(text("agent_message_chunk", said, message.id));
    for (const part of message.content) {
      if (part.type === "tool_call") updates.push(...this.#ofCall(part));
    }
    return updates;
  }

  #ofCall({ id, name, arguments: args }: ToolCall): SessionUpdate[] {
    if (name === PLAN_TOOL) return [{ sessionUpdate: "plan", entries: planOf(args) }];
    const call = { id, name, arguments: args };
    this.#calls.set(id, call);
    return [{ sessionUpdate: "tool_call", ...viewOf(call, this.#sources.workspace) }];
  }

  /** The newest output of a running call; not with every piece, since each update carries all of it. */
  #ofOutput({ data, ts }: EventOf<"tool.output.delta">): SessionUpdate[] {
    const { toolCallId, toolName, delta } = data;
    if (!this.#calls.has(toolCallId)) return [];
    const known = this.#output.get(toolCallId) ?? { text: "", shownAt: 0 };
    const output = { ...known, text: (known.text + delta).slice(-MAX_LIVE_OUTPUT) };
    this.#output.set(toolCallId, output);
    if (ts - output.shownAt < LIVE_OUTPUT_MS) return [];
    output.shownAt = ts;
    const shown = resultText(toolName, { stdout: output.text }, undefined);
    return [{ sessionUpdate: "tool_call_update", toolCallId, content: [textContent(shown)] }];
  }

  #ofResult({ data }: EventOf<"tool.completed">): SessionUpdate[] {
    const call = this.#calls.get(data.toolCallId);
    this.#output.delete(data.toolCallId);
    if (!this.#calls.delete(data.toolCallId)) return [];
    const path = membersOf(call?.arguments)["path"];
    const change = data.success && typeof path === "string" ? this.#changeBy(data.toolName, path) : undefined;
    const shown = resultText(data.toolName, data.result, data.error);
    return [{
      sessionUpdate: "tool_call_update",
      toolCallId: data.toolCallId,
      status: data.success ? "completed" : "failed",
      ...contentOf(change === undefined ? textContent(shown) : diffContent(change, this.#sources.workspace), shown),
      ...(data.result === undefined ? {} : { rawOutput: data.result }),
    }];
  }

  #ofStoredResult(message: Message): SessionUpdate[] {
    return message.content.flatMap((part): SessionUpdate[] => {
      if (part.type !== "tool_result") return [];
      const call = this.#calls.get(part.toolCallId);
      if (call === undefined) return [];
      this.#calls.delete(part.toolCallId);
      const shown = resultText(call.name, part.result, part.error);
      return [{
        sessionUpdate: "tool_call_update",
        toolCallId: part.toolCallId,
        status: part.error === undefined ? "completed" : "failed",
        ...contentOf(textContent(shown), shown),
      }];
    });
  }

  #changeBy(toolName: string, path: string): FileChange | undefined {
    return toolName === "write_file" || toolName === "edit_file" ? this.#sources.takeChange(path) : undefined;
  }
}

/** An empty text is left out: editors draw a box for it. */
function contentOf<T>(content: T, shown: string): { readonly content?: T[] } {
  return shown === "" ? {} : { content: [content] };
}

function ofUser({ content, id }: Message): SessionUpdate[] {
  const said = textOf(content);
  const images = content.flatMap((part): ContentBlock[] =>
    part.type === "image" && part.base64 !== undefined
      ? [{ type: "image", data: part.base64, mimeType: part.mediaType ?? "image/png" }]
      : []
  );
  return [
    ...(said === "" ? [] : [text("user_message_chunk", said, id)]),
    ...images.map((image): SessionUpdate => ({
      sessionUpdate: "user_message_chunk",
      content: image,
      messageId: id,
    })),
  ];
}

function text(
  sessionUpdate: "user_message_chunk" | "agent_message_chunk" | "agent_thought_chunk",
  said: string,
  messageId?: string,
): SessionUpdate {
  return { sessionUpdate, content: { type: "text", text: said }, ...(messageId === undefined ? {} : { messageId }) };
}

function planOf(args: unknown): PlanEntry[] {
  const { todos } = membersOf(args);
  return (Array.isArray(todos) ? todos : []).map((todo: unknown) => {
    const { content, status } = membersOf(todo);
    return {
      content: String(content),
      priority: "medium",
      status: status === "completed" || status === "in_progress" ? status : "pending",
    };
  });
}
