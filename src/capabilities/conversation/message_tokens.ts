/** How many tokens a message takes, roughly. */

import type { ContentPart } from "../../records/content.ts";
import type { Message } from "../../records/message.ts";
import type { ToolDefinition } from "../../records/tool.ts";

const CHARACTERS_PER_TOKEN = 4;
/** What providers charge for an image, as characters: its bytes say nothing about it. */
export const IMAGE_CHARACTERS = 6_000;
/** Role and frame. */
const FRAME_CHARACTERS = 16;

/** Stored messages never change, and every request of a session looks at the same ones. */
const known = new WeakMap<Message, number>();
/** Characters of definitions, which are offered again and again. */
const knownTools = new WeakMap<ToolDefinition, number>();

/** Tokens of a message as the model gets it: a quarter of its characters. */
export function tokensOf(message: Message): number {
  let tokens = known.get(message);
  if (tokens === undefined) known.set(message, tokens = estimate(message));
  return tokens;
}

/** Tokens of several messages. */
export function tokensOfAll(messages: readonly Message[]): number {
  let tokens = 0;
  for (const message of messages) tokens += tokensOf(message);
  return tokens;
}

/** Tokens of a text. */
export function tokensOfText(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** Tokens of the tools that are offered. */
export function tokensOfTools(tools: readonly ToolDefinition[]): number {
  let characters = 0;
  for (const tool of tools) {
    let size = knownTools.get(tool);
    if (size === undefined) {
      // The model of a provider that searches has no more of them than that.
      const parameters = tool.deferred ? "" : JSON.stringify(tool.parameters);
      size = tool.name.length + tool.description.length + parameters.length;
      knownTools.set(tool, size);
    }
    characters += size;
  }
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

function estimate(message: Message): number {
  let characters = FRAME_CHARACTERS + (message.thinking?.length ?? 0) + (message.thinkingSignature?.length ?? 0);
  for (const part of message.modelContent ?? message.content) characters += charactersOf(part);
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

function charactersOf(part: ContentPart): number {
  switch (part.type) {
    case "text":
      return part.text.length;
    case "image":
    case "image_file":
      return IMAGE_CHARACTERS;
    case "tool_call":
      return part.name.length + jsonLength(part.arguments);
    case "tool_result":
      return part.error?.length ?? jsonLength(part.result);
    case "reasoning":
      return (part.encryptedContent?.length ?? 0) + (part.summary ?? []).join("").length;
  }
}

function jsonLength(value: unknown): number {
  return typeof value === "string" ? value.length : (JSON.stringify(value) ?? "").length;
}
