/** The content of messages. */

import type { ContentPart } from "./content_part.ts";

export type {
  AnnotationSource,
  ContentPart,
  ImageFilePart,
  ImagePart,
  InputContentPart,
  ReasoningPart,
  TextAnnotation,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "./content_part.ts";

/** The text parts of a content list, joined without a separator. */
export function textOf(content: readonly ContentPart[]): string {
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}
