/** Cutting texts to a length. */

/** The beginning of a text: at most so many UTF-16 units, never half of a surrogate pair. */
export function beginningOf(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return text.slice(0, splitsPair(text, limit) ? limit - 1 : limit);
}

/** The end of a text: at most so many UTF-16 units, never half of a surrogate pair. */
export function endOf(text: string, limit: number): string {
  const start = Math.max(0, text.length - limit);
  return text.slice(splitsPair(text, start) ? start + 1 : start);
}

function splitsPair(text: string, at: number): boolean {
  return at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
