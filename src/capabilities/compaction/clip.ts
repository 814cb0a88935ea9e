/** Messages that alone are too large, cut to a start and an end. */

import type { ContentPart } from "../../records/content.ts";
import type { JsonValue } from "../../records/json.ts";
import type { Message } from "../../records/message.ts";
import { previewOutput } from "../../kit/output_preview.ts";
import { tokensOf } from "../conversation/message_tokens.ts";

/** What a message may keep, in characters of each of its texts; tried one after the other. */
export const CLIP_LIMITS: readonly number[] = [32_000, 8_000, 2_000, 500];

/** Deeper values are taken to be small. */
const MAX_DEPTH = 16;

/** What was made of a message, by limit; the texts are long. */
const made = new WeakMap<Message, Map<number, Message>>();

/** The message with every text cut that is longer than the limit; the message itself when none is. */
export function clippedMessage(message: Message, limit: number): Message {
  if (tokensOf(message) * 4 <= limit) return message;
  let byLimit = made.get(message);
  if (byLimit === undefined) made.set(message, byLimit = new Map());
  let clipped = byLimit.get(limit);
  if (clipped === undefined) byLimit.set(limit, clipped = clip(message, limit));
  return clipped;
}

function clip(message: Message, limit: number): Message {
  const parts = (message.modelContent ?? message.content).map((part) => clipPart(part, limit));
  return Object.freeze({
    ...message,
    ...(message.modelContent === undefined ? { content: parts } : { modelContent: parts }),
  });
}

function clipPart(part: ContentPart, limit: number): ContentPart {
  switch (part.type) {
    case "text":
      return { ...part, text: clipText(part.text, limit) };
    case "tool_call":
      // It has to stay what the schema asks for.
      return { ...part, arguments: clipTexts(part.arguments, limit, 0) };
    case "tool_result":
      if (part.error !== undefined) return { ...part, error: clipText(part.error, limit) };
      return part.result === undefined ? part : { ...part, result: clipResult(part.result, limit) };
    default:
      return part;
  }
}

/** Texts inside are cut; what is large because it has many members becomes a text. */
function clipResult(value: JsonValue, limit: number): JsonValue {
  const cut = clipTexts(value, limit, 0);
  if (typeof cut === "string") return cut;
  const text = JSON.stringify(cut);
  return text.length > 2 * limit ? clipText(text, limit) : cut;
}

function clipTexts(value: JsonValue, limit: number, depth: number): JsonValue {
  if (typeof value === "string") return clipText(value, limit);
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => clipTexts(item, limit, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, clipTexts(member, limit, depth + 1)]),
  );
}

function clipText(text: string, limit: number): string {
  return text.length <= limit ? text : previewOutput(text, limit).text;
}
