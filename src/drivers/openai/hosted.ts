/**
 * What the Responses API does itself: searching tools, and compacting conversations.
 *
 * Sources, read in November 2026: https://developers.openai.com/api/docs/guides/tools-tool-search and .../compaction;
 * shapes also by the types of npm:openai 7.57.0. Azure has both too
 * (https://learn.microsoft.com/azure/foundry/openai/how-to/tool-search).
 */

import type { ReasoningPart } from "../../records/content.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";
import type { Dialect } from "./dialect.ts";
import { nativeOf } from "./models.ts";

/** The search, run by the server over functions of their own; namespaces are for tools that come in groups. */
export const SEARCH_TOOL = '{"type":"tool_search"}';

/** Which items of the API's own a request asks for and takes back. */
export interface Replay {
  /** Names of the offered tools, when the API searches them; a search that found another one is not sent back. */
  readonly tools: ReadonlySet<string> | undefined;
  /** Tokens from which on the conversation is compacted. */
  readonly compactAt: number | undefined;
  /** The model. */
  readonly model: string;
  /** Equal for requests that take back the same. */
  readonly key: string;
}

/** What a request asks for and takes back. */
export function replayOf({ model, tools, compactAt }: ModelRequest, { hosted }: Dialect): Replay {
  const native = hosted ? nativeOf(model) : undefined;
  const searches = native?.toolSearch === true && tools.some(({ deferred }) => deferred);
  const names = searches ? tools.map(({ name }) => name) : undefined;
  const threshold = native?.compaction === true && compactAt !== undefined ? Math.floor(compactAt) : undefined;
  return {
    tools: names === undefined ? undefined : new Set(names),
    compactAt: threshold,
    model,
    key: JSON.stringify([model, names, threshold !== undefined]),
  };
}

/** Whether what is sent of a message depends on the request. */
export function isHosted(message: ModelMessage): boolean {
  return message.role === "assistant" && message.reasoning?.some(({ purpose }) => purpose !== undefined) === true;
}

/** An item of the API's own, to be kept; undefined for one that is not known, or not complete. */
export function hostedItem(item: Fields, provider: string, model: string): ReasoningPart | undefined {
  // The one member that is not taken back.
  const { created_by: _, ...sent } = item;
  const id = textOf(item["id"]);
  const kept = {
    type: "reasoning",
    provider,
    ...(id === "" ? {} : { itemId: id }),
    encryptedContent: JSON.stringify(sent),
  } as const;
  switch (item["type"]) {
    case "tool_search_call":
    case "tool_search_output": {
      const isWhole = item["execution"] !== "client" && (item["status"] ?? "completed") === "completed";
      return isWhole ? { ...kept, purpose: "tool_search" } : undefined;
    }
    case "compaction":
      return textOf(item["encrypted_content"]) === "" ? undefined : { ...kept, purpose: "compaction", model };
    default:
      return undefined;
  }
}

/**
 * Keeps the namespace of a call, which goes back with it; undefined for a call without one.
 *
 * By the guide's example a deferred function comes back in a namespace of its own name.
 */
export function namespaceItem(call: Fields, index: number, provider: string): ReasoningPart | undefined {
  const namespace = textOf(call["namespace"]);
  if (namespace === "") return undefined;
  const encryptedContent = JSON.stringify({ type: "function_call", index, namespace });
  return { type: "reasoning", provider, purpose: "tool_search", encryptedContent };
}

/** Reasoning, or an item of the API's own as it is sent. */
export type KeptItem = ReasoningPart | { readonly sent: Fields };

/** What a request takes back of a past message. */
export interface Replayed {
  /** Its items, in order. */
  readonly items: readonly KeptItem[];
  /** Namespaces of its calls, by index. */
  readonly namespaces: ReadonlyMap<number, string>;
}

/**
 * What a request takes back of a past message's items, all of this provider.
 *
 * Where a search is left out, so is the reasoning: part of it led to the search and is refused alone. What came before
 * a compaction is in it.
 */
export function replayed(own: readonly ReasoningPart[], replay: Replay): Replayed {
  const takesSearches = own.every((item) => item.purpose !== "tool_search" || isKnown(parsed(item), replay));
  const items: KeptItem[] = [];
  const namespaces = new Map<number, string>();
  for (const item of own) {
    if (item.purpose === "compaction") {
      if (replay.compactAt === undefined || item.model !== replay.model) continue;
      items.length = 0;
      items.push({ sent: parsed(item) });
    } else if (takesSearches && item.purpose === undefined) {
      items.push(item);
    } else if (takesSearches) {
      const search = parsed(item);
      if (search["type"] === "function_call") namespaces.set(Number(search["index"]), textOf(search["namespace"]));
      else items.push({ sent: search });
    }
  }
  return { items, namespaces };
}

/** Whether a search is taken back: all that it found is still offered. */
function isKnown(item: Fields, { tools }: Replay): boolean {
  if (tools === undefined) return false;
  if (item["type"] !== "tool_search_output") return item["type"] !== undefined;
  return listOf(item["tools"]).every((tool) => tools.has(textOf(fieldsOf(tool)["name"])));
}

function parsed({ encryptedContent }: ReasoningPart): Fields {
  try {
    const item: unknown = JSON.parse(encryptedContent ?? "");
    return isFields(item) ? item : {};
  } catch {
    return {};
  }
}
