/** A body as text a model can read. */

import { ToolError } from "../../errors.ts";
import { lazy } from "../../kit/lazy.ts";
import { decodeText, kindOf } from "./decode_text.ts";

/** How a body is shown. */
export type PageFormat = "markdown" | "text" | "html";

/** A body as text. */
export interface PageText {
  /** What it was turned into: pages are converted, other texts stay as they are. */
  readonly format: PageFormat | "raw";
  /** The text. */
  readonly text: string;
  /** The title of a page, if it has one. */
  readonly title?: string;
  /** Whether the page was longer than what is read of one. */
  readonly isPartial?: true;
}

/** Most characters of HTML that are read, and of text that is made of it. */
const MAX_HTML = 4 * 1024 * 1024;
const MAX_TEXT = 2 * 1024 * 1024;

const loadConverter = lazy(async () => {
  const [{ Tokenizer }, { readHtml }, { MarkdownWriter }] = await Promise.all([
    import("htmlparser2"),
    import("./html_reader.ts"),
    import("./markdown_writer.ts"),
  ]);
  return { Tokenizer, readHtml, MarkdownWriter };
});

/** The text of a body; undefined when it holds none. */
export async function pageText(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  format: PageFormat,
  { base, signal }: { readonly base: URL; readonly signal?: AbortSignal },
): Promise<PageText | undefined> {
  const kind = kindOf(mediaTypeOf(contentType), bytes);
  if (kind === "binary") return undefined;
  const source = decodeText(bytes, contentType);
  if (kind === "text") return { format: "raw", text: source };
  if (format === "html") return { format, text: source };
  const isPartial = source.length > MAX_HTML ? { isPartial: true } as const : {};
  return {
    format,
    ...isPartial,
    ...await htmlToText(source.slice(0, MAX_HTML), { base, marks: format === "markdown", signal }),
  };
}

/** The type of a `content-type`, without its parameters. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Converts a page: to Markdown, or to text alone. */
export async function htmlToText(
  html: string,
  { base, marks, signal }: { readonly base: URL; readonly marks: boolean; readonly signal?: AbortSignal | undefined },
): Promise<Omit<PageText, "format">> {
  const { Tokenizer, readHtml, MarkdownWriter } = await loadConverter();
  const writer = new MarkdownWriter({ base, marks, maxLength: MAX_TEXT });
  try {
    await readHtml(html, writer, {
      makeTokenizer: (callbacks) => new Tokenizer({ decodeEntities: true }, callbacks),
      signal,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ToolError("Cannot convert the page: its HTML cannot be read (try format html)", { cause });
  }
  const { title } = writer;
  return {
    text: writer.content,
    ...(title === "" ? {} : { title }),
    ...(writer.isFull ? { isPartial: true } : {}),
  };
}
