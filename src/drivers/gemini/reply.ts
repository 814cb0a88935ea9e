/** Replies of Gemini's API. */

import type { ModelProfile } from "../../records/model.ts";
import type { Usage } from "../../records/usage.ts";
import type { ModelEvent } from "../../ports/driver.ts";
import { withEstimate } from "../../kit/provider/cost.ts";
import type { Failures } from "../../kit/provider/failures.ts";
import { countOf, type Fields, fieldsOf, isFields, listOf, textOf } from "../../kit/provider/narrow.ts";
import { ACTIVITY, type ReplyReader } from "../../kit/provider/reply.ts";
import { signatureItem, type SignedPlace } from "./signatures.ts";

/** Why the model stopped, where it is not simply done. */
const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ["MAX_TOKENS", "length"],
  ...[
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "LANGUAGE",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "MODEL_ARMOR",
  ].map((reason) => [reason, "content_filter"] as const),
]);

/** The model stumbled over its own form; another try may do better. */
const STUMBLES: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MALFORMED_RESPONSE",
]);

/** Reads the chunks of one reply; unknown members are ignored. */
export class GeminiReply implements ReplyReader {
  readonly #failures: Failures;
  readonly #price: ModelProfile["price"];
  #calls = 0;
  #images = 0;
  #hasText = false;
  #textSignature = "";
  #usage: Usage | undefined;
  #id = "";
  #model = "";

  /** Reads a reply of a model at a price. */
  constructor(failures: Failures, price: ModelProfile["price"]) {
    this.#failures = failures;
    this.#price = price;
  }

  /** What a chunk means; the one that says why the model stopped completes the reply. */
  read(event: unknown): readonly ModelEvent[] {
    const chunk = fieldsOf(event);
    if (isFields(chunk["error"])) throw this.#failures.ofBody(chunk);
    this.#usage = this.#usageOf(chunk["usageMetadata"]) ?? this.#usage;
    this.#id ||= textOf(chunk["responseId"]);
    this.#model ||= textOf(chunk["modelVersion"]);
    const [first] = listOf(chunk["candidates"]);
    const blocked = textOf(fieldsOf(chunk["promptFeedback"])["blockReason"]);
    if (first === undefined) return blocked === "" ? ACTIVITY : [this.#done("content_filter")];
    const candidate = fieldsOf(first);
    const events = listOf(fieldsOf(candidate["content"])["parts"]).flatMap((part) => this.#part(fieldsOf(part)));
    const reason = textOf(candidate["finishReason"]);
    if (reason !== "" && reason !== "FINISH_REASON_UNSPECIFIED") events.push(...this.#finish(reason, candidate));
    return events.length === 0 ? ACTIVITY : events;
  }

  /** Only a reason to stop completes a reply. */
  end(): readonly ModelEvent[] {
    return [];
  }

  #part(part: Fields): ModelEvent[] {
    const signature = textOf(part["thoughtSignature"]);
    if (isFields(part["functionCall"])) return this.#call(part["functionCall"], signature);
    const delta = textOf(part["text"]);
    const inline = fieldsOf(part["inlineData"]);
    if (part["thought"] !== true && textOf(inline["mimeType"]).startsWith("image/")) {
      return this.#image(inline, signature);
    }
    if (part["thought"] === true) return delta === "" ? [] : [{ type: "thinking", delta }];
    this.#textSignature = signature || this.#textSignature;
    this.#hasText ||= delta !== "";
    return delta === "" ? [] : [{ type: "text", delta }];
  }

  #image(inline: Fields, signature: string): ModelEvent[] {
    const image = { type: "image", base64: textOf(inline["data"]), mediaType: textOf(inline["mimeType"]) } as const;
    return [...signedBy(`image#${this.#images++}`, signature), { type: "image", image }];
  }

  #call(call: Fields, signature: string): ModelEvent[] {
    const id = textOf(call["id"]);
    return [
      ...signedBy(`call#${this.#calls++}`, signature),
      {
        type: "tool_call",
        ...(id === "" ? {} : { providerCallId: id }),
        name: textOf(call["name"]),
        // As text, which the kernel reads within its limits.
        arguments: JSON.stringify(fieldsOf(call["args"])),
      },
    ];
  }

  #finish(reason: string, candidate: Fields): readonly ModelEvent[] {
    const finishReason = reason === "STOP" ? this.#calls > 0 ? "tool_calls" : "stop" : FINISH_REASONS.get(reason);
    const saysNothing = !this.#hasText && this.#calls + this.#images === 0;
    if (STUMBLES.has(reason) || (finishReason === undefined && saysNothing)) {
      const words = textOf(candidate["finishMessage"]);
      throw this.#failures.unavailable(`the model broke off with ${reason}${words === "" ? "" : `: ${words}`}`);
    }
    return [...signedBy("text", this.#textSignature), this.#done(finishReason ?? reason.toLowerCase())];
  }

  #done(finishReason: string): ModelEvent {
    return {
      type: "done",
      finishReason,
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#id === "" ? {} : { responseId: this.#id }),
      ...(this.#model === "" ? {} : { model: this.#model }),
    };
  }

  /** The prompt counts what was read from the cache; thinking is counted beside the reply. */
  #usageOf(value: unknown): Usage | undefined {
    if (!isFields(value)) return undefined;
    const count = (name: string): number => countOf(value[name]) ?? 0;
    const cached = countOf(value["cachedContentTokenCount"]);
    return withEstimate({
      inputTokens: count("promptTokenCount") + count("toolUsePromptTokenCount"),
      outputTokens: count("candidatesTokenCount") + count("thoughtsTokenCount"),
      ...(cached === undefined ? {} : { cacheReadTokens: cached }),
    }, this.#price);
  }
}

function signedBy(place: SignedPlace, signature: string): ModelEvent[] {
  return signature === "" ? [] : [{ type: "reasoning_item", item: signatureItem(place, signature) }];
}
