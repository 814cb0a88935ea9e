/** Reasoning items of the Responses API, kept to be sent back. */

import type { ReasoningPart } from "../../records/content.ts";
import { type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";

/**
 * The part that keeps an item.
 *
 * OpenAI's items are their id, summary and encrypted content. A gateway's items also hold what the provider behind it
 * wants back, such as the signature of the thinking: of these the whole item is kept, as JSON.
 */
export function reasoningOf(item: Fields, provider: string, whole: boolean): ReasoningPart {
  const id = textOf(item["id"]);
  const encrypted = whole ? JSON.stringify(item) : textOf(item["encrypted_content"]);
  const summary = listOf(item["summary"]).map((part) => textOf(fieldsOf(part)["text"])).filter((text) => text !== "");
  return {
    type: "reasoning",
    provider,
    ...(id === "" ? {} : { itemId: id }),
    ...(encrypted === "" ? {} : { encryptedContent: encrypted }),
    ...(summary.length === 0 ? {} : { summary }),
  };
}

/** The item of a part that keeps a whole one. */
export function wholeItem(text: string | undefined): object | undefined {
  try {
    const item: unknown = JSON.parse(text ?? "");
    return isFields(item) && item["type"] === "reasoning" ? item : undefined;
  } catch {
    return undefined;
  }
}
