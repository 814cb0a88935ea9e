/** How many bytes a text takes as JSON, counted without making the JSON. */

/**
 * Bytes of a text inside the quotes of a JSON string, or how much of it fits.
 *
 * `units` is how many UTF-16 units fit into `limit` bytes, never half of a surrogate pair; `bytes` is what they take.
 */
export interface JsonTextSize {
  /** UTF-16 units that fit. */
  readonly units: number;
  /** Bytes they take. */
  readonly bytes: number;
}

/** Measures a text up to a limit; it never looks further than the limit. */
export function measureJsonText(text: string, limit: number): JsonTextSize {
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    let width = 1;
    let cost: number;
    if (unit < 0x80) cost = unit >= 0x20 ? (unit === 0x22 || unit === 0x5c ? 2 : 1) : shortEscape(unit) ? 2 : 6;
    else if (unit < 0x800) cost = 2;
    else if (unit < 0xd800 || unit > 0xdfff) cost = 3;
    else if (unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      width = 2;
      cost = 4;
    } else cost = 6; // A lone surrogate is written as \udxxx.
    if (bytes + cost > limit) break;
    bytes += cost;
    at += width;
  }
  return { units: at, bytes };
}

/** Bytes of a number as JSON. */
export function measureJsonNumber(value: number): number {
  return value >= 0 && value < 10 && Number.isInteger(value) ? 1 : String(value).length;
}

/** The characters with a two-letter escape: \b \t \n \f \r. */
function shortEscape(unit: number): boolean {
  return unit >= 8 && unit <= 13 && unit !== 11;
}
