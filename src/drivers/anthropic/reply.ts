/** Replies of the Messages API. */

import type { Usage } from "../../records/usage.ts";
import type { ModelEvent } from "../../ports/driver.ts";
import type { Failures } from "../../kit/provider/failures.ts";
import { countOf, type Fields, fieldsOf, isFields, textOf } from "../../kit/provider/narrow.ts";
import { ACTIVITY, type ReplyReader, textEvent, thinkingEvent } from "../../kit/provider/reply.ts";
import { hostedItem } from "./hosted.ts";
import { isClaude, priced } from "./models.ts";
import type { BlockPlace } from "./place.ts";
import { thinkingItem } from "./thinking.ts";

const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["tool_use", "tool_calls"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  // The provider has done much by itself, such as searching tools, and wants to be asked again.
  ["pause_turn", "pause"],
]);

interface OpenBlock {
  readonly type: string;
  readonly place: BlockPlace;
  readonly start: Fields;
  /** Its thinking, or the text of its input. */
  text: string;
  signature: string;
  /** What a compaction came to; the whole of it in one piece. */
  compacted: Fields;
}

type Call = Extract<ModelEvent, { type: "tool_call" }>;

/** Reads the events of one reply; unknown ones count as signs of life. */
export class MessagesReply implements ReplyReader {
  readonly #model: string;
  readonly #failures: Failures;
  readonly #open = new Map<unknown, OpenBlock>();
  readonly #calls: Call[] = [];
  #usage: Fields = {};
  #iterations: readonly Fields[] = [];
  #characters = 0;
  #callsBegun = 0;
  #id = "";
  #answering = "";
  #stopReason = "";
  #lastBegun: OpenBlock | undefined;
  #lastCall: OpenBlock | undefined;

  /** Reads a reply of the model that was asked. */
  constructor(model: string, failures: Failures) {
    this.#model = model;
    this.#failures = failures;
  }

  /** What an event means; calls are kept until the end. */
  read(event: unknown): readonly ModelEvent[] {
    const fields = fieldsOf(event);
    switch (fields["type"]) {
      case "message_start": {
        const message = fieldsOf(fields["message"]);
        this.#id = textOf(message["id"]);
        this.#answering = textOf(message["model"]);
        this.#count(message["usage"]);
        return ACTIVITY;
      }
      case "content_block_start":
        return this.#begin(fields["index"], fieldsOf(fields["content_block"]));
      case "content_block_delta":
        return this.#delta(this.#open.get(fields["index"]), fieldsOf(fields["delta"]));
      case "content_block_stop":
        return this.#end(fields["index"]);
      case "message_delta":
        this.#count(fields["usage"]);
        this.#stopReason = textOf(fieldsOf(fields["delta"])["stop_reason"]) || this.#stopReason;
        return ACTIVITY;
      case "message_stop":
        return this.#done();
      case "error":
        throw this.#failures.ofBody(fields["error"] ?? fields);
      default:
        return ACTIVITY;
    }
  }

  /** Only its own event completes a reply. */
  end(): readonly ModelEvent[] {
    return [];
  }

  #begin(index: unknown, start: Fields): readonly ModelEvent[] {
    const type = textOf(start["type"]);
    const place = { text: this.#characters, calls: this.#callsBegun };
    const block = { type, place, start, text: textOf(start["thinking"]), signature: "", compacted: {} };
    this.#open.set(index, block);
    this.#lastBegun = block;
    if (type === "tool_use") this.#callsBegun++;
    if (type === "text") return this.#text(textOf(start["text"]));
    return type === "thinking" ? thinkingEvent(textOf(start["thinking"])) : ACTIVITY;
  }

