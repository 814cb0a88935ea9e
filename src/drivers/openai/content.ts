/** What both APIs say about content, tools and limits in the same way. */

import type { ImagePart } from "../../records/content.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelToolCall } from "../../ports/driver.ts";
import type { Dialect } from "./dialect.ts";

/** Says what the images after a batch of tool results are. */
export const TOOL_IMAGES_NOTE = "Images returned by the tool calls above:";

/** Instructions inside the conversation; marked where they have to come as a user message. */
export function laterInstructions(dialect: Dialect, text: string): object {
  const role = dialect.laterInstructionRole;
  return { role, content: role === "user" ? `[System message]\n${text}` : text };
}

/** The address of an image: its own, or its bytes as a `data:` URL; undefined when it has neither. */
export function imageUrl(image: ImagePart): string | undefined {
  if (image.url !== undefined) return image.url;
  return image.base64 === undefined ? undefined : `data:${image.mediaType ?? "image/png"};base64,${image.base64}`;
}

/**
 * The arguments of a past call as the text of a JSON object.
 *
 * Compatible servers parse them for their prompt templates and answer 400 or 500 to anything else, so what the model
 * got wrong is wrapped rather than repeated.
 */
export function argumentsText(call: ModelToolCall): string {
  const value: JsonValue = call.arguments;
  if (value === null || value === "") return "{}";
  return JSON.stringify(typeof value === "object" && !Array.isArray(value) ? value : { invalid_arguments: value });
}

/** A tool's schema with the two members every server insists on. */
export function parametersOf(tool: ToolDefinition): JsonObject {
  return { type: "object", properties: {}, ...tool.parameters };
}

/** Metadata within OpenAI's limits: 16 pairs, keys of 64 characters, values of 512; undefined when there is none. */
export function wireMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const pairs = Object.entries(metadata).filter(([key]) => key.length <= 64).slice(0, 16);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([key, value]) => [key, value.slice(0, 512)]));
}
