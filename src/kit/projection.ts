/** Events to messages: the conversation is a projection of the durable events. */

import type { ContentPart } from "../records/content.ts";
import type { Event } from "../records/event.ts";
import type { Message } from "../records/message.ts";

/**
 * The message an event carries, or undefined.
 *
 * Only `input.message`, `output.message.completed` and `tool.completed` rebuild the conversation.
 */
function messageOfEvent(event: Event): Message | undefined {
  switch (event.type) {
    case "input.message":
    case "output.message.completed":
      return event.sequence === undefined
        ? event.data.message
        : Object.freeze({ ...event.data.message, sequence: event.sequence });
    case "tool.completed": {
      const data = event.data;
      const content: ContentPart[] = [
        Object.freeze(
          data.error === undefined
            ? { type: "tool_result", toolCallId: data.toolCallId, result: data.result ?? null }
            : { type: "tool_result", toolCallId: data.toolCallId, error: data.error },
        ),
      ];
      if (data.images !== undefined) content.push(...data.images);
      const message: Message = {
        id: data.messageId,
        role: "tool_result",
        content: Object.freeze(content),
        metadata: Object.freeze({ toolName: data.toolName, status: data.status }),
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
  return measure(record, { left: MAX_VALUES });
}

// for-in and no copy of the members: this runs for every event of a turn.
function measure(value: unknown, looks: { left: number }): number {
  if (typeof value === "string") return 16 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  let size = 32;
  let seen = 0;
  if (Array.isArray(value)) {
    for (; seen < value.length; seen++) {
      if (--looks.left < 0) return size * value.length / (seen + 1);
      size += 8 + measure(value[seen], looks);
    }
    return size;
  }
  for (const key in value) {
    if (--looks.left < 0) return size * Object.keys(value).length / (seen + 1);
    const member: unknown = value[key as keyof typeof value];
    size += 8 + key.length + measure(member, looks);
    seen++;
  }
  return size;
}
