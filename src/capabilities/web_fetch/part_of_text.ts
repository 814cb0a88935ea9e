/** The part of a text that fits into one answer. */

/** Options of {@linkcode partOf}. */
export interface PartOptions {
  /** First character. */
  readonly start: number;
  /** Most characters. */
  readonly maxLength: number;
}

/** A part of a text. */
export interface TextPart {
  /** The part. */
  readonly content: string;
  /** Where it begins. */
  readonly start_index: number;
  /** Where to go on; absent at the end. */
  readonly next_index?: number;
}

/** Room of the content within the 64 KiB of a result, in bytes of JSON. */
const MAX_BYTES = 56 * 1024;

const encoder = new TextEncoder();

/** Cuts a part out of a text: not longer than asked for, than an answer may be, and never half a character. */
export function partOf(text: string, { start, maxLength }: PartOptions): TextPart {
  const from = Math.min(start, text.length);
  let length = Math.min(maxLength, text.length - from);
  let content = cut(text, from, length);
  while (content.length > 1 && sizeOf(content) > MAX_BYTES) {
    length = Math.max(1, Math.floor(Math.min(length * 0.9, length * MAX_BYTES / sizeOf(content))));
    content = cut(text, from, length);
  }
  const next = from + content.length;
  return { content, start_index: from, ...(next < text.length ? { next_index: next } : {}) };
}

function cut(text: string, from: number, length: number): string {
  const part = text.slice(from, from + length);
  return part.length > 1 && from + length < text.length ? part.replace(/[\ud800-\udbff]$/, "") : part;
}

function sizeOf(text: string): number {
  return encoder.encode(JSON.stringify(text)).length;
}
