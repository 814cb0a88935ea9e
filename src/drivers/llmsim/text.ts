/** Texts of a simulated model: filler, and cutting a text into pieces. */

import { TOKEN_CHARS } from "./tokens.ts";

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
