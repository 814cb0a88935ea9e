/** Reading HTML as a row of starts, ends and texts, in time and memory that grow with its length alone. */

import { setImmediate } from "node:timers";
import type { Tokenizer, TokenizerCallbacks } from "htmlparser2";

/** Told what a document holds. */
export interface HtmlHandler {
  /** An element begins; of its attributes those that were asked for are there. */
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  /** An element ends; each that began does, except those that cannot hold anything. */
  close(name: string): void;
  /** Text, in pieces. */
  text(piece: string): void;
  /** Whether enough was read. */
  readonly isFull: boolean;
}

/** Options of {@linkcode readHtml}. */
export interface ReadHtmlOptions {
  /** Makes the tokenizer; what makes it is loaded when it is needed. */
  readonly makeTokenizer: (callbacks: TokenizerCallbacks) => Tokenizer;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** Characters that are read before others get their turn, in some ten milliseconds. */
const CHARACTERS_PER_TURN = 64 * 1024;
/** Elements that hold nothing. */
const VOID: ReadonlySet<string> = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);
/** Elements whose content nobody sees, or only those see who have what it is for. */
const DROPPED: ReadonlySet<string> = new Set(
  "script style noscript noframes noembed template svg math iframe object canvas audio video map select datalist".split(
    " ",
  ),
);
const BLOCKS =
  "address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul"
    .split(" ");
/** What ends by itself when an element begins. */
const ENDED_BY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...BLOCKS.map((name) => [name, new Set(["p"])] as const),
  ["li", new Set(["li", "p"])],
  ["dt", new Set(["dt", "dd", "p"])],
  ["dd", new Set(["dt", "dd", "p"])],
  ["td", new Set(["td", "th", "p"])],
  ["th", new Set(["td", "th", "p"])],
  ["tr", new Set(["td", "th", "tr", "p"])],
  ["tbody", new Set(["td", "th", "tr", "tbody", "thead"])],
  ["body", new Set(["head"])],
]);
const ATTRIBUTES: ReadonlySet<string> = new Set(["href", "src", "alt", "hidden", "style", "aria-hidden", "start"]);
/** Elements within each other that are told apart; what is deeper counts as part of the deepest. */
const MAX_DEPTH = 256;
/** Longest attribute, in characters. */
const MAX_ATTRIBUTE = 4_096;
const MAX_NAME = 32;

/**
 * Reads a document; a parser that builds a tree would not do, since 5,000 open elements exhaust the stack of those who
 * walk it.
 *
 * Scripts, styles and what a page hides (`hidden`, `display: none`) are left out: people do not see it either. Between
 * pieces of the document others get their turn.
 *
 * @throws the signal's reason when it is aborted
 */
export async function readHtml(
  html: string,
  handler: HtmlHandler,
  { makeTokenizer, signal }: ReadHtmlOptions,
): Promise<void> {
  const reader = new HtmlReader(html, handler);
  const tokenizer = makeTokenizer(reader);
  reader.stop = () => tokenizer.pause();
  for (let place = 0; place < html.length && !handler.isFull; place += CHARACTERS_PER_TURN) {
    if (place > 0) await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    tokenizer.write(html.slice(place, place + CHARACTERS_PER_TURN));
  }
  if (!handler.isFull) tokenizer.end();
  reader.finish();
}

class HtmlReader implements TokenizerCallbacks {
  readonly #html: string;
  readonly #handler: HtmlHandler;
  readonly #open: string[] = [];
  /** Place in `#open` of the outermost element that is left out. */
  #droppedAt = -1;
  #name = "";
  #attribute = "";
  #value = "";
  #attributes = new Map<string, string>();
  stop: () => void = () => {};

  constructor(html: string, handler: HtmlHandler) {
    this.#html = html;
    this.#handler = handler;
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#nameAt(start, end);
    this.#attributes = new Map();
  }

  onattribname(start: number, end: number): void {
    const name = this.#nameAt(start, end);
    this.#attribute = ATTRIBUTES.has(name) && !this.#attributes.has(name) ? name : "";
    this.#value = "";
  }

  onattribdata(start: number, end: number): void {
    if (this.#attribute === "") return;
    this.#value += this.#html.slice(start, Math.min(end, start + MAX_ATTRIBUTE - this.#value.length));
  }

  onattribentity(codePoint: number): void {
    if (this.#attribute !== "" && this.#value.length < MAX_ATTRIBUTE) this.#value += characterOf(codePoint);
  }

  onattribend(): void {
    if (this.#attribute !== "") this.#attributes.set(this.#attribute, this.#value);
  }

  onopentagend(): void {
    const name = this.#name;
    const endedBy = ENDED_BY.get(name);
    if (endedBy !== undefined) { while (endedBy.has(this.#open.at(-1) ?? "")) this.#pop(); }
    if (VOID.has(name)) {
      if (this.#droppedAt < 0) this.#handler.open(name, this.#attributes);
      return;
    }
    const isDropped = this.#droppedAt < 0 && (DROPPED.has(name) || isHidden(this.#attributes));
    if (this.#open.length >= MAX_DEPTH && !isDropped) return;
    this.#open.push(name);
    if (isDropped) this.#droppedAt = this.#open.length - 1;
    else if (this.#droppedAt < 0) this.#handler.open(name, this.#attributes);
  }

  onselfclosingtag(): void {
    // In HTML the slash means nothing, but in the drawings and formulas that are left out it ends the element.
    if (this.#droppedAt < 0 && !(DROPPED.has(this.#name) && this.#name !== "script" && this.#name !== "style")) {
      this.onopentagend();
    }
  }

  onclosetag(start: number, end: number): void {
    const name = this.#nameAt(start, end);
    const place = this.#open.lastIndexOf(name);
    // An end that matches nothing means nothing.
    if (place < 0) return;
    while (this.#open.length > place) this.#pop();
  }

  ontext(start: number, end: number): void {
    if (this.#droppedAt < 0) this.#say(this.#html.slice(start, end));
  }

  ontextentity(codePoint: number): void {
    if (this.#droppedAt < 0) this.#say(characterOf(codePoint));
  }

  /** Ends what was left open. */
  finish(): void {
    while (this.#open.length > 0) this.#pop();
  }

  isInForeignContext(): boolean {
    return false;
  }

  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onend(): void {}
  onprocessinginstruction(): void {}

  #say(piece: string): void {
    this.#handler.text(piece);
    if (this.#handler.isFull) this.stop();
  }

  #pop(): void {
    const name = this.#open.pop();
    if (this.#open.length === this.#droppedAt) this.#droppedAt = -1;
    else if (this.#droppedAt < 0 && name !== undefined) this.#handler.close(name);
  }

  #nameAt(start: number, end: number): string {
    return this.#html.slice(start, Math.min(end, start + MAX_NAME)).toLowerCase();
  }
}

function isHidden(attributes: ReadonlyMap<string, string>): boolean {
  if (attributes.has("hidden")) return true;
  const style = attributes.get("style");
  return style !== undefined && /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style);
}

function characterOf(codePoint: number): string {
  return codePoint >= 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : "\ufffd";
}
