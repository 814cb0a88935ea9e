/** Reasoning items of the Responses API, kept to be sent back. */

import type { ReasoningPart } from "../../records/content.ts";
import { type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";

/** Where an item stood in its reply: the order of items is the API's to judge, and a message keeps only its parts. */
export interface ItemPlace {
  /** Characters of text before it. */
  readonly text: number;
  /** Calls before it. */
  readonly calls: number;
}

const PLACED = /^(.*)@(\d+):(\d+)$/s;

/** The id of an item, and where it stood. */
export function placeOf(itemId: string | undefined): { readonly id: string | undefined; readonly place: ItemPlace } {
  const [, id = "", text = "0", calls = "0"] = PLACED.exec(itemId ?? "") ?? [, itemId];
  return { id: id === "" ? undefined : id, place: { text: Number(text), calls: Number(calls) } };
}

/**
 * The part that keeps an item; its id is followed by its place, unless it came first.
 *
 * OpenAI's items are their id, summary and encrypted content. A gateway's items also hold what the provider behind it
 * wants back, such as the signature of the thinking: of these the whole item is kept, as JSON.
 */
export function reasoningOf(item: Fields, provider: string, whole: boolean, place: ItemPlace): ReasoningPart {
  const id = textOf(item["id"]) + (place.text + place.calls === 0 ? "" : `@${place.text}:${place.calls}`);
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
