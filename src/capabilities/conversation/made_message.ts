/** Messages that only the model sees. */

import type { Message } from "../../records/message.ts";

/** A message that stands for others, such as `near`; it is never stored. */
export function madeMessage(role: "system" | "user", text: string, near: Message): Message {
  return Object.freeze<Message>({
    id: near.id,
    role,
    content: Object.freeze([Object.freeze({ type: "text" as const, text })]),
    createdAt: near.createdAt,
  });
}
