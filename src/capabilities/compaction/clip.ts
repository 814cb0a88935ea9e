/** Messages that alone are too large, cut to a start and an end. */

import type { ContentPart } from "../../records/content.ts";
import type { JsonValue } from "../../records/json.ts";
import type { Message, MessageRole } from "../../records/message.ts";
import { previewOutput } from "../../kit/output_preview.ts";
import { IMAGE_CHARACTERS, tokensOf } from "../conversation/message_tokens.ts";

/** What a message may keep, in characters of each of its texts; tried one after the other. */
export const CLIP_LIMITS: readonly number[] = [32_000, 8_000, 2_000, 500];

/** Deeper values are taken to be small. */
const MAX_DEPTH = 16;

/** What was made of a message, by limit; the texts are long. */
const made = new WeakMap<Message, Map<number, Message>>();

/** The message with every text cut that is longer than the limit, and without larger images; itself when there is none. */
export function clippedMessage(message: Message, limit: number): Message {
  if (tokensOf(message) * 4 <= limit) return message;
  let byLimit = made.get(message);
  if (byLimit === undefined) made.set(message, byLimit = new Map());
  let clipped = byLimit.get(limit);
  if (clipped === undefined) byLimit.set(limit, clipped = clip(message, limit));
  return clipped;
}

function clip(message: Message, limit: number): Message {
  const kept = message.modelContent ?? message.content;
  const parts = withoutImages(oneText(kept, limit), limit, message.role).map((part) => clipPart(part, limit));
  return Object.freeze({
    ...message,
    ...(message.modelContent === undefined ? { content: parts } : { modelContent: parts }),
  });
}

/** Many small texts as one, so that the limit is that of all. */
function oneText(parts: readonly ContentPart[], limit: number): readonly ContentPart[] {
  const texts = parts.flatMap((part) => part.type === "text" ? [part.text] : []);
  const text = texts.join("\n");
  if (texts.length < 2 || text.length <= limit) return parts;
  const place = parts.findIndex(({ type }) => type === "text");
  return parts.flatMap<ContentPart>((part, at) =>
    at === place ? [{ type: "text", text }] : part.type === "text" ? [] : [part]
  );
}

/** Images say nothing where they are larger than a text may be; beside a result they just go. */
function withoutImages(parts: readonly ContentPart[], limit: number, role: MessageRole): readonly ContentPart[] {
  if (limit >= IMAGE_CHARACTERS) return parts;
  const isImage = ({ type }: ContentPart): boolean => type === "image" || type === "image_file";
  const count = parts.filter(isImage).length;
  const place = role === "tool_result" ? -1 : parts.findIndex(isImage);
  const note: ContentPart = { type: "text", text: `[${count === 1 ? "1 image" : `${count} images`} left out]` };
  return parts.flatMap((part, at) => at === place ? [note] : isImage(part) ? [] : [part]);
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

/** The start and the end of a text that is longer than the limit. */
export function clipText(text: string, limit: number): string {
  return text.length <= limit ? text : previewOutput(text, limit).text;
}