  #delta(block: OpenBlock | undefined, delta: Fields): readonly ModelEvent[] {
    switch (delta["type"]) {
      case "text_delta":
        return this.#text(textOf(delta["text"]));
      case "thinking_delta": {
        const thinking = textOf(delta["thinking"]);
        if (block !== undefined) block.text += thinking;
        return thinkingEvent(thinking);
      }
      case "signature_delta":
        if (block !== undefined) block.signature += textOf(delta["signature"]);
        return ACTIVITY;
      case "input_json_delta":
        if (block !== undefined) block.text += textOf(delta["partial_json"]);
        return ACTIVITY;
      case "compaction_delta": {
        const { type: _, ...compacted } = delta;
        if (block !== undefined) block.compacted = compacted;
        return ACTIVITY;
      }
      default:
        return ACTIVITY;
    }
  }

  #end(index: unknown): readonly ModelEvent[] {
    const block = this.#open.get(index);
    this.#open.delete(index);
    switch (block?.type) {
      case "thinking":
        // Other vendors' models think without a proof, and may want the thinking back all the same (DeepSeek).
        if (block.signature === "" && isClaude(this.#model)) return ACTIVITY;
        return [{
          type: "reasoning_item",
          item: thinkingItem(
            { type: "thinking", thinking: block.text, signature: block.signature, place: block.place },
            this.#model,
          ),
        }];
      case "redacted_thinking": {
        const data = textOf(block.start["data"]);
        if (data === "") return ACTIVITY;
        const item = thinkingItem({ type: "redacted_thinking", data, place: block.place }, this.#model);
        return [{ type: "reasoning_item", item }];
      }
      case "tool_use":
        this.#calls.push(callOf(block));
        this.#lastCall = block;
        return ACTIVITY;
      case "server_tool_use":
      case "tool_search_tool_result":
      case "compaction": {
        const item = hostedItem(wholeBlock(block), block.place, this.#model);
        return item === undefined ? ACTIVITY : [{ type: "reasoning_item", item }];
      }
      default:
        return ACTIVITY;
    }
  }

  #text(delta: string): readonly ModelEvent[] {
    this.#characters += delta.length;
    return textEvent(delta);
  }

  #done(): readonly ModelEvent[] {
    const finishReason = FINISH_REASONS.get(this.#stopReason) ?? (this.#stopReason || "stop");
    return [...this.#isCutOff(finishReason) ? this.#calls.slice(0, -1) : this.#calls, {
      type: "done",
      finishReason,
      usage: priced(usageOf(this.#usage, this.#iterations), this.#model),
      ...(this.#id === "" ? {} : { responseId: this.#id }),
      ...(this.#answering === "" ? {} : { model: this.#answering }),
    }];
  }

  /** Whether the limit of tokens, or a refusal, cut the last call: then it is no call, also when it has no input yet. */
  #isCutOff(finishReason: string): boolean {
    if (finishReason !== "length" && finishReason !== "refusal") return false;
    const last = this.#lastCall;
    return last !== undefined && last === this.#lastBegun && inputOf(last.text || startInput(last)) === undefined;
  }

  /** Counts are running totals; a later event repeats some of them. */
  #count(usage: unknown): void {
    const counted = Object.entries(fieldsOf(usage)).filter(([, value]) => countOf(value) !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(counted) };
    const { iterations } = fieldsOf(usage);
    if (Array.isArray(iterations)) this.#iterations = iterations.map(fieldsOf);
  }
}

/** A block of the API's own with what its pieces added. */
function wholeBlock({ type, start, text, compacted }: OpenBlock): Fields {
  if (type !== "server_tool_use") return { ...start, ...compacted };
  return { ...start, input: inputOf(text) ?? fieldsOf(start["input"]) };
}

function inputOf(text: string): Fields | undefined {
  try {
    const input: unknown = JSON.parse(text);
    return isFields(input) ? input : undefined;
  } catch {
    return undefined;
  }
}

function callOf(block: OpenBlock): Call {
  const { start, text } = block;
  const id = textOf(start["id"]);
  return {
    type: "tool_call",
    ...(id === "" ? {} : { providerCallId: id }),
    name: textOf(start["name"]),
    arguments: text || startInput(block) || "{}",
  };
}

/** Some servers send the whole input at the start; others an empty one there. */
function startInput({ start }: OpenBlock): string {
  const input = fieldsOf(start["input"]);
  return Object.keys(input).length === 0 ? "" : JSON.stringify(input);
}

/** What the API calls input tokens is what came from no cache. */
function usageOf(usage: Fields, iterations: readonly Fields[]): Usage {
  // The top counts leave out what compacting took, which is paid for too.
  const parts = [usage, ...iterations.filter(({ type }) => type === "compaction")];
  const read = sumOf(parts, "cache_read_input_tokens");
  const written = sumOf(parts, "cache_creation_input_tokens");
  return {
    inputTokens: (sumOf(parts, "input_tokens") ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens: sumOf(parts, "output_tokens") ?? 0,
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheCreationTokens: written }),
  };
}

/** Undefined when none says it. */
function sumOf(parts: readonly Fields[], name: string): number | undefined {
  const counts = parts.flatMap((part) => countOf(part[name]) ?? []);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
