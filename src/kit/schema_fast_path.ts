/**
 * A tiny check that can only say "certainly valid".
 *
 * It covers the keywords most tools use. Whatever it does not know it does not judge: the validator library decides
 * then. It exists because the library costs more than the rest of a tool call together.
 */

import type { JsonSchema, JsonValue } from "../records/json.ts";
import { isSchemaObject } from "./object_schema.ts";

/** True means valid; false means unknown. */
export type SureCheck = (value: JsonValue) => boolean;

/** Keywords that do not decide anything. `$defs` matters only to a `$ref`, which is never judged here. */
const IGNORED: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$schema",
  "$comment",
  "$defs",
  "definitions",
]);

const TYPES: ReadonlyMap<JsonValue, SureCheck> = new Map<JsonValue, SureCheck>([
  ["string", (value) => typeof value === "string"],
  ["number", (value) => typeof value === "number"],
  ["integer", (value) => Number.isInteger(value)],
  ["boolean", (value) => typeof value === "boolean"],
  ["null", (value) => value === null],
  ["array", (value) => Array.isArray(value)],
  ["object", isSchemaObject],
]);

/**
 * The sure check of a schema, or undefined when it could never say yes.
 *
 * A part it does not know only matters to values that have that part.
 */
export function compileSureCheck(schema: JsonSchema): SureCheck | undefined {
  return compile(schema);
}

function compile(schema: JsonValue): SureCheck | undefined {
  if (schema === true) return () => true;
  if (!isSchemaObject(schema)) return undefined;
  const checks: SureCheck[] = [];
  for (const [keyword, argument] of Object.entries(schema)) {
    if (IGNORED.has(keyword)) continue;
    const check = compileKeyword(keyword, argument, schema);
    if (check === undefined) return undefined;
    checks.push(check);
  }
  const [first, second] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (checks.length === 2) return (value) => first(value) && second(value);
  return (value) => {
    for (const check of checks) if (!check(value)) return false;
    return true;
  };
}

function compileKeyword(keyword: string, argument: JsonValue, schema: JsonSchema): SureCheck | undefined {
  switch (keyword) {
    case "type":
      return Array.isArray(argument) ? anyOf(argument.map((type) => TYPES.get(type))) : TYPES.get(argument);
    case "const":
      return isScalar(argument) ? (value) => value === argument : undefined;
    case "enum":
      return isScalars(argument) ? (value) => isScalar(value) && argument.includes(value) : undefined;
    case "anyOf":
      return Array.isArray(argument) ? anyOf(argument.map(compile)) : undefined;
    case "required":
      return Array.isArray(argument) ? requires(argument) : undefined;
    case "properties":
      return isSchemaObject(argument) ? members(argument, schema["additionalProperties"] ?? true) : undefined;
    case "additionalProperties":
      return isSchemaObject(schema["properties"]) ? () => true : members({}, argument);
    case "items":
      return items(argument);
    case "minItems":
      return number(argument, (value, limit) => !Array.isArray(value) || value.length >= limit);
    case "maxItems":
      return number(argument, (value, limit) => !Array.isArray(value) || value.length <= limit);
    case "minimum":
      return number(argument, (value, limit) => typeof value !== "number" || value >= limit);
    case "maximum":
      return number(argument, (value, limit) => typeof value !== "number" || value <= limit);
    case "exclusiveMinimum":
      return number(argument, (value, limit) => typeof value !== "number" || value > limit);
    case "exclusiveMaximum":
      return number(argument, (value, limit) => typeof value !== "number" || value < limit);
    case "minLength":
      // The schema counts code points: at least half as many as UTF-16 units.
      return number(
        argument,
        (value, limit) => typeof value !== "string" || value.length >= limit * 2 || count(value) >= limit,
      );
    case "maxLength":
      return number(argument, (value, limit) => typeof value !== "string" || value.length <= limit);
    default:
      return undefined;
  }
}

/** Checks that are not known cannot say yes; the others may. */
function anyOf(checks: readonly (SureCheck | undefined)[]): SureCheck | undefined {
  const known = checks.filter((check) => check !== undefined);
  return known.length === 0 ? undefined : (value) => known.some((check) => check(value));
}

function requires(names: readonly JsonValue[]): SureCheck | undefined {
  const keys = names.filter((name) => typeof name === "string");
  if (keys.length !== names.length) return undefined;
  return (value) => {
    if (!isSchemaObject(value)) return true;
    for (const key of keys) if (!Object.hasOwn(value, key)) return false;
    return true;
  };
}

function members(properties: JsonSchema, additional: JsonValue): SureCheck {
  const known = new Map<string, SureCheck>();
  for (const [key, schema] of Object.entries(properties)) known.set(key, compile(schema) ?? never);
  const rest = additional === true ? undefined : compile(additional) ?? never;
  return (value) => {
    if (!isSchemaObject(value)) return true;
    for (const key of Object.keys(value)) {
      const check = known.get(key) ?? rest;
      const member = value[key];
      if (check !== undefined && (member === undefined || !check(member))) return false;
    }
    return true;
  };
}

function items(schema: JsonValue): SureCheck | undefined {
  if (Array.isArray(schema)) return undefined;
  const check = compile(schema) ?? never;
  return (value) => !Array.isArray(value) || value.every((item: JsonValue) => check(item));
}

function number(limit: JsonValue, check: (value: JsonValue, limit: number) => boolean): SureCheck | undefined {
  return typeof limit === "number" ? (value) => check(value, limit) : undefined;
}

function count(text: string): number {
  let points = 0;
  for (const _ of text) points++;
  return points;
}

function isScalar(value: JsonValue): value is string | number | boolean | null {
  return typeof value !== "object" || value === null;
}

function isScalars(value: JsonValue): value is (string | number | boolean | null)[] {
  return Array.isArray(value) && value.every(isScalar);
}

function never(): boolean {
  return false;
}
