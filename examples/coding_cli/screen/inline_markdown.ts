/** Inline Markdown as spans. */

import type { Token, Tokens } from "marked";
import { type Line, type Span, span, type Style, withStyle } from "./spans.ts";

const CODE: Style = { colour: "cyan" };
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#39": "'",
  nbsp: "\u00a0",
};

/** The lines of inline tokens: more than one where the text has line ends, which models mean. */
export function inlineLines(tokens: readonly Token[] | undefined, style: Style = {}): Line[] {
  const lines: Span[][] = [[]];
  for (const piece of withStyle((tokens ?? []).flatMap(inlineSpans), style)) {
    for (const [index, text] of piece.text.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push({ ...piece, text });
    }
  }
  return lines;
}

/** The inline tokens in one line. */
export function inlineLine(tokens: readonly Token[] | undefined): Line {
  return inlineLines(tokens).flatMap((line, index) => index === 0 ? line : [span(" "), ...line]);
}

function inlineSpans(token: Token): Line {
  switch (token.type) {
    case "strong":
      return nested(token, { bold: true });
    case "em":
      return nested(token, { italic: true });
    case "del":
      return nested(token, { strike: true });
    case "codespan":
      return [span(String(token["text"]), CODE)];
    case "br":
      return [span("\n")];
    case "checkbox":
      return [];
    case "link":
      return linkSpans(token as Tokens.Link);
    case "image":
      return [span(`[image: ${token["text"]}]`), ...address(String(token["href"]))];
    case "html":
      // Shown as it is written: a model that explains HTML means its tags.
      return [span(token.raw)];
    default:
      return hasTokens(token) ? token.tokens.flatMap(inlineSpans) : [span(decoded(textOfToken(token)))];
  }
}

function nested(token: Token, style: Style): Line {
  return withStyle(hasTokens(token) ? token.tokens.flatMap(inlineSpans) : [span(textOfToken(token))], style);
}

function linkSpans(token: Tokens.Link): Line {
  const shown = withStyle(token.tokens.flatMap(inlineSpans), { underline: true });
  // The address is always there to see: a link that says one site and leads to another must not pass.
  const same = token.href === token.text || token.href.replace(/^(mailto:|https?:\/\/)/, "") === token.text;
  return same ? shown : [...shown, ...address(token.href)];
}

function address(href: string): Line {
  return [span(` (${href})`, { dim: true })];
}

function hasTokens(token: Token): token is Token & { tokens: Token[] } {
  return "tokens" in token && Array.isArray(token.tokens) && token.tokens.length > 0;
}

function textOfToken(token: Token): string {
  return "text" in token && typeof token.text === "string" ? token.text : token.raw;
}

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|#39|nbsp);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}
