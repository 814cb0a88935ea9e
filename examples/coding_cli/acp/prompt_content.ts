/** What an editor's prompt says to the agent. */

import type { ContentBlock } from "@agentclientprotocol/sdk";
import type { InputContentPart } from "@everruns/runtime";

/** A prompt in the runtime's words. */
export interface PromptContent {
  /** The text; a command when it begins with `/`. */
  readonly text: string;
  /** Images that go with it. */
  readonly images: readonly InputContentPart[];
}

/** Joins the blocks: resources that came along are put in as they are, links as links. */
export function promptContent(blocks: readonly ContentBlock[]): PromptContent {
  const texts: string[] = [];
  const images: InputContentPart[] = [];
  for (const block of blocks) {
    switch (block.type) {
      case "text":
        texts.push(block.text);
        break;
      case "resource_link":
        texts.push(`[${block.title ?? block.name}](${block.uri})`);
        break;
      case "resource":
        if ("text" in block.resource) {
          texts.push(`\n<resource uri="${block.resource.uri}">\n${block.resource.text}\n</resource>\n`);
        } else texts.push(`[a file that is not text](${block.resource.uri})`);
        break;
      case "image":
        images.push({ type: "image", base64: block.data, mediaType: block.mimeType });
        break;
      case "audio":
        texts.push("[a recording; this agent cannot hear it]");
        break;
    }
  }
  return { text: texts.join(""), images };
}
