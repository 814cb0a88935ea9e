/** Replies of the Chat Completions API. */

import type { Usage } from "../../records/usage.ts";
import type { ModelEvent } from "../../ports/driver.ts";
import type { ReplyParts } from "./reply_parts.ts";
import type { Failures } from "../../kit/provider/failures.ts";
import { type Fields, fieldsOf, listOf, textOf } from "../../kit/provider/narrow.ts";
import { ACTIVITY, type ReplyReader } from "../../kit/provider/reply.ts";
import { DetailsMerger } from "./reasoning_details.ts";
import { reasoningTextItem } from "./reasoning_text.ts";
import { ToolCallMerger } from "./tool_call_merger.ts";
import { usageOf } from "./usage.ts";

/** Names servers give the reasons, in lower case. */
const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ["function_call", "tool_calls"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["end_turn", "stop"],
  ["eos", "stop"],
  ["stop_sequence", "stop"],
  ["safety", "content_filter"],
]);

/** Reads the chunks of one reply; unknown members are ignored. */
export class CompletionsReply implements ReplyReader {
  readonly #reasoningFields: readonly string[];
  readonly #parts: ReplyParts;
  readonly #failures: Failures;
  readonly #price: ReplyParts["price"];
  readonly #details: DetailsMerger | undefined;
  readonly #calls = new ToolCallMerger();
  #finishReason = "";
  #usage: Usage | undefined;
  #id = "";
  #model = "";
  #refused = false;
  #hasReasoningText = false;

  /** Reads one reply. */
  constructor(parts: ReplyParts) {
    const { dialect, provider, failures, price } = parts;
    this.#parts = parts;
    this.#price = price;
    // Some servers send both, with the same text.
    this.#reasoningFields = dialect.reasoningField === "reasoning"
      ? ["reasoning", "reasoning_content"]
      : ["reasoning_content", "reasoning"];
    this.#failures = failures;
    this.#details = dialect.reasoningDetails ? new DetailsMerger(provider) : undefined;
  }

  /** What a chunk means; calls are kept until the end. */
  read(event: unknown): readonly ModelEvent[] {
    const chunk = fieldsOf(event);
    this.#usage = usageOf(chunk["usage"], this.#price) ?? this.#usage;
    this.#id ||= textOf(chunk["id"]);
    this.#model ||= textOf(chunk["model"]);
    const [first] = listOf(chunk["choices"]);
    if (first === undefined) return ACTIVITY;
    const choice = fieldsOf(first);
    // A server that does not stream sends the whole message in one chunk.
    const events = this.#delta(fieldsOf(choice["delta"] ?? choice["message"]));
    const reason = textOf(choice["finish_reason"]).toLowerCase();
    if (reason === "error") throw this.#failures.ofBody(choice["error"] ?? "the reply failed");
    this.#finishReason ||= reason;
    return events.length === 0 ? ACTIVITY : events;
  }

  /** `[DONE]`, or the end of the stream where servers do without it; either way after a reason to finish. */
  end(): readonly ModelEvent[] {
    if (this.#finishReason === "") return [];
    const finishReason = this.#reason();
    const cutOff = finishReason === "length" || finishReason === "content_filter";
    const { provider, model } = this.#parts;
    const thought: readonly ModelEvent[] = this.#hasReasoningText
      ? [{ type: "reasoning_item", item: reasoningTextItem(provider, model) }]
      : [];
    return [...thought, ...this.#details?.events(this.#calls.ids) ?? [], ...this.#calls.events(cutOff), {
      type: "done",
      finishReason,
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#id === "" ? {} : { responseId: this.#id }),
      ...(this.#model === "" ? {} : { model: this.#model }),
    }];
  }

  #delta(delta: Fields): readonly ModelEvent[] {
    const events: ModelEvent[] = [];
    const thinking = this.#reasoningFields.map((field) => textOf(delta[field])).find((text) => text !== "");
    if (thinking !== undefined) events.push({ type: "thinking", delta: thinking });
    // Mistral's thinking is a part of the content, which holds parts of its own.
    const inside = listOf(delta["content"]).map((part) => contentText(fieldsOf(part)["thinking"])).join("");
    if (inside !== "") events.push({ type: "thinking", delta: inside });
    // Also an empty one: the server knows the member, and may insist on it.
    this.#hasReasoningText ||= this.#reasoningFields[0] === "reasoning_content" &&
      typeof delta["reasoning_content"] === "string";
    this.#details?.add(delta["reasoning_details"]);
    const text = contentText(delta["content"]);
    if (text !== "") events.push({ type: "text", delta: text });
    const refusal = textOf(delta["refusal"]);
    if (refusal !== "") {
      this.#refused = true;
      events.push({ type: "text", delta: refusal });
    }
    for (const image of listOf(delta["images"])) {
      const url = textOf(fieldsOf(fieldsOf(image)["image_url"])["url"]);
      if (url !== "") events.push({ type: "image", image: { type: "image", url } });
    }
    for (const piece of listOf(delta["tool_calls"])) this.#calls.add(piece);
    return events;
  }

  #reason(): string {
    const reason = FINISH_REASONS.get(this.#finishReason) ?? this.#finishReason;
    if (reason !== "stop" && reason !== "tool_calls") return reason;
    if (this.#refused) return "refusal";
    // Servers say "stop" after calls, and "tool_calls" without any.
    return this.#calls.size > 0 ? "tool_calls" : "stop";
  }
}

/** Text, or the text of a list of parts (Mistral). */
function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content).map((part) => textOf(fieldsOf(part)["text"])).join("");
}
