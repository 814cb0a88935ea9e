/** Writing what a document holds as Markdown, or as plain text. */

import type { HtmlHandler } from "./html_reader.ts";

/** Options of {@linkcode MarkdownWriter}. */
export interface MarkdownOptions {
  /** What relative addresses count from. */
  readonly base: URL;
  /** Whether headings, links, lists and emphasis are marked. */
  readonly marks: boolean;
  /** Most characters. */
  readonly maxLength: number;
}

interface List {
  readonly ordered: boolean;
  count: number;
}

/** Something that began; its mark is written with the first thing it holds, so that nothing is marked that is empty. */
interface Span {
  readonly name: string;
  readonly mark: string;
  readonly end: string;
  isWritten: boolean;
}

const PARAGRAPHS: ReadonlySet<string> = new Set(
  "address article aside blockquote details dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header main nav ol p pre section table ul"
    .split(" "),
);
const LINES: ReadonlySet<string> = new Set("div dt dd figcaption legend summary caption tr li option".split(" "));
const EMPHASIS: ReadonlyMap<string, string> = new Map([
  ["b", "**"],
  ["strong", "**"],
  ["i", "_"],
  ["em", "_"],
  ["del", "~~"],
  ["s", "~~"],
  ["code", "`"],
  ["kbd", "`"],
  ["samp", "`"],
]);
const MAX_INDENT = 8;
const MAX_TITLE = 500;

/** Collects the text of a document. */
export class MarkdownWriter implements HtmlHandler {
  readonly #options: MarkdownOptions;
  readonly #lists: List[] = [];
  readonly #spans: Span[] = [];
  #out: string[] = [];
  #length = 0;
  #base: URL;
  #title = "";
  #isTitle = false;
  /** Line ends that come before the next text. */
  #breaks = 0;
  #space = false;
  #quotes = 0;
  #preformatted: string[] | undefined;
  #cells = 0;
  #headCells = 0;

  /** Begins with nothing. */
  constructor(options: MarkdownOptions) {
    this.#options = options;
    this.#base = options.base;
  }

  /** The title of the page; empty when it has none. */
  get title(): string {
    return this.#title.replace(/\s+/g, " ").trim();
  }

  /** Everything that was written. */
  get content(): string {
    // Lines one by one: an expression for their ends would look at a long run of spaces again and again.
    const lines = this.#out.join("").slice(0, this.#options.maxLength).split("\n").map((line) => line.trimEnd());
    return lines.join("\n").replace(/\n{3,}/g, "\n\n").trim();
  }

  get isFull(): boolean {
    return this.#length >= this.#options.maxLength;
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    if (name === "title") this.#isTitle = true;
    else if (name === "base") this.#base = absolute(attributes.get("href"), this.#base) ?? this.#base;
    else if (name === "br") this.#preformatted === undefined ? this.#break(1) : this.text("\n");
    else if (name === "hr") this.#rule();
    else if (name === "img") this.#image(attributes);
    else if (PARAGRAPHS.has(name)) this.#openParagraph(name, attributes);
    else if (LINES.has(name)) this.#openLine(name);
    else if (name === "td" || name === "th") this.#cell(name);
    else if (this.#options.marks && this.#preformatted === undefined) this.#openSpan(name, attributes);
  }

  close(name: string): void {
    if (name === "title") this.#isTitle = false;
    else if (PARAGRAPHS.has(name)) this.#closeParagraph(name);
    else if (LINES.has(name)) this.#closeLine(name);
    else this.#closeSpan(name);
  }

  text(piece: string): void {
    if (this.#isTitle) {
      if (this.#title.length < MAX_TITLE) this.#title += piece.slice(0, MAX_TITLE);
      return;
    }
    if (this.#preformatted !== undefined) {
      this.#length += piece.length;
      this.#preformatted.push(piece);
      return;
    }
    const words = piece.replace(/[\s\u200b\ufeff]+/g, " ");
    if (words.startsWith(" ")) this.#space = true;
    const trimmed = words.trim();
    if (trimmed === "") return;
    this.#lead();
    this.#write(trimmed);
    this.#space = words.endsWith(" ");
  }

  #openParagraph(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#break(name === "ul" || name === "ol" ? (this.#lists.length > 0 ? 1 : 2) : 2);
    if (name === "ul" || name === "ol") {
      const start = Number.parseInt(attributes.get("start") ?? "1", 10);
      this.#lists.push({ ordered: name === "ol", count: Number.isFinite(start) ? start : 1 });
    } else if (name === "pre") this.#preformatted ??= [];
    else if (name === "table") this.#cells = this.#headCells = 0;
    else if (!this.#options.marks) return;
    else if (name === "blockquote") this.#quotes = Math.min(this.#quotes + 1, MAX_INDENT);
    else if (/^h[1-6]$/.test(name)) this.#begin(name, `${"#".repeat(Number(name[1]))} `, "");
  }

  #closeParagraph(name: string): void {
    if (name === "ul" || name === "ol") this.#lists.pop();
    else if (name === "pre") this.#endPreformatted();
    else if (name === "blockquote") this.#quotes = Math.max(0, this.#quotes - 1);
    else this.#closeSpan(name);
    this.#break(this.#lists.length > 0 ? 1 : 2);
  }

  #openLine(name: string): void {
    this.#break(1);
    if (name === "tr") this.#cells = this.#headCells = 0;
    const list = this.#lists.at(-1);
    if (name !== "li" || !this.#options.marks) return;
    this.#begin("li", list?.ordered === true ? `${list.count++}. ` : "- ", "");
  }

  #closeLine(name: string): void {
    if (name === "tr" && this.#options.marks && this.#cells > 0 && this.#headCells === this.#cells) {
      this.#break(1);
      this.#lead();
      this.#write(`|${" --- |".repeat(Math.min(this.#cells, 100))}`);
    }
    this.#closeSpan(name);
    this.#break(1);
  }

