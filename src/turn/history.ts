/** A session's history in memory: loaded once, extended by every commit. */

import type { SessionId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { CommittedStep, SessionJournal } from "../ports/journal.ts";
import { ModelTranscript } from "./model_messages.ts";

/** Rough cost of one message besides its text, in bytes. */
const MESSAGE_OVERHEAD = 400;

/** The conversation of one session, up to a sequence. */
export class SessionHistory {
  readonly #messages: Message[] = [];
  readonly #transcript = new ModelTranscript();
  #sequence = -1;
  #bytes = 0;

  /** The messages; append-only. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** The messages as a provider gets them. */
  get transcript(): ModelTranscript {
    return this.#transcript;
  }

  /** Estimated size in memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sequence the history is complete to; -1 before the first load. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Reads what is missing up to a sequence: everything the first time, later only newer messages. */
  async catchUp(journal: SessionJournal, sessionId: SessionId, lastSequence: number): Promise<void> {
    if (this.#sequence >= lastSequence) return;
    const missing = await journal.messages(sessionId, this.#sequence < 0 ? {} : { after: this.#sequence });
    for (const message of missing) this.#append(message);
    this.#sequence = lastSequence;
  }

  /** Takes over the messages of a committed step. */
  extend({ messages, lastSequence }: CommittedStep): void {
    for (const message of messages) this.#append(message);
    this.#sequence = lastSequence;
  }

  #append(message: Message): void {
    this.#messages.push(message);
    this.#transcript.append(message);
    this.#bytes += MESSAGE_OVERHEAD + sizeOf(message);
  }
}

function sizeOf(message: Message): number {
  let size = message.thinking?.length ?? 0;
  for (const part of message.content) {
    if (part.type === "text") size += part.text.length;
    else if (part.type === "image") size += (part.base64?.length ?? 0) + (part.url?.length ?? 0);
    else if (part.type === "tool_result") size += typeof part.result === "string" ? part.result.length : 200;
    else size += 200;
  }
  return size * 2;
}
