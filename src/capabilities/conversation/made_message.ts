/** Messages that only the model sees. */

import { idFromSeed } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";

/** Stands for the id of a message that is never stored. */
const NOTE = idFromSeed("message", 0);

/** A message that stands for others, such as `near`; it is never stored. */
export function madeMessage(role: "system" | "user", text: string, near: Message): Message {
  return Object.freeze<Message>({
    id: near.id,
    role,
    content: Object.freeze([Object.freeze({ type: "text" as const, text })]),
    createdAt: near.createdAt,
  });
}

/** A note of the runtime at the end of the conversation, likewise. */
export function madeNote(text: string, createdAt: number): Message {
  return { id: NOTE, role: "system", content: [{ type: "text", text }], createdAt };
}
