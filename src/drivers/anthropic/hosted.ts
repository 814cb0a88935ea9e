/**
 * What the Messages API does itself: searching tools, and compacting conversations.
 *
 * Sources, read in November 2026: https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool (out of
 * beta since 2026-02-17: no header) and .../build-with-claude/compaction-threshold (beta of 2026-01-12); shapes also by
 * the types of npm:@anthropic-ai/sdk 1.14.0.
 */

import type { ReasoningPart } from "../../records/content.ts";
import { DriverId } from "../../records/model.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";
import { nativeOf } from "./models.ts";
import type { BlockPlace } from "./place.ts";

/** The search by words; the other variant wants regular expressions that tell upper from lower case. */
export const SEARCH_TOOL: object = Object.freeze({
  type: "tool_search_tool_bm25_20251119",
  name: "tool_search_tool_bm25",
});

const COMPACTION_BETA = "compact-2026-01-12";
const BINDING_BETA = "thinking-binding-controls-2026-08-01";
/** The API takes no smaller trigger. */
const LEAST_TRIGGER = 50_000;

/** Whether the tools marked as deferred are left to the API's search. */
export function searchesTools({ model, tools }: ModelRequest): boolean {
  return nativeOf(model)?.toolSearch === true && tools.some(({ deferred }) => deferred);
}

/** The member that asks for compaction; undefined when nothing or no such model is asked. */
export function contextManagement({ model, compactAt }: ModelRequest): object | undefined {
  if (compactAt === undefined || nativeOf(model)?.compaction !== true) return undefined;
  const value = Math.max(LEAST_TRIGGER, Math.floor(compactAt));
  return { edits: [{ type: "compact_20260112", trigger: { type: "input_tokens", value } }] };
}

/** The header with the betas of a request, besides those that were configured. */
export function betaHeader(
  request: ModelRequest,
  configured: string | undefined,
  dropsBlocks = false,
): Readonly<Record<string, string>> {
  const own = [
    ...contextManagement(request) === undefined ? [] : [COMPACTION_BETA],
    ...dropsBlocks ? [BINDING_BETA] : [],
  ];
  const betas = [...configured === undefined ? [] : [configured], ...own];
  return betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") };
}

/** Which blocks of the API's own a request takes back. */
export interface Replay {
  /** Names of the offered tools, when the API searches them: it refuses a reference to any other. */
  readonly tools: ReadonlySet<string> | undefined;
  /** Whether the request asks for compaction, without which such blocks are unknown. */
  readonly compaction: boolean;
  /** The model. */
  readonly model: string;
  /** Equal for requests that take back the same. */
  readonly key: string;
}

/** What a request takes back. */
export function replayOf(request: ModelRequest): Replay {
  const names = searchesTools(request) ? request.tools.map(({ name }) => name) : undefined;
  const compaction = contextManagement(request) !== undefined;
  return {
    tools: names === undefined ? undefined : new Set(names),
    compaction,
    model: request.model,
    key: JSON.stringify([names, compaction]),
  };
}

/** Whether what is sent of a message depends on the request. */
export function isHosted(message: ModelMessage): boolean {
  return message.role === "assistant" && message.reasoning?.some(({ purpose }) => purpose !== undefined) === true;
}

/** A block of the API's own as it came, to be kept; undefined for one that has nothing to say, or is not known. */
export function hostedItem(block: Fields, place: BlockPlace, model: string): ReasoningPart | undefined {
  const common = {
    type: "reasoning",
    provider: DriverId.Anthropic,
    itemId: `block:${place.text}:${place.calls}:0:`,
    encryptedContent: JSON.stringify(block),
  } as const;
  switch (block["type"]) {
    case "server_tool_use":
      return isSearch(block) ? { ...common, purpose: "tool_search" } : undefined;
    case "tool_search_tool_result":
      return { ...common, purpose: "tool_search" };
    case "compaction":
      // Without a summary it failed, and the conversation went on as it was.
      return textOf(block["content"]) === "" ? undefined : { ...common, purpose: "compaction", model };
    default:
      return undefined;
  }
}

function isSearch({ name }: Fields): boolean {
  return textOf(name).startsWith("tool_search_tool_");
}

/** The blocks of a message's items, by item, of those that a request takes back. */
export function hostedBlocks(items: readonly ReasoningPart[], replay: Replay): ReadonlyMap<ReasoningPart, Fields> {
  const blocks = new Map<ReasoningPart, Fields>();
  for (const item of items) {
    if (item.provider !== DriverId.Anthropic) continue;
    const wanted = item.purpose === "tool_search"
      ? replay.tools !== undefined
      : item.purpose === "compaction" && replay.compaction && item.model === replay.model;
    const block = wanted ? parsed(item.encryptedContent) : undefined;
    if (block !== undefined) blocks.set(item, block);
  }
  const all = [...blocks.values()];
  const searches = new Set(all.map((block) => textOf(block["id"])));
  const results = new Set(all.filter((block) => isKnown(block, replay)).map((block) => textOf(block["tool_use_id"])));
  for (const [item, block] of blocks) {
    // A search and its result are only good together.
    const id = textOf(block["tool_use_id"] ?? block["id"]);
    const isWhole = id !== "" && searches.has(id) && results.has(id);
    if (item.purpose === "tool_search" && !isWhole) blocks.delete(item);
  }
  return blocks;
}

/** Whether a block is a result that refers to offered tools alone. */
function isKnown(block: Fields, { tools }: Replay): boolean {
  if (block["type"] !== "tool_search_tool_result") return false;
  const references = listOf(fieldsOf(block["content"])["tool_references"]);
  return references.every((reference) => tools?.has(textOf(fieldsOf(reference)["tool_name"])));
}

function parsed(text: string | undefined): Fields | undefined {
  try {
    const block: unknown = JSON.parse(text ?? "");
    return isFields(block) ? block : undefined;
  } catch {
    return undefined;
  }
}
