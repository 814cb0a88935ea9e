/** Texts of a simulated model: filler, cutting into pieces, and counting tokens. */

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

const LOREM =
  "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et " +
  "dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea " +
  "commodo consequat. ";

/** Filler text of exactly so many tokens. */
export function loremText(targetTokens: number): string {
  const chars = targetTokens * TOKEN_CHARS;
  return LOREM.repeat(Math.ceil(chars / LOREM.length)).slice(0, chars - 1) + ".";
}

/**
 * The text in so many pieces of about equal length, none of them empty.
 *
 * There are fewer pieces when the text is too short; a character of two UTF-16 units is never cut.
 */
export function splitText(text: string, count: number): string[] {
  const pieces: string[] = [];
  const most = Math.min(count, text.length);
  let start = 0;
  for (let i = 1; i <= most; i++) {
    let end = Math.floor((text.length * i) / most);
    if (isLowSurrogate(text, end)) end++;
    if (end <= start) continue;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
