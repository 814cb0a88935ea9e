/** What kind of body it is, and its bytes as text. */

/** What a body is. */
export type BodyKind = "html" | "text" | "binary";

/** Bytes in which an undeclared kind or a declared character set is looked for. */
const HEAD_BYTES = 4_096;
const TEXT_TYPE =
  /^(?:text\/.*|application\/(?:.*\+)?(?:json|xml|yaml|x-yaml|toml|javascript|ecmascript|x-javascript|x-ndjson|jsonl|graphql|sql|x-sh|x-www-form-urlencoded)|image\/svg\+xml|message\/.*)$/;

/** The kind of a body by its type, or by its first bytes when it has none. */
export function kindOf(mediaType: string, bytes: Uint8Array): BodyKind {
  const head = bytes.subarray(0, HEAD_BYTES);
  const hasBom = bomOf(bytes) !== undefined;
  if (mediaType === "text/html" || mediaType === "application/xhtml+xml") return "html";
  if (mediaType === "" || mediaType === "text/plain") {
    if (!hasBom && head.includes(0)) return "binary";
    if (mediaType === "text/plain") return "text";
    return /^\s*(?:<!--[\s\S]{0,1000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/i.test(latin1(head))
      ? "html"
      : "text";
  }
  return TEXT_TYPE.test(mediaType) ? "text" : "binary";
}

/**
 * Bytes as text: by their byte order mark, the header, what the document says of itself, or as UTF-8.
 *
 * An unknown name counts as UTF-8, and what is no text in a character set becomes U+FFFD.
 */
export function decodeText(bytes: Uint8Array<ArrayBuffer>, contentType: string): string {
  const label = bomOf(bytes) ?? /;\s*charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? declared(bytes);
  return decoderOf(label).decode(bytes);
}

function decoderOf(label: string | undefined): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}

function declared(bytes: Uint8Array): string | undefined {
  const head = latin1(bytes.subarray(0, HEAD_BYTES));
  const found = /^\s*<\?xml\b[^>]{0,200}\bencoding\s*=\s*["']([\w.:-]{1,40})/i.exec(head) ??
    /<meta\b[^>]{0,400}\bcharset\s*=\s*["']?([\w.:-]{1,40})/i.exec(head);
  const label = found?.[1];
  // What could be read as ASCII so far is no UTF-16, whatever it says (HTML, prescan of a byte stream).
  return label !== undefined && /^utf-?16/i.test(label) ? "utf-8" : label;
}

function bomOf([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  return a === 0xff && b === 0xfe ? "utf-16le" : undefined;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
