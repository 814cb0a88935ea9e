/** Events to messages: the conversation is a projection of the durable events. */

import type { ContentPart } from "../records/content.ts";
import type { Event } from "../records/event.ts";
import type { Message } from "../records/message.ts";

/**
 * The message an event carries, or undefined.
 *
 * Only `input.message`, `output.message.completed` and `tool.completed` rebuild the conversation.
 */
export function messageOfEvent(event: Event): Message | undefined {
  switch (event.type) {
    case "input.message":
    case "output.message.completed":
      return event.sequence === undefined
        ? event.data.message
        : Object.freeze({ ...event.data.message, sequence: event.sequence });
    case "tool.completed": {
      const data = event.data;
      const content: ContentPart[] = [
        data.error === undefined
          ? { type: "tool_result", toolCallId: data.toolCallId, result: data.result ?? null }
          : { type: "tool_result", toolCallId: data.toolCallId, error: data.error },
      ];
      if (data.images !== undefined) content.push(...data.images);
      const message: Message = {
        id: data.messageId,
        role: "tool_result",
        content,
        metadata: { toolName: data.toolName, status: data.status },
        createdAt: event.ts,
      };
      return Object.freeze(event.sequence === undefined ? message : { ...message, sequence: event.sequence });
    }
    default:
      return undefined;
  }
}

/** The messages a list of events carries, in order. */
export function messagesOfEvents(events: readonly Event[]): Message[] {
  const messages: Message[] = [];
  for (const event of events) {
    const message = messageOfEvent(event);
    if (message !== undefined) messages.push(message);
  }
  return messages;
}
