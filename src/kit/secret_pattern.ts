/** Expressions that find a secret however it is spelled. */

/** Longer values are looked for in pieces of so many characters: the expression of one long text would be too large. */
const PIECE = 256;
/** Most pieces of a value; what is behind them is not looked for. */
const MAX_PIECES = 128;
/** Backslashes before a character: JSON in JSON in JSON has so many. */
const ESCAPES = String.raw`\\{0,7}`;
/** An entity of HTML; which one does not matter. */
const ENTITY = "&(?:#x?[0-9a-fA-F]{1,6}|[a-z]{2,6});";
/** How control characters are written in JSON. */
const CONTROLS: ReadonlyMap<string, string> = new Map([["\n", "n"], ["\r", "r"], ["\t", "t"]]);

/**
 * Finds a value as it is, escaped for JSON, URLs or HTML wholly or in part, in hexadecimal digits, and inside the base64
 * of any text that has it; one expression for each piece of it.
 *
 * No text makes them slow: there is one way to read each spelling.
 */
export function secretPatterns(value: string): readonly RegExp[] {
  return piecesOf(value).map((piece) => {
    const bytes = new TextEncoder().encode(piece);
    const spellings = [escaped(piece), hexadecimal(bytes), ...[0, 1, 2].map((at) => base64(bytes, at))];
    return new RegExp(spellings.join("|"), "g");
  });
}

/** Pieces of about one length, none of them so short that it occurs by chance. */
function piecesOf(value: string): readonly string[] {
  const characters = [...value.toWellFormed()].slice(0, PIECE * MAX_PIECES);
  const length = Math.ceil(characters.length / Math.ceil(characters.length / PIECE));
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += length) pieces.push(characters.slice(at, at + length).join(""));
  return pieces;
}

/** The text, each of its characters escaped or not. */
function escaped(text: string): string {
  const tokens = text.match(/\\+|[^\\]/gu) ?? [];
  return tokens.map((token, place) => {
    if (/[A-Za-z0-9]/.test(token)) return token;
    if (token.startsWith("\\")) return backslashes(token.length);
    // Backslashes that escape this character were read with those before it.
    return special(token, tokens[place - 1]?.startsWith("\\") === true ? "" : ESCAPES);
  }).join("");
}

function backslashes(count: number): string {
  return `(?:\\\\|${percent("\\")}|${ENTITY}){${count},${8 * count + 7}}`;
}

function special(character: string, escapes: string): string {
  const units = Array.from({ length: character.length }, (_, place) => character.charCodeAt(place));
  const unicode = units.map((unit) => `${ESCAPES}u${hexadecimal(new Uint8Array([unit >> 8, unit & 255]))}`).join("");
  const control = CONTROLS.get(character);
  const ways = [`${escapes}${literal(character)}`, unicode, percent(character), ENTITY];
  if (control !== undefined) ways.push(`${ESCAPES}${control}`);
  // A form has a plus where a URL has %20.
  if (character === " ") ways.push("\\+");
  return `(?:${ways.join("|")})`;
}

/** A character as URLs have it, also inside other URLs. */
function percent(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => {
    return `%(?:25){0,2}${hexadecimal(new Uint8Array([byte]))}`;
  }).join("");
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function hexadecimal(bytes: Uint8Array): string {
  return bytes.toHex().replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** What stays the same in the base64 of whatever has these bytes at a place of this remainder modulo 3. */
function base64(bytes: Uint8Array, remainder: number): string {
  const placed = new Uint8Array(remainder + bytes.length);
  placed.set(bytes, remainder);
  const digits = placed.toBase64({ omitPadding: true });
  const whole = Math.floor(placed.length * 8 / 6);
  // The first digits have bits of what is before the bytes, the last one of what is behind them.
  const known = digits.slice([0, 2, 3][remainder], whole)
    .replace(/[+/]/g, (digit) => digit === "+" ? `(?:[+-]|${percent("+")})` : `(?:${ESCAPES}/|_|${percent("/")})`);
  // Of a value that stands alone nothing is left behind.
  return remainder === 0 && whole < digits.length ? `${known}(?:${literal(digits.slice(whole))}={0,2})?` : known;
}
