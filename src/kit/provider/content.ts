/** What providers say about content in the same way. */

import type { ImagePart } from "../../records/content.ts";

/** Says what the images after a batch of tool results are, where results hold text only. */
export const TOOL_IMAGES_NOTE = "Images returned by the tool calls above:";

/** Stands for an image that has neither an address nor bytes. */
export const NO_IMAGE = "[image without data]";

/** The address of an image: its own, or its bytes as a `data:` URL; undefined when it has neither. */
export function imageUrl(image: ImagePart): string | undefined {
  if (image.url !== undefined) return image.url;
  return image.base64 === undefined ? undefined : `data:${image.mediaType ?? "image/png"};base64,${image.base64}`;
}
