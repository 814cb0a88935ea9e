/** Joining the texts of a conversation into the body of a request. */

import type { ModelMessage } from "../../ports/driver.ts";

/** What a message becomes on the wire. */
export interface MessageTexts {
  /** The message itself: JSON values separated by commas, or the empty text for a message that is left out. */
  of(message: ModelMessage): string;
  /** A message with its images that follows it, or the empty text. */
  imagesOf(message: ModelMessage): string;
  /** A JSON value between results of tools and what does not come from the model. @default {none} */
  readonly bridge?: string | undefined;
}

/** The JSON values of a whole conversation, separated by commas. */
export function transcriptText(messages: readonly ModelMessage[], texts: MessageTexts): string {
  const { bridge } = texts;
  const values: string[] = [];
  let images: string[] = [];
  let afterResult = false;
  function push(text: string, role: ModelMessage["role"]): void {
    if (text === "") return;
    if (bridge !== undefined && afterResult && role !== "tool" && role !== "assistant") values.push(bridge);
    values.push(text);
    afterResult = role === "tool";
  }
  for (const message of messages) {
    // The answers to the calls of one message must not be parted, so the images of a batch wait for its end.
    if (images.length > 0 && message.role !== "tool") {
      for (const image of images) push(image, "user");
      images = [];
    }
    push(texts.of(message), message.role);
    const following = texts.imagesOf(message);
    if (following !== "") images.push(following);
  }
  for (const image of images) push(image, "user");
  return values.join(",");
}
