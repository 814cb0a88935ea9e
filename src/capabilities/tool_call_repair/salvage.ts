/** Reading almost-JSON: what models write when they mean one JSON object. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import { parseArgumentsText } from "../../kit/parse_arguments.ts";

const WORDS: Readonly<Record<string, string>> = {
  True: "true",
  False: "false",
  None: "null",
  undefined: "null",
  true: "true",
  false: "false",
  null: "null",
};

const CONTROL: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The object a text means, or undefined when that would be a guess.
 *
 * Mended: fences and words around the object, single quotes, commas too many, raw line breaks in strings, Python's
 * words, names without quotes, missing brackets at the end, and an object written as a JSON string. Never mended: a
 * string without an end, because nobody knows what was cut off.
 */
export function salvageObject(text: string): JsonObject | undefined {
  const unwrapped = unwrapString(text);
  const start = unwrapped.indexOf("{");
  if (start < 0) return undefined;
  const written = rewrite(unwrapped, start);
  if (written === undefined) return undefined;
  const parsed = parseArgumentsText(written);
  return parsed.ok ? parsed.value : undefined;
}

function unwrapString(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  try {
    const inner: JsonValue = JSON.parse(trimmed);
    return typeof inner === "string" ? inner : trimmed;
  } catch {
    return trimmed;
  }
}

/** Strict JSON of the object that begins at a place; reads each character once. */
function rewrite(text: string, start: number): string | undefined {
  const open: string[] = [];
  const out: string[] = [];
  /** Commas and white space since the last piece: before a bracket that closes, the last comma is one too many. */
  let gap = "";
  let i = start;
  const put = (json: string): void => {
    if (gap !== "") out.push(gap);
    out.push(json);
    gap = "";
  };
  while (i < text.length) {
    const character = text[i] ?? "";
    if (character === "," || character.trim() === "") {
      gap += character;
      i++;
    } else if (character === '"' || character === "'") {
      const string = readString(text, i);
      if (string === undefined) return undefined;
      put(string.json);
      i = string.end;
    } else if (character === "{" || character === "[") {
      open.push(character === "{" ? "}" : "]");
      put(character);
      i++;
    } else if (character === "}" || character === "]") {
      if (open.pop() !== character) return undefined;
      gap = withoutComma(gap);
      put(character);
      i++;
      if (open.length === 0) return out.join("");
    } else if (/[A-Za-z_$]/.test(character)) {
      const end = endOf(text, i, /[\w$]/);
      const word = text.slice(i, end);
      // A name before a colon wants quotes; any other word has to be one that JSON or Python knows.
      const json = text.slice(end, end + 20).trimStart().startsWith(":")
        ? JSON.stringify(word)
        : Object.hasOwn(WORDS, word)
        ? WORDS[word]
        : undefined;
      if (json === undefined) return undefined;
      put(json);
      i = end;
    } else {
      put(character);
      i++;
    }
  }
  // Only brackets are missing: nothing that was said is lost. A value or name that never came would be.
  const rest = withoutComma(gap);
  return out.at(-1) === ":" && rest === "" ? undefined : out.join("") + rest + open.reverse().join("");
}

function endOf(text: string, from: number, allowed: RegExp): number {
  let end = from;
  while (end < text.length && allowed.test(text[end] ?? "")) end++;
  return end;
}

function withoutComma(json: string): string {
  const trimmed = json.trimEnd();
  return trimmed.endsWith(",") ? trimmed.slice(0, -1) : trimmed;
}

/** The string that begins at a place, as JSON; undefined when it has no end. */
function readString(text: string, start: number): { readonly json: string; readonly end: number } | undefined {
  const quote = text[start];
  let json = '"';
  for (let i = start + 1; i < text.length; i++) {
    const character = text[i] ?? "";
    if (character === quote) return { json: `${json}"`, end: i + 1 };
    if (character === "\\") {
      const next = text[++i] ?? "";
      // JSON knows no escaped single quote.
      json += next === "'" ? "'" : `\\${next}`;
    } else if (character === '"') json += '\\"';
    else json += CONTROL[character] ?? character;
  }
  return undefined;
}
