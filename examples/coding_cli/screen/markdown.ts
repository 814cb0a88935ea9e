/** Markdown as lines of a terminal. */

import { Lexer, type Token, type Tokens } from "marked";
import { diffLineStyle } from "./diff_lines.ts";
import { inlineLine, inlineLines } from "./inline_markdown.ts";
import { EMPTY_LINE, type Line, plainText, span, type Style } from "./spans.ts";
import { sanitize } from "./sanitize.ts";
import { openEnds, tailOf } from "./streaming_markdown.ts";
import { tableLines } from "./table_lines.ts";
import { wrapLine, wrapText } from "./wrap.ts";

/** Most characters read as Markdown; a longer text is shown as it is. */
const MAX_MARKDOWN = 200_000;
/** Most markers of emphasis in one paragraph: the lexer takes quadratic time over those that close nothing. */
const MAX_MARKERS = 600;
/** Most columns of prose: longer lines are hard to read. */
const MAX_PROSE = 120;
/** Characters of markup that are read and not shown. */
const SPARE = 500;
const INDENT: Line = [span("  ")];
const QUOTE: Line = [span("│ ", { dim: true })];

/** A whole text. */
export function markdownLines(text: string, width: number): Line[] {
  return blockLines(lex(sanitize(text)), Math.min(width, MAX_PROSE));
}

/**
 * The end of a text that is still being written, in about `rows` rows.
 *
 * Emphasis and code that are not closed yet count as closed, so that the text does not jump when they are; only the end
 * of a long text is read, so that a repaint costs the same however long the answer is.
 */
export function streamingMarkdownLines(text: string, width: number, rows: number): Line[] {
  const tail = openEnds(tailOf(sanitize(text), rows * Math.min(width, MAX_PROSE) + SPARE));
  return blockLines(lex(tail), Math.min(width, MAX_PROSE)).slice(-rows);
}

function lex(text: string): readonly Token[] {
  const plain: Token[] = [{ type: "plain", raw: text, text }];
  if (text.length > MAX_MARKDOWN) return plain;
  try {
    const lexer = new Lexer({ gfm: true });
    lexer.blockTokens(text, lexer.tokens);
    for (const { src, tokens } of lexer.inlineQueue) {
      if (src.replace(/[^*_~]/g, "").length > MAX_MARKERS) tokens.push({ type: "text", raw: src, text: src });
      else lexer.inlineTokens(src, tokens);
    }
    return lexer.tokens;
  } catch (error) {
    // Thousands of nested quotes or lists are too deep for a recursive reader.
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

function blockLines(tokens: readonly Token[], width: number): Line[] {
  const lines: Line[] = [];
  for (const token of tokens) {
    const block = tokenLines(token, Math.max(4, width));
    if (block.length === 0) continue;
    if (lines.length > 0) lines.push(EMPTY_LINE);
    lines.push(...block);
  }
  return lines;
}

function tokenLines(token: Token, width: number): Line[] {
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return [];
    case "heading":
      return wrapped(inlineLines(token["tokens"], headingStyle(Number(token["depth"]))), width);
    case "code":
      return codeLines(token as Tokens.Code, width);
    case "blockquote":
      return blockLines(token["tokens"] ?? [], width - 2).map((line) => [...QUOTE, ...line]);
    case "list":
      return listLines(token as Tokens.List, width);
    case "table":
      return tableLines(tableCells(token as Tokens.Table), width);
    case "hr":
      return [[span("─".repeat(Math.min(width, 40)), { dim: true })]];
    case "plain":
    case "html":
      return wrapText(token.raw.trimEnd(), width);
    default:
      return wrapped(inlineLines("tokens" in token ? token.tokens : [token]), width);
  }
}

function headingStyle(depth: number): Style {
  return depth === 1 ? { bold: true, underline: true, colour: "magenta" } : { bold: true, colour: "magenta" };
}

function codeLines(token: Tokens.Code, width: number): Line[] {
  const isDiff = token.lang === "diff" || token.lang === "patch";
  return token.text.split("\n").flatMap((text) =>
    wrapLine([span(text, isDiff ? diffLineStyle(text) : undefined)], width, { first: INDENT, anywhere: true })
  );
}

function listLines(list: Tokens.List, width: number): Line[] {
  const start = Number(list.start === "" ? 1 : list.start);
  const lines: Line[] = [];
  for (const [index, item] of list.items.entries()) {
    const bullet = list.ordered ? `${start + index}. ` : "• ";
    const marker = item.task ? (item.checked === true ? "☑ " : "☐ ") : bullet;
    const indent = " ".repeat(marker.length);
    const inner = itemLines(item, width - marker.length);
    if (list.loose && index > 0) lines.push(EMPTY_LINE);
    if (inner.length === 0) lines.push([span(marker, { dim: true })]);
    for (const [row, line] of inner.entries()) {
      const mark = row === 0 ? span(marker, { dim: true }) : span(indent);
      lines.push(plainText(line) === "" ? EMPTY_LINE : [mark, ...line]);
    }
  }
  return lines;
}

/** A tight item's parts follow one another without an empty line. */
function itemLines(item: Tokens.ListItem, width: number): Line[] {
  return item.loose
    ? blockLines(item.tokens, width)
    : item.tokens.flatMap((token) => tokenLines(token, Math.max(4, width)));
}

function tableCells(table: Tokens.Table): { readonly header: readonly Line[]; readonly rows: readonly Line[][] } {
  return {
    header: table.header.map(({ tokens }) => inlineLine(tokens)),
    rows: table.rows.map((row) => row.map(({ tokens }) => inlineLine(tokens))),
  };
}

function wrapped(lines: readonly Line[], width: number): Line[] {
  return lines.flatMap((line) => wrapLine(line, width));
}
