/** `reasoning_details` of OpenRouter's Chat API: what models have to be sent back of their thinking. */

import type { ModelEvent, ModelMessage } from "../../ports/driver.ts";
import { type Fields, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";

/** Members whose pieces are put together; the others are whole in one piece. */
const PIECED: ReadonlySet<string> = new Set(["text", "summary"]);
/** Begins the id of a detail that belongs to a call, followed by the call's place in its message. */
const OF_CALL = "call#";

/** Puts the streamed pieces of a reply's details together. */
export class DetailsMerger {
  readonly #provider: string;
  readonly #details: Record<string, unknown>[] = [];

  /** Makes a merger that marks the details as a provider's own. */
  constructor(provider: string) {
    this.#provider = provider;
  }

  /** Takes the `reasoning_details` of one delta, if it has any. */
  add(value: unknown): void {
    for (const piece of listOf(value)) if (isFields(piece)) this.#add(piece);
  }

  /**
   * The whole list as one item, or nothing.
   *
   * A detail may name the call it belongs to by the provider's id, which is not the one the call is sent back with: it
   * is kept by the place of the call.
   */
  events(callIds: readonly string[]): readonly ModelEvent[] {
    if (this.#details.length === 0) return [];
    const details = this.#details.map((detail) => {
      const place = callIds.findIndex((id) => id !== "" && id === detail["id"]);
      return place < 0 ? detail : { ...detail, id: `${OF_CALL}${place}` };
    });
    const encryptedContent = JSON.stringify(details);
    return [{ type: "reasoning_item", item: { type: "reasoning", provider: this.#provider, encryptedContent } }];
  }

  #add(piece: Fields): void {
    const last = this.#details.at(-1);
    if (last === undefined || beginsAnother(last, piece)) {
      this.#details.push({ ...piece });
      return;
    }
    for (const [key, value] of Object.entries(piece)) {
      if (value === null || value === undefined) continue;
      const known = last[key];
      const joins = PIECED.has(key) && typeof known === "string" && typeof value === "string";
      last[key] = joins ? known + value : value;
    }
  }
}

function beginsAnother(last: Fields, piece: Fields): boolean {
  if (piece["type"] === "reasoning.encrypted" || piece["type"] !== last["type"] || piece["index"] !== last["index"]) {
    return true;
  }
  return typeof piece["id"] === "string" && typeof last["id"] === "string" && piece["id"] !== last["id"];
}

/** The details to send back with an assistant message: those of the provider itself; undefined when there are none. */
export function detailsToSend(
  { reasoning = [], toolCalls }: Extract<ModelMessage, { role: "assistant" }>,
  provider: string,
): readonly object[] | undefined {
  const details = reasoning
    .filter((item) => item.provider === provider)
    .flatMap((item) => parsed(item.encryptedContent))
    .map((detail) => {
      const id = textOf(detail["id"]);
      const call = id.startsWith(OF_CALL) ? toolCalls[Number(id.slice(OF_CALL.length))] : undefined;
      return call === undefined ? detail : { ...detail, id: call.id };
    });
  return details.length === 0 ? undefined : details;
}

function parsed(text: string | undefined): readonly Fields[] {
  try {
    const list: unknown = JSON.parse(text ?? "");
    return listOf(list).filter(isFields);
  } catch {
    return [];
  }
}