  #cell(name: "td" | "th"): void {
    if (this.#cells++ > 0) {
      this.#lead();
      this.#write(" |");
      this.#space = true;
    }
    if (name === "th") this.#headCells++;
  }

  #openSpan(name: string, attributes: ReadonlyMap<string, string>): void {
    const mark = EMPHASIS.get(name);
    if (mark !== undefined) return this.#begin(name, mark, mark);
    const target = name === "a" ? absolute(attributes.get("href"), this.#base) : undefined;
    // Within a page a link to the page itself says nothing.
    const isOwn = target !== undefined && target.hash !== "" && samePage(target, this.#options.base);
    if (target !== undefined && !isOwn) this.#begin("a", "[", `](${target.href.replaceAll(")", "%29")})`);
  }

  #begin(name: string, mark: string, end: string): void {
    this.#spans.push({ name, mark, end, isWritten: false });
  }

  #closeSpan(name: string): void {
    const place = this.#spans.findLastIndex((span) => span.name === name);
    if (place < 0) return;
    for (const { isWritten, end } of this.#spans.splice(place).reverse()) if (isWritten) this.#write(end);
  }

  #image(attributes: ReadonlyMap<string, string>): void {
    const alt = (attributes.get("alt") ?? "").replace(/\s+/g, " ").trim();
    if (alt === "") return;
    const source = this.#options.marks ? absolute(attributes.get("src"), this.#base) : undefined;
    this.#lead();
    this.#write(source === undefined ? `[image: ${alt}]` : `![${alt}](${source.href.replaceAll(")", "%29")})`);
  }

  #rule(): void {
    this.#break(2);
    if (!this.#options.marks) return;
    this.#lead();
    this.#write("---");
    this.#break(2);
  }

  #endPreformatted(): void {
    const text = (this.#preformatted ?? []).join("").replace(/\r\n?/g, "\n").replace(/^\n/, "").trimEnd();
    for (const piece of this.#preformatted ?? []) this.#length -= piece.length;
    this.#preformatted = undefined;
    if (text.trim() === "") return;
    const longest = Math.max(2, ...(text.match(/`{3,100}/g) ?? []).slice(0, 1_000).map((run) => run.length));
    const fence = "`".repeat(longest + 1);
    this.#lead();
    this.#write(this.#options.marks ? `${fence}\n${text}\n${fence}` : text);
  }

  #break(lines: number): void {
    // The first paragraph of an item stands on the line of its mark.
    const last = this.#spans.at(-1);
    if (last?.name === "li" && !last.isWritten) return;
    this.#breaks = Math.max(this.#breaks, lines);
    this.#space = false;
  }

  /** Writes the line ends, the space and the marks that have come due. */
  #lead(): void {
    const quote = "> ".repeat(this.#quotes);
    if (this.#out.length === 0) this.#write(quote);
    else if (this.#breaks > 0) {
      const indent = "  ".repeat(Math.min(Math.max(0, this.#lists.length - 1), MAX_INDENT));
      this.#write(`${this.#breaks > 1 ? `\n${quote.trimEnd()}` : ""}\n${quote}${indent}`);
    } else if (this.#space) this.#write(" ");
    this.#breaks = 0;
    this.#space = false;
    for (let place = this.#spans.findLastIndex(({ isWritten }) => isWritten) + 1; place < this.#spans.length; place++) {
      const span = this.#spans[place]!;
      span.isWritten = true;
      this.#write(span.mark);
    }
  }

  #write(text: string): void {
    this.#out.push(text);
    this.#length += text.length;
  }
}

/** An address a reader may follow; undefined for scripts, data and the like. */
function absolute(address: string | undefined, base: URL): URL | undefined {
  const url = address === undefined ? null : URL.parse(address.trim(), base);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : undefined;
}

function samePage(a: URL, b: URL): boolean {
  return a.origin === b.origin && a.pathname === b.pathname && a.search === b.search;
}
