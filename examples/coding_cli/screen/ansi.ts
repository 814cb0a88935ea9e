/** Lines as bytes for a terminal: the only place where text becomes escape sequences. */

import { sanitize } from "./sanitize.ts";
import type { Line, Style } from "./spans.ts";

/** SGR parameters, ECMA-48 8.3.117. The eight basic colours follow the user's theme, unlike RGB ones. */
const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, gray: 90 } as const;

/** A line as text; `colours` off is for people who set NO_COLOR (https://no-color.org), who still get bold and dim. */
export function toAnsi(line: Line, colours: boolean): string {
  let text = "";
  for (const span of line) {
    const clean = sanitize(span.text).replaceAll("\n", " ");
    const codes = span.style === undefined ? [] : codesOf(span.style, colours);
    text += codes.length === 0 ? clean : `\x1b[${codes.join(";")}m${clean}\x1b[0m`;
  }
  return text;
}

function codesOf(style: Style, colours: boolean): number[] {
  const codes: number[] = [];
  if (style.bold) codes.push(1);
  if (style.dim) codes.push(2);
  if (style.italic) codes.push(3);
  if (style.underline) codes.push(4);
  if (style.inverse) codes.push(7);
  if (style.strike) codes.push(9);
  if (colours && style.colour !== undefined) codes.push(COLOURS[style.colour]);
  return codes;
}
