/** A session's history in memory, and what a provider gets of it: derived, and always closed. */

import type { ImagePart, ReasoningPart, TextPart } from "../records/content.ts";
import { textOf } from "../records/content.ts";
import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { SessionId } from "../records/ids.ts";
import { type Message, metadataOf } from "../records/message.ts";
import type { Mutable } from "../kit/mutable.ts";
import { memorySize } from "../kit/projection.ts";
import type { ModelMessage, ModelToolCall } from "../ports/driver.ts";
import type { CommittedStep, SessionJournal } from "../ports/journal.ts";

/** What stands in for the result of a call that never got one. */
export const LOST_RESULT = "interrupted: no result was recorded for this call";

/**
 * The conversation as provider messages, grown one stored message at a time.
 *
 * Results come in the order of their calls, whatever order they were stored in. Calls without a result are answered with an error before the next message, so that a provider never sees an open
 * call. Placeholders of failed turns and empty answers are left out.
 */
export class ModelTranscript {
  readonly #messages: ModelMessage[] = [];
  #open: OpenCalls | undefined;

  /** The provider messages; append-only, so a running stream may read it. */
  get messages(): readonly ModelMessage[] {
    return this.#open === undefined ? this.#messages : [...this.#messages, ...close(this.#open)];
  }

  /** Appends one stored message. */
  append(message: Message): void {
    if (message.role === "tool_result") return this.#answer(message);
    const converted = convert(message);
    if (converted === undefined) return;
    this.#close();
    this.#messages.push(Object.freeze(converted));
    if (converted.role === "assistant" && converted.toolCalls.length > 0) {
      this.#open = { calls: converted.toolCalls, results: new Map() };
    }
  }

  #answer(message: Message): void {
    for (const part of message.content) {
      if (part.type !== "tool_result") continue;
      const call = this.#open?.calls.find(({ id }) => id === part.toolCallId);
      // A result without an open call would be refused by every provider.
      if (this.#open === undefined || call === undefined || this.#open.results.has(call.id)) continue;
      const images = message.content.filter((other): other is ImagePart => other.type === "image");
      this.#open.results.set(call.id, {
        role: "tool",
        toolCallId: call.id,
        toolName: call.name,
        content: part.error ?? resultText(part.result ?? null),
        isError: part.error !== undefined,
        ...(images.length === 0 ? {} : { images }),
      });
      if (this.#open.results.size === this.#open.calls.length) this.#close();
    }
  }

  #close(): void {
    if (this.#open === undefined) return;
    for (const result of close(this.#open)) this.#messages.push(result);
    this.#open = undefined;
  }
}

interface OpenCalls {
  readonly calls: readonly ModelToolCall[];
  readonly results: Map<CallId, ModelMessage>;
}

/** The results in the order of their calls, with an error for every call that has none. */
function close({ calls, results }: OpenCalls): ModelMessage[] {
  return calls.map(({ id, name }) =>
    results.get(id) ??
      { role: "tool", toolCallId: id, toolName: name, content: LOST_RESULT, isError: true }
  );
}

/** The provider messages of a whole conversation. */
export function toModelMessages(messages: readonly Message[]): readonly ModelMessage[] {
  const transcript = new ModelTranscript();
  for (const message of messages) transcript.append(message);
  return transcript.messages;
}

/** A result as text: a string as it is, anything else as JSON. */
function resultText(result: JsonValue): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

function convert(message: Message): ModelMessage | undefined {
  if (message.modelContent?.length === 0) return undefined;
  switch (message.role) {
    case "system":
      return { role: "system", content: textOf(message.modelContent ?? message.content) };
    case "user":
      return { role: "user", content: userParts(message) };
    case "agent":
      return convertAgent(message);
    case "tool_result":
      return undefined;
  }
}

function userParts(message: Message): readonly (TextPart | ImagePart)[] {
  const parts: (TextPart | ImagePart)[] = [];
  for (const part of message.modelContent ?? message.content) {
    if (part.type === "text" || part.type === "image") parts.push(part);
    else if (part.type === "image_file") parts.push({ type: "text", text: `[image ${part.filename ?? part.imageId}]` });
  }
  const actor = message.externalActor;
  if (actor !== undefined) prefix(parts, `[${actor.actorName ?? actor.actorId}] `);
  return parts;
}

function prefix(parts: (TextPart | ImagePart)[], name: string): void {
  const first = parts[0];
  if (first?.type === "text") parts[0] = { ...first, text: name + first.text };
  else parts.unshift({ type: "text", text: name.trim() });
}

function convertAgent(message: Message): ModelMessage | undefined {
  if (metadataOf(message, "errorCode") !== undefined) return undefined;
  const toolCalls: ModelToolCall[] = [];
  const reasoning: ReasoningPart[] = [];
  const images: ImagePart[] = [];
  const parts = message.modelContent ?? message.content;
  for (const part of parts) {
    if (part.type === "tool_call") toolCalls.push({ id: part.id, name: part.name, arguments: part.arguments });
    else if (part.type === "reasoning") reasoning.push(part);
    else if (part.type === "image") images.push(part);
  }
  const content = textOf(parts);
  if (content === "" && toolCalls.length === 0 && images.length === 0) return undefined;
  const converted: Mutable<Extract<ModelMessage, { role: "assistant" }>> = { role: "assistant", content, toolCalls };
  if (images.length > 0) converted.images = images;
  if (reasoning.length > 0) converted.reasoning = reasoning;
  if (message.thinking !== undefined) converted.thinking = message.thinking;
  if (message.thinkingSignature !== undefined) converted.thinkingSignature = message.thinkingSignature;
  if (message.phase !== undefined) converted.phase = message.phase;
  return converted;
}

/** Rough cost of what a provider gets of a message, besides its text, in bytes. */
const MESSAGE_OVERHEAD = 200;

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

  /** Takes over the messages of a step, once. */
  extend({ messages, lastSequence }: Omit<CommittedStep, "events">): void {
    if (lastSequence <= this.#sequence) return;
    for (const message of messages) this.#append(message);
    this.#sequence = lastSequence;
  }

  #append(message: Message): void {
    this.#messages.push(message);
    this.#transcript.append(message);
    this.#bytes += MESSAGE_OVERHEAD + memorySize(message);
  }
}
