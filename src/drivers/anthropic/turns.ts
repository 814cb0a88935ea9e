/** The conversation as turns of user and assistant, with the marks for the provider's cache. */

import type { ModelMessage } from "../../ports/driver.ts";
import { jsonText } from "../../kit/provider/json_text.ts";
import { blocksOf } from "./blocks.ts";
import { isHosted, type Replay } from "./hosted.ts";

/**
 * Marks in the conversation; the fourth the API allows is at the end of the system prompt.
 *
 * The last but one is where the last request had its last: the API looks only 20 blocks back for what it cached, and
 * a batch of calls is longer than that.
 */
const MAX_MARKS = 2;
const MARK = ',"cache_control":{"type":"ephemeral"}}';

interface Turn {
  readonly role: "user" | "assistant";
  readonly blocks: string[];
  /** Blocks that the next request will repeat at the same place. */
  stable: number;
}

/** The JSON text of a block with a mark: what comes before its end is to be cached. */
export function marked(block: string): string {
  return block.slice(0, -1) + MARK;
}

/** Encodes conversations for one model; keep it, it remembers the blocks of every message it has seen. */
export class TurnTexts {
  readonly #blocks = new WeakMap<ModelMessage, { readonly key: string; readonly texts: readonly string[] }>();

  /** The turns of a conversation: JSON values separated by commas. */
  of(messages: readonly ModelMessage[], replay: Replay): string {
    const turns = this.#turns(messages, replay);
    let marks = MAX_MARKS;
    for (const { role, blocks, stable } of turns.toReversed()) {
      const last = blocks[stable - 1];
      if (role !== "user" || last === undefined || marks === 0) continue;
      blocks[stable - 1] = marked(last);
      marks--;
    }
    return turns.map(({ role, blocks }) => `{"role":"${role}","content":[${blocks.join(",")}]}`).join(",");
  }

  /** Neighbours of one role are one turn: the results of a batch of calls must come together. */
  #turns(messages: readonly ModelMessage[], replay: Replay): readonly Turn[] {
    // Instructions at the end belong to this request alone and are somewhere else in the next.
    const stableEnd = messages.findLastIndex((message) => message.role !== "system") + 1;
    const turns: Turn[] = [];
    messages.forEach((message, index) => {
      const blocks = this.#blocksOf(message, replay);
      if (blocks.length === 0) return;
      const role = message.role === "assistant" ? "assistant" : "user";
      let turn = turns.at(-1);
      if (turn?.role !== role) turns.push(turn = { role, blocks: [], stable: 0 });
      turn.blocks.push(...blocks);
      if (index < stableEnd) turn.stable = turn.blocks.length;
    });
    // The API wants the user to begin.
    if (turns[0]?.role === "assistant") {
      turns.unshift({ role: "user", blocks: ['{"type":"text","text":"(The conversation begins.)"}'], stable: 0 });
    }
    return turns;
  }

  #blocksOf(message: ModelMessage, replay: Replay): readonly string[] {
    const known = this.#blocks.get(message);
    if (known !== undefined && (known.key === replay.key || !isHosted(message))) return known.texts;
    const texts = blocksOf(message, replay).map((block) => jsonText(block));
    this.#blocks.set(message, { key: replay.key, texts });
    return texts;
  }
}
