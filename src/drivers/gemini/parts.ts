/** Parts of a content: how text, images, calls and their results look in Gemini's API. */

import type { ImagePart, TextPart } from "../../records/content.ts";
import type { ModelMessage, ModelToolCall } from "../../ports/driver.ts";
import { NO_IMAGE } from "../../kit/provider/content.ts";
import { FOREIGN_SIGNATURE, signaturesOf } from "./signatures.ts";

/** The API refuses a content without parts and a text part without text. */
const EMPTY = [{ text: " " }];

/** What a user says. */
export function userParts(content: readonly (TextPart | ImagePart)[]): readonly object[] {
  const parts = content
    .filter((part) => part.type === "image" || part.text !== "")
    .map((part) => part.type === "text" ? { text: part.text } : imagePart(part));
  return parts.length === 0 ? EMPTY : parts;
}

/** What the model said; empty for a turn that carries nothing. */
export function modelParts(
  { content, toolCalls, images = [], reasoning }: Extract<ModelMessage, { role: "assistant" }>,
  modern: boolean,
): readonly object[] {
  const signatures = signaturesOf(reasoning);
  const text = content === "" ? [] : [{ text: content, thoughtSignature: signatures.get("text") }];
  const made = images.map((image, index) => ({
    ...imagePart(image),
    thoughtSignature: signatures.get(`image#${index}`),
  }));
  const signed = toolCalls.some((_, index) => signatures.has(`call#${index}`));
  const calls = toolCalls.map((call, index) => ({
    functionCall: { id: call.id, name: call.name, args: argumentsOf(call) },
    thoughtSignature: signatures.get(`call#${index}`) ??
      (modern && !signed && index === 0 ? FOREIGN_SIGNATURE : undefined),
  }));
  return [...text, ...made, ...calls];
}

/** The answer to a call; models of generation 3 take images inside of it. */
export function resultPart(message: Extract<ModelMessage, { role: "tool" }>, modern: boolean): object {
  const { toolCallId, toolName, content, isError, images = [] } = message;
  const inside = modern ? images.filter((image) => image.base64 !== undefined || isData(image.url)) : [];
  return {
    functionResponse: {
      id: toolCallId,
      name: toolName,
      response: isError ? { error: content } : { output: content },
      parts: inside.length === 0 ? undefined : inside.map(imagePart),
    },
  };
}

/** The images of an answer that do not fit inside of it. */
export function imagesBeside(
  { images = [] }: Extract<ModelMessage, { role: "tool" }>,
  modern: boolean,
): readonly object[] {
  return images.filter((image) => !modern || (image.base64 === undefined && !isData(image.url))).map(imagePart);
}

function argumentsOf({ arguments: value }: ModelToolCall): object {
  if (value === null || value === "") return {};
  return typeof value === "object" && !Array.isArray(value) ? value : { invalid_arguments: value };
}

function imagePart({ url, base64, mediaType }: ImagePart): object {
  if (url === undefined) {
    return base64 === undefined
      ? { text: NO_IMAGE }
      : { inlineData: { mimeType: mediaType ?? "image/png", data: base64 } };
  }
  const data = /^data:([^;,]+)[^,]*;base64,(.*)$/s.exec(url);
  if (data !== null) return { inlineData: { mimeType: data[1], data: data[2] } };
  return { fileData: { mimeType: mediaType ?? typeByName(url), fileUri: url } };
}

function isData(url: string | undefined): boolean {
  return url?.startsWith("data:") === true;
}

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
};

/** The API wants a type with every address. */
function typeByName(url: string): string {
  const ending = /\.(\w+)(?:[?#].*)?$/.exec(url)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(TYPES, ending) ? TYPES[ending] ?? "image/jpeg" : "image/jpeg";
}
