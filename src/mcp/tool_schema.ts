/** What a server says about a tool, made harmless: bounded, copied, frozen. */

import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import { copyForeign } from "../kit/parse_arguments.ts";

/** Longest description the model is shown, in characters. */
const MAX_DESCRIPTION = 16 * 1024;
/** Controls but tab and line feed, bidirectional overrides, zero width, invisible tags and variation selectors. */
const HIDDEN = /[^\P{Cc}\t\n]|[\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e0fff}]/gu;
/** Largest schema, as characters of JSON. */
const MAX_SCHEMA = 256 * 1024;

/**
 * The schema of a tool's arguments as the model is shown it: its descriptions without what people cannot see.
 *
 * Its patterns and references are neither compiled nor followed.
 *
 * @throws {TypeError} when it is no object schema, too large, or nested too deep
 */
export function toParameters(schema: unknown): JsonSchema {
  const copy = copyBounded(schema);
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) throw new TypeError("its schema is no object");
  const object = copy as JsonObject;
  const type = Object.hasOwn(object, "type") ? object["type"] : undefined;
  if (type !== undefined && type !== "object") throw new TypeError("its schema does not describe an object");
  return freeze(visible(type === undefined ? { type: "object", ...object } : { ...object }));
}

/**
 * A copy of foreign JSON on objects without a prototype.
 *
 * @throws {TypeError} when it is not JSON or has more than 256 KiB
 */
export function copyBounded(value: unknown): JsonValue {
  const text = JSON.stringify(value ?? null);
  if (text.length > MAX_SCHEMA) throw new TypeError(`it takes more than ${MAX_SCHEMA} characters`);
  return copyForeign(JSON.parse(text));
}

/** A description without characters that people cannot see but models can, cut to 16 KiB. */
export function visibleText(text: string): string {
  const visible = text.slice(0, 2 * MAX_DESCRIPTION).replace(HIDDEN, "");
  return visible.length > MAX_DESCRIPTION ? `${visible.slice(0, MAX_DESCRIPTION)}…` : visible;
}

/** Cleans the words for the model in a schema; what the server compares arguments with stays as it is. */
function visible<T extends JsonValue>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const members = value as Record<string, JsonValue>;
  for (const [name, member] of Object.entries(members)) {
    const isWords = typeof member === "string" && (name === "description" || name === "title");
    members[name] = isWords ? visibleText(member) : visible(member);
  }
  return value;
}

function freeze<T extends JsonValue>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
