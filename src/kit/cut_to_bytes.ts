/** Cutting texts to a number of bytes. */

const encoder = new TextEncoder();

/** The longest start of a text that takes at most so many UTF-8 bytes; never half a character. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(0, maxBytes)));
  return read === text.length ? text : text.slice(0, read);
}
