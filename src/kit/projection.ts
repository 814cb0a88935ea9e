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

/** Most values {@linkcode memorySize} looks at. */
const MAX_VALUES = 2000;

/**
 * Estimates what a record takes in memory, in bytes.
 *
 * It looks at 2,000 values at most: what a list or an object has beyond them counts like the part that was seen.
 */
export function memorySize(record: unknown): number {
  let left = MAX_VALUES;
  const measure = (value: unknown): number => {
    if (typeof value === "string") return 16 + 2 * value.length;
    if (typeof value !== "object" || value === null) return 8;
    const keys = Array.isArray(value) ? undefined : Object.keys(value);
    const members: readonly unknown[] = keys === undefined ? value as unknown[] : Object.values(value);
    let size = 32;
    for (let index = 0; index < members.length; index++) {
      if (--left < 0) return size * members.length / (index + 1);
      size += 8 + (keys?.[index]?.length ?? 0) + measure(members[index]);
    }
    return size;
  };
  return measure(record);
}
