/** Thinking: how it is asked for, and how its blocks are kept to be sent back. */

import type { ReasoningPart } from "../../records/content.ts";
import { DriverId } from "../../records/model.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import type { Fields } from "../../kit/provider/narrow.ts";
import { hostedBlocks, type Replay } from "./hosted.ts";
import { effortsOf, isClaude, omitsThinking, thinkingForm, thinkingOff, thinksByDefault } from "./models.ts";
import type { BlockPlace } from "./place.ts";

/** Tokens of thinking for each effort, where a model wants a number. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 4096,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};
const MIN_BUDGET = 1024;

/** The members of a request that ask for thinking. */
export interface ThinkingSettings {
  /** The `thinking` member. */
  readonly thinking?: Fields;
  /** The `effort` of `output_config`. */
  readonly effort?: string;
}

/** How a request asks for thinking; without an effort the model's default applies, shown where it thinks. */
export function thinkingSettings(request: ModelRequest, maxTokens: number, dropsBlocks = false): ThinkingSettings {
  const { thinking, effort } = wished(request, maxTokens);
  if (thinking === undefined || !dropsBlocks || thinking["type"] !== "adaptive") {
    return { ...(thinking === undefined ? {} : { thinking }), ...(effort === undefined ? {} : { effort }) };
  }
  return { ...(effort === undefined ? {} : { effort }), thinking: { ...thinking, ...DROPPING } };
}

const DROPPING = { block_binding: { prefix_mismatch_behavior: "drop_block" } } as const;

function wished(request: ModelRequest, maxTokens: number): ThinkingSettings {
  const { model, reasoningEffort: effort } = request;
  if (effort === undefined) return thinksByDefault(model) ? { thinking: SHOWN } : {};
  if (effort === "none") return withoutThinking(model);
  switch (thinkingForm(model)) {
    case "none":
      return {};
    case "adaptive":
      return {
        thinking: omitsThinking(model) ? SHOWN : { type: "adaptive" },
        effort: effortFor(model, effort),
      };
    case "budget": {
      // The budget counts against the limit of the reply.
      const budget = Math.min(BUDGETS[effort] ?? BUDGETS["medium"] ?? MIN_BUDGET, maxTokens - 1);
      if (budget < MIN_BUDGET || endsInForeignCalls(request)) return {};
      return { thinking: { type: "enabled", budget_tokens: budget } };
    }
  }
}

const SHOWN: Fields = Object.freeze({ type: "adaptive", display: "summarized" });

/** As little thinking as a model can be made to do. */
function withoutThinking(model: string): ThinkingSettings {
  if (isClaude(model) && !thinksByDefault(model)) return {};
  const type = thinkingOff(model);
  return type === undefined ? { thinking: SHOWN, effort: "low" } : { thinking: { type } };
}

function effortFor(model: string, effort: string): string {
  if (effort === "minimal") return "low";
  return effort === "xhigh" && !effortsOf(model).includes(effort) ? "high" : effort;
}

/**
 * Whether the request answers calls that no thinking of this model led to, such as another model's.
 *
 * With a budget the API refuses such a request; the next turn thinks again. Calls and answers up to the next word of the
 * user are one turn to it: the model thinks at its beginning, and need not think again before a further call.
 */
function endsInForeignCalls({ messages, model }: ModelRequest): boolean {
  const begin = messages.findLastIndex(({ role }) => role === "user") + 1;
  const first = messages.slice(begin).find((message) => message.role === "assistant");
  return first !== undefined && first.toolCalls.length > 0 && keptBlocks(first, model).length === 0;
}

/** A block of thinking as it came. */
export type ThinkingBlock =
  & {
    /** Where it stood. */
    readonly place: BlockPlace;
  }
  & (
    | {
      /** Thinking, readable or left out. */
      readonly type: "thinking";
      /** Its text; empty when it was left out. */
      readonly thinking: string;
      /** Its proof, which is the thinking itself, encrypted. */
      readonly signature: string;
    }
    | {
      /** Thinking nobody may read. */
      readonly type: "redacted_thinking";
      /** The encrypted thinking. */
      readonly data: string;
    }
  );

/**
 * A block as a reasoning item.
 *
 * The API wants its blocks back unchanged and where they stood, and only from the model that made them, so the id tells
 * kind, place, length of the text and model. The text itself is in the message's thinking already.
 */
export function thinkingItem(block: ThinkingBlock, model: string): ReasoningPart {
  const { type, place: { text, calls } } = block;
  const length = type === "thinking" ? block.thinking.length : 0;
  return {
    type: "reasoning",
    provider: DriverId.Anthropic,
    itemId: `${type}:${text}:${calls}:${length}:${model}`,
    encryptedContent: type === "thinking" ? block.signature : block.data,
  };
}

const ITEM_ID = /^(thinking|redacted_thinking|block):(\d+):(\d+):(\d+):(.*)$/s;

/** A block of a past reply, and where it stood. */
export type KeptBlock = ThinkingBlock | {
  /** A block of the API's own. */
  readonly type: "block";
  /** Where it stood. */
  readonly place: BlockPlace;
  /** The block. */
  readonly block: Fields;
};

/**
 * The blocks of a past message that may be sent to a model, in order.
 *
 * No thinking when it was changed since, and none of the API's own blocks without a replay.
 */
export function keptBlocks(
  message: Extract<ModelMessage, { role: "assistant" }>,
  model: string,
  replay?: Replay,
): readonly KeptBlock[] {
  const { reasoning = [] } = message;
  const hosted = replay === undefined ? undefined : hostedBlocks(reasoning, replay);
  const blocks: KeptBlock[] = [];
  let read = 0;
  let changed = false;
  for (const item of reasoning) {
    const { provider, itemId, encryptedContent, purpose } = item;
    const [, type = "", text = "", calls = "", length = "", author = ""] = ITEM_ID.exec(itemId ?? "") ?? [];
    const place = { text: Number(text), calls: Number(calls) };
    if (purpose !== undefined) {
      const block = hosted?.get(item);
      if (block !== undefined) blocks.push({ type: "block", place, block });
      continue;
    }
    if (provider !== DriverId.Anthropic || author !== model || encryptedContent === undefined) continue;
    if (type === "redacted_thinking") {
      blocks.push({ type, data: encryptedContent, place });
      continue;
    }
    const thinking = message.thinking?.slice(read, read + Number(length)) ?? "";
    if (thinking.length !== Number(length)) changed = true;
    read += thinking.length;
    blocks.push({ type: "thinking", thinking, signature: encryptedContent, place });
  }
  return changed ? blocks.filter(({ type }) => type === "block") : blocks;
}
