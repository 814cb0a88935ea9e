/** How many tokens a prompt or a reply counts. */

import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { textOf } from "../../records/content.ts";
import type { JsonValue } from "../../records/json.ts";

/** Characters of one token. */
export const TOKEN_CHARS = 4;

/** Tokens of so many characters: four each, and never none. */
export function tokensOf(chars: number): number {
  return Math.max(Math.floor(chars / TOKEN_CHARS), 1);
}

interface Counted {
  length: number;
  chars: number;
}

/**
 * Counts the characters of prompts.
 *
 * A conversation only ever grows, so what was counted of it is remembered as long as its array lives: the cost of a
 * request does not grow with the history.
 */
export class PromptSizes {
  readonly #counted: WeakMap<readonly ModelMessage[], Counted> = new WeakMap();

  /** Characters of the system prompt and the conversation. */
  charsOf(request: ModelRequest): number {
    return request.systemPrompt.length + this.#charsOfMessages(request.messages);
  }

  #charsOfMessages(messages: readonly ModelMessage[]): number {
    let counted = this.#counted.get(messages);
    if (counted === undefined || counted.length > messages.length) {
      counted = { length: 0, chars: 0 };
      this.#counted.set(messages, counted);
    }
    for (; counted.length < messages.length; counted.length++) {
      const message = messages[counted.length];
      if (message !== undefined) counted.chars += charsOfMessage(message);
    }
    return counted.chars;
  }
}

function charsOfMessage(message: ModelMessage): number {
  switch (message.role) {
    case "user":
      return textOf(message.content).length;
    case "assistant":
      return message.toolCalls.reduce(
        (chars, call) => chars + charsOfArguments(call.arguments),
        message.content.length,
      );
    case "system":
    case "tool":
      return message.content.length;
  }
}

/** Characters of a call's arguments as the model writes them. */
export function charsOfArguments(value: JsonValue): number {
  return typeof value === "string" ? value.length : JSON.stringify(value).length;
}
