/** What a server answered to a call, as the outcome of a tool. */

import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";
import type { ImagePart } from "../records/content.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolOutcome } from "../ports/tool.ts";
import { copyForeign } from "../kit/parse_arguments.ts";
import type { Redactor } from "../kit/redactor.ts";

/** Longest failure the model is told, in characters. */
const MAX_ERROR = 8 * 1024;

/**
 * Turns a server's answer into the outcome of its tool.
 *
 * One text is `{ result }`, several blocks are `{ content }`; structured content stands beside them as
 * `structuredContent`, and a text that only repeats it is left out. PNG, JPEG, GIF and WebP become image parts, with a note
 * of how many; of other images only type and size are told. Resources come with their address and text; binary ones that
 * are no image come as base64. Credentials that the server was given are hidden wherever they come back.
 */
export function toOutcome(answer: CallToolResult, redactor: Redactor): ToolOutcome {
  const blocks = answer.content ?? [];
  const { structuredContent } = answer;
  if (answer.isError === true) return { type: "error", message: errorText(blocks, structuredContent, redactor) };
  const pictures = blocks.map(imageOf);
  const images = pictures.filter((image) => image !== undefined);
  const rest = blocks.filter((_, place) => pictures[place] === undefined)
    .filter((block) => structuredContent === undefined || !repeats(block, structuredContent));
  const value: Record<string, JsonValue> = {};
  const note = images.length === 0 ? undefined : `[${images.length} image${images.length === 1 ? "" : "s"}]`;
  const [first] = rest;
  if (rest.length === 1 && first?.type === "text") {
    value["result"] = note === undefined ? first.text : `${first.text}\n${note}`;
  } else if (rest.length > 0) {
    value["content"] = [...rest.map(blockOf), ...note === undefined ? [] : [{ type: "text", text: note }]];
  } else if (structuredContent === undefined || note !== undefined) value["result"] = note ?? "";
  if (structuredContent !== undefined) value["structuredContent"] = foreign(structuredContent);
  // Some servers tell everything they know, what they were given to prove themselves included.
  return { type: "success", value: redactor.redactResult(value), ...(images.length === 0 ? {} : { images }) };
}

function errorText(blocks: readonly ContentBlock[], structured: unknown, redactor: Redactor): string {
  const texts = blocks.map((block) => block.type === "text" ? block.text : `[${block.type}]`);
  if (texts.length === 0 && structured !== undefined) texts.push(JSON.stringify(structured));
  const text = texts.join("\n") || "the server reported an error without saying why";
  const shown = redactor.redact(text);
  return shown.length > MAX_ERROR ? `${shown.slice(0, MAX_ERROR)} [cut]` : shown;
}

/** How pictures begin that every provider takes, as base64. */
const PICTURES: readonly (readonly [mediaType: string, beginning: RegExp])[] = [
  ["image/png", /^iVBORw0KGgo/],
  ["image/jpeg", /^\/9j\//],
  ["image/gif", /^R0lGOD/],
  ["image/webp", /^UklGR.{6}XRUJQ/],
];

/**
 * A block the model can be shown as a picture.
 *
 * What it is called counts for nothing: a provider refuses what it does not know or what is called something else, and
 * again in every later request of the conversation.
 */
function imageOf(block: ContentBlock): ImagePart | undefined {
  if (block.type === "image") return pictureOf(block.data);
  if (block.type !== "resource" || !("blob" in block.resource)) return undefined;
  const { blob, mimeType = "" } = block.resource;
  return /^image\//i.test(mimeType) ? pictureOf(blob) : undefined;
}

function pictureOf(data: string): ImagePart | undefined {
  // Some encoders break lines.
  const base64 = data.replace(/\s+/g, "");
  const mediaType = PICTURES.find(([, beginning]) => beginning.test(base64))?.[0];
  return mediaType === undefined ? undefined : { type: "image", base64, mediaType };
}

/** Four characters of base64 are three bytes. */
function bytesOf(base64: string): number {
  return Math.floor(base64.replace(/[\s=]+/g, "").length * 3 / 4);
}

function blockOf(block: ContentBlock): JsonValue {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "resource":
      return withoutUndefined({
        type: "resource",
        uri: block.resource.uri,
        mimeType: block.resource.mimeType,
        ...("text" in block.resource ? { text: block.resource.text } : { base64: block.resource.blob }),
      });
    case "resource_link":
      return withoutUndefined({
        type: "resource_link",
        uri: block.uri,
        name: block.name,
        title: block.title,
        description: block.description,
        mimeType: block.mimeType,
        size: block.size,
      });
    case "audio":
      // No model of ours listens to tools yet.
      return { type: "audio", mimeType: block.mimeType, bytes: bytesOf(block.data) };
    case "image":
      return { type: "image", mimeType: block.mimeType, bytes: bytesOf(block.data) };
  }
}

/** Servers repeat structured content as text, for clients that know no better. */
function repeats(block: ContentBlock, structured: unknown): boolean {
  if (block.type !== "text") return false;
  try {
    return JSON.stringify(JSON.parse(block.text)) === JSON.stringify(structured);
  } catch {
    return false;
  }
}

function foreign(value: unknown): JsonValue {
  return copyForeign(JSON.parse(JSON.stringify(value ?? null)));
}

function withoutUndefined(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const object: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(members)) if (value !== undefined) object[key] = value;
  return object;
}
