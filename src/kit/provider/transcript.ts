/** Joining the texts of a conversation into the body of a request. */

import type { ModelMessage } from "../../ports/driver.ts";

/** What a message becomes on the wire. */
export interface MessageTexts {
  /** The message itself: JSON values separated by commas, or the empty text for a message that is left out. */
  of(message: ModelMessage): string;
  /** A message with its images that follows it, or the empty text. */
  imagesOf(message: ModelMessage): string;
}

/** The JSON values of a whole conversation, separated by commas. */
export function transcriptText(messages: readonly ModelMessage[], texts: MessageTexts): string {
  const values: string[] = [];
  let images: string[] = [];
  for (const message of messages) {
    // The answers to the calls of one message must not be parted, so the images of a batch wait for its end.
    if (images.length > 0 && message.role !== "tool") {
      values.push(...images);
      images = [];
    }
    const text = texts.of(message);
    if (text !== "") values.push(text);
    const following = texts.imagesOf(message);
    if (following !== "") images.push(following);
  }
  values.push(...images);
  return values.join(",");
}
