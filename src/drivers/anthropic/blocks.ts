/** Messages as the content blocks of the Messages API. */

import type { ImagePart, TextPart } from "../../records/content.ts";
import type { ModelMessage, ModelToolCall } from "../../ports/driver.ts";
import { NO_IMAGE } from "../../kit/provider/content.ts";
import type { Replay } from "./hosted.ts";
import { keptBlocks } from "./thinking.ts";

/** Stands for a message of the user that has nothing in it. */
const EMPTY = "(empty message)";
/** Stands for the words of an error that has none. */
const FAILED = "The tool failed without a message.";

/** The content blocks of a message for a model; none for a message that says nothing, which the API refuses. */
export function blocksOf(message: ModelMessage, replay: Replay): readonly object[] {
  switch (message.role) {
    case "system":
      return textBlocks(`[System message]\n${message.content}`);
    case "user": {
      // Left out, the conversation might end with the model's own words, which newer models refuse.
      const blocks = message.content.flatMap(partBlocks);
      return blocks.length === 0 ? textBlocks(EMPTY) : blocks;
    }
    case "assistant":
      return assistantBlocks(message, replay);
    case "tool": {
      const text = textBlocks(message.content);
      const content = [...text, ...(message.images ?? []).flatMap(partBlocks)];
      // An error may hold text only, and has to: with images the text alone tells that it is one.
      const isError = message.isError && content.length === text.length;
      const least = message.isError && text.length === 0 ? textBlocks(FAILED) : [];
      return [{
        type: "tool_result",
        tool_use_id: message.toolCallId,
        content: content.length + least.length === 0 ? undefined : [...least, ...content],
        is_error: isError ? true : undefined,
      }];
    }
  }
}

/** Text, calls, and between them the thinking and the API's own blocks where they stood. */
function assistantBlocks(message: Extract<ModelMessage, { role: "assistant" }>, replay: Replay): readonly object[] {
  const { content, toolCalls } = message;
  const said = content.trim() !== "" || toolCalls.length > 0;
  const blocks: object[] = [];
  let text = 0;
  let calls = 0;
  // Thinking that led to nothing is refused.
  for (const { place, ...kept } of said ? keptBlocks(message, replay.model, replay) : []) {
    blocks.push(...textBlocks(content.slice(text, place.text)), ...toolCalls.slice(calls, place.calls).map(callBlock));
    text = Math.max(text, place.text);
    calls = Math.max(calls, place.calls);
    blocks.push(kept.type === "block" ? kept.block : kept);
  }
  return [...blocks, ...textBlocks(content.slice(text)), ...toolCalls.slice(calls).map(callBlock)];
}

/** Text without a visible character is refused. */
function textBlocks(text: string): readonly object[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

/** The input of a call is an object by the API's rule, so what the model got wrong is wrapped rather than repeated. */
function callBlock({ id, name, arguments: value }: ModelToolCall): object {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const input = isObject ? value : value === null || value === "" ? {} : { invalid_arguments: value };
  return { type: "tool_use", id, name, input };
}

function partBlocks(part: TextPart | ImagePart): readonly object[] {
  return part.type === "text" ? textBlocks(part.text) : [imageBlock(part)];
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[^,;]*)*;base64,(.*)$/s;

function imageBlock({ url, base64, mediaType }: ImagePart): object {
  const [, dataType = "", data = ""] = url === undefined ? [] : DATA_URL.exec(url) ?? [];
  if (data !== "") return { type: "image", source: { type: "base64", media_type: dataType, data } };
  if (url !== undefined) return { type: "image", source: { type: "url", url } };
  if (base64 === undefined) return { type: "text", text: NO_IMAGE };
  return { type: "image", source: { type: "base64", media_type: mediaType ?? "image/png", data: base64 } };
}
