/** Thinking: how it is asked for, and how its blocks are kept to be sent back. */

import type { ReasoningPart } from "../../records/content.ts";
import { DriverId } from "../../records/model.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { effortsOf, omitsThinking, thinkingForm } from "./models.ts";

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
  readonly thinking?: object;
  /** The `effort` of `output_config`. */
  readonly effort?: string;
}

/** How a request asks for thinking; without an effort the model's default applies. */
export function thinkingSettings(request: ModelRequest, maxTokens: number): ThinkingSettings {
  const { model, reasoningEffort: effort } = request;
  if (effort === undefined || effort === "none") return {};
  switch (thinkingForm(model)) {
    case "none":
      return {};
    case "adaptive":
      return {
        thinking: { type: "adaptive", ...(omitsThinking(model) ? { display: "summarized" } : {}) },
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

function effortFor(model: string, effort: string): string {
  if (effort === "minimal") return "low";
  return effort === "xhigh" && !effortsOf(model).includes(effort) ? "high" : effort;
}

/**
 * Whether the request answers calls that no thinking of this model led to, such as another model's.
 *
 * With a budget the API refuses such a request; the next turn thinks again.
 */
function endsInForeignCalls({ messages, model }: ModelRequest): boolean {
  const last = messages.findLast((message) => message.role !== "tool" && message.role !== "system");
  if (last?.role !== "assistant" || last.toolCalls.length === 0) return false;
  return thinkingBlocks(last, model).length === 0;
}

/** Where a block stood in its reply. */
export interface BlockPlace {
  /** Characters of text before it. */
  readonly text: number;
  /** Calls before it. */
  readonly calls: number;
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

const ITEM_ID = /^(thinking|redacted_thinking):(\d+):(\d+):(\d+):(.*)$/s;

/** The blocks of a past message that may be sent to a model; none when the message's thinking was changed since. */
export function thinkingBlocks(
  message: Extract<ModelMessage, { role: "assistant" }>,
  model: string,
): readonly ThinkingBlock[] {
  const blocks: ThinkingBlock[] = [];
  let read = 0;
  for (const { provider, itemId, encryptedContent } of message.reasoning ?? []) {
    const [, type = "", text = "", calls = "", length = "", author = ""] = ITEM_ID.exec(itemId ?? "") ?? [];
    if (provider !== DriverId.Anthropic || author !== model || encryptedContent === undefined) continue;
    const place = { text: Number(text), calls: Number(calls) };
    if (type === "redacted_thinking") {
      blocks.push({ type, data: encryptedContent, place });
      continue;
    }
    const thinking = message.thinking?.slice(read, read + Number(length)) ?? "";
    if (thinking.length !== Number(length)) return [];
    read += thinking.length;
    blocks.push({ type: "thinking", thinking, signature: encryptedContent, place });
  }
  return blocks;
}
