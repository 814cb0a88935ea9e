/** The arguments of a tool call as a model, a driver or a server sent them: parsed, bounded and made harmless. */

import type { JsonObject, JsonValue } from "../records/json.ts";

/** What parsing came to. */
export type ParsedJson =
  | {
    /** It is one JSON object within the limits. */
    readonly ok: true;
    /** The object, copied to null prototypes. */
    readonly value: JsonObject;
  }
  | {
    /** It is something else. */
    readonly ok: false;
    /** What is wrong, for the model. */
    readonly message: string;
  };

/** Most characters of an arguments text. */
export const MAX_ARGUMENTS_LENGTH: number = 1024 * 1024;

/** Deepest nesting of foreign JSON. */
export const MAX_JSON_DEPTH = 200;

/**
 * Parses the arguments a model wrote as JSON text.
 *
 * Empty text means no arguments. Of a repeated member the last one counts, and numbers beyond 2^53 lose digits, as
 * in `JSON.parse`.
 */
export function parseArgumentsText(text: string): ParsedJson {
  if (text.length > MAX_ARGUMENTS_LENGTH) {
    return refuse(`they are ${text.length} characters long and at most ${MAX_ARGUMENTS_LENGTH} are accepted`);
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (text.trim() === "") return { ok: true, value: emptyObject() };
    return refuse(`they are not valid JSON (${error instanceof Error ? error.message : "unreadable"})`);
  }
  return parseArgumentsValue(value);
}

/**
 * Does the same for arguments that are a value already; a string is taken as JSON text.
 *
 * Use it where arguments come as `JsonValue`, for example from a driver's `tool_call` event.
 */
export function parseArguments(input: JsonValue): ParsedJson {
  return typeof input === "string" ? parseArgumentsText(input) : parseArgumentsValue(input);
}

/**
 * Copies foreign JSON to objects without a prototype.
 *
 * Members that could reach a shared prototype through a careless merge are left out: `__proto__`, and a
 * `constructor` that is an object with a `prototype`.
 *
 * @throws {RangeError} when it is nested deeper than {@linkcode MAX_JSON_DEPTH}
 */
export function copyForeign(value: JsonValue): JsonValue {
  return copy(value, 0);
}

function parseArgumentsValue(value: JsonValue): ParsedJson {
  if (!isObject(value)) return refuse(`they are ${kindOf(value)}`);
  try {
    return { ok: true, value: copyObject(value, 0) };
  } catch (error) {
    if (error instanceof RangeError) return refuse(`they are nested deeper than ${MAX_JSON_DEPTH} levels`);
    throw error;
  }
}

function refuse(problem: string): ParsedJson {
  return { ok: false, message: `The arguments cannot be used: ${problem}. Send one JSON object.` };
}

function copy(value: JsonValue, depth: number): JsonValue {
  if (typeof value !== "object" || value === null) return isScalar(value) ? value : null;
  if (isObject(value)) return copyObject(value, depth);
  if (depth >= MAX_JSON_DEPTH) throw tooDeep();
  const items: JsonValue[] = [];
  for (let index = 0; index < value.length; index++) items.push(copy(value[index] ?? null, depth + 1));
  return items;
}

function copyObject(value: JsonObject, depth: number): JsonObject {
  // The walk may recurse because this bounds it.
  if (depth >= MAX_JSON_DEPTH) throw tooDeep();
  const object = emptyObject();
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined || typeof member === "function" || key === "__proto__") continue;
    if (key === "constructor" && isObject(member) && Object.hasOwn(member, "prototype")) continue;
    object[key] = copy(member, depth + 1);
  }
  return object;
}

/** Whether it is what JSON can hold; a driver's own object may hold anything. */
function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function emptyObject(): Record<string, JsonValue> {
  return Object.create(null);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? "a string" : `a ${typeof value}`;
}

function tooDeep(): RangeError {
  return new RangeError(`Cannot copy foreign JSON: it is nested deeper than ${MAX_JSON_DEPTH} levels`);
}
