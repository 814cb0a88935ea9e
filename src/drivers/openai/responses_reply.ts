/** Replies of the Responses API. */

import type { ReasoningPart } from "../../records/content.ts";
import type { ModelEvent } from "../../ports/driver.ts";
import type { Failures } from "../../kit/provider/failures.ts";
import { type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";
import { ACTIVITY, type ReplyReader, textEvent, thinkingEvent } from "../../kit/provider/reply.ts";
import { hostedItem, namespaceItem } from "./hosted.ts";
import type { ReplyParts } from "./reply_parts.ts";
import { reasoningOf } from "./reasoning_items.ts";
import { usageOf } from "./usage.ts";

/** Between two messages of one reply. */
export const PARTING = "\n\n";

const HOSTED: ReadonlySet<string> = new Set(["tool_search_call", "tool_search_output", "compaction"]);

/** Reads the events of one reply; unknown ones count as signs of life. */
export class ResponsesReply implements ReplyReader {
  readonly #parts: ReplyParts;
  readonly #failures: Failures;
  #phase: "commentary" | "final_answer" | undefined;
  #refused = false;
  #failed = false;
  #message: unknown;
  readonly #seen = { text: false, reasoning: false, calls: false, hosted: false };
  #callCount = 0;
  #characters = 0;

  /** Reads one reply. */
  constructor(parts: ReplyParts) {
    this.#parts = parts;
    this.#failures = parts.failures;
  }

  /** What an event means. */
  read(event: unknown): readonly ModelEvent[] {
    const fields = fieldsOf(event);
    switch (fields["type"]) {
      case "response.output_text.delta":
        return this.#text(fields);
      case "response.refusal.delta":
        this.#refused = true;
        return this.#text(fields);
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return thinkingEvent(textOf(fields["delta"]));
      case "response.reasoning_summary_part.added":
        return fields["summary_index"] === 0 ? ACTIVITY : thinkingEvent("\n\n");
      case "response.output_item.done":
        return this.#item(fieldsOf(fields["item"]));
      case "response.completed":
      case "response.incomplete":
        return this.#end(fieldsOf(fields["response"]), fields["type"] === "response.incomplete");
      case "response.failed": {
        const { error } = fieldsOf(fields["response"]);
        if (isFields(error)) throw this.#failures.ofBody(error);
        // Azure says why in an error event of its own, after this one.
        this.#failed = true;
        return ACTIVITY;
      }
      case "response.cancelled":
        throw this.#failures.ofBody("the response was cancelled");
      case "error":
        // With an `event: error` line the library throws it; some servers leave that line out.
        throw this.#failures.ofBody(fields["error"] ?? fields);
      default:
        return ACTIVITY;
    }
  }

  /** Only its own event completes a reply. */
  end(): readonly ModelEvent[] {
    if (this.#failed) throw this.#failures.ofBody("the response failed");
    return [];
  }

  /** A piece of a message; one after another, such as an aside and the answer, are told apart by an empty line. */
  #text({ delta, output_index: index }: Fields): readonly ModelEvent[] {
    const text = textOf(delta);
    const piece = this.#seen.text && this.#message !== index && text !== "" ? `${PARTING}${text}` : text;
    this.#seen.text = true;
    this.#message = index;
    this.#characters += piece.length;
    return textEvent(piece);
  }

  #item(item: Fields): readonly ModelEvent[] {
    switch (item["type"]) {
      case "function_call":
        return this.#call(item);
      case "reasoning":
        this.#seen.reasoning = true;
        return [{
          type: "reasoning_item",
          item: reasoningOf(item, this.#parts.provider, this.#parts.dialect.wholeReasoningItems, {
            text: this.#characters,
            calls: this.#callCount,
          }),
        }];
      case "message":
        if (item["phase"] === "commentary" || item["phase"] === "final_answer") this.#phase = item["phase"];
        return ACTIVITY;
      case "tool_search_call":
      case "tool_search_output":
      case "compaction":
        this.#seen.hosted = true;
        return this.#kept(hostedItem(item, this.#parts.provider, this.#parts.model));
      default:
        return ACTIVITY;
    }
  }

  #call(item: Fields): readonly ModelEvent[] {
    // One that was cut off by the limit of tokens is no call.
    if (item["status"] === "incomplete") return ACTIVITY;
    this.#seen.calls = true;
    const id = textOf(item["call_id"]);
    const namespace = this.#kept(namespaceItem(item, this.#callCount++, this.#parts.provider));
    return [...namespace, {
      type: "tool_call",
      ...(id === "" ? {} : { providerCallId: id }),
      name: textOf(item["name"]),
      arguments: textOf(item["arguments"]) || "{}",
    }];
  }

  /** Other servers' items of these names may be anything. */
  #kept(item: ReasoningPart | undefined): readonly ModelEvent[] {
    return item === undefined || !this.#parts.dialect.hosted ? ACTIVITY : [{ type: "reasoning_item", item }];
  }

  #end(response: Fields, incomplete: boolean): readonly ModelEvent[] {
    if (response["status"] === "failed") throw this.#failures.ofBody(response["error"] ?? "the response failed");
    const events = this.#unseen(response);
    const usage = usageOf(response["usage"], this.#parts.price);
    const id = textOf(response["id"]);
    const model = textOf(response["model"]);
    events.push({
      type: "done",
      finishReason: this.#finishReason(response, incomplete),
      ...(usage === undefined ? {} : { usage }),
      ...(id === "" ? {} : { responseId: id }),
      ...(model === "" ? {} : { model }),
      ...(this.#phase === undefined ? {} : { phase: this.#phase }),
    });
    return events;
  }

  /** Some servers send whole items with the last event only. */
  #unseen(response: Fields): ModelEvent[] {
    const events: ModelEvent[] = [];
    const seen = { ...this.#seen };
    for (const value of listOf(response["output"])) {
      const item = fieldsOf(value);
      if (item["type"] === "message" && !seen.text) events.push(...this.#wholeText(item));
      if ((item["type"] === "function_call" && seen.calls) || (item["type"] === "reasoning" && seen.reasoning)) {
        continue;
      }
      if (seen.hosted && HOSTED.has(textOf(item["type"]))) continue;
      events.push(...this.#item(item).filter((event) => event.type !== "activity"));
    }
    return events;
  }

  #wholeText(message: Fields): readonly ModelEvent[] {
    let text = "";
    for (const value of listOf(message["content"])) {
      const part = fieldsOf(value);
      if (part["type"] === "refusal") this.#refused = true;
      text += textOf(part["text"]) || textOf(part["refusal"]);
    }
    this.#characters += text.length;
    return text === "" ? [] : textEvent(text);
  }

  #finishReason(response: Fields, incomplete: boolean): string {
    if (incomplete || response["status"] === "incomplete") {
      const reason = textOf(fieldsOf(response["incomplete_details"])["reason"]);
      return reason === "max_output_tokens" || reason === "" ? "length" : reason;
    }
    if (this.#refused) return "refusal";
    return this.#seen.calls ? "tool_calls" : "stop";
  }
}
