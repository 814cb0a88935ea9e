/** Which schemas a provider can hold a model to while it writes. */

import type { JsonSchema } from "../../records/json.ts";
import { fieldsOf, isFields, listOf } from "./narrow.ts";

/** What a provider's constrained decoding understands. */
export interface StrictRules {
  /** Keywords it takes; one it does not know is an error to it. */
  readonly keywords: ReadonlySet<string>;
  /** Whether every property of an object has to be required. */
  readonly allRequired: boolean;
  /** Whether an object may leave open which other properties it has. @default {false} */
  readonly openObjects?: boolean;
}

/** Keywords every provider with constrained decoding takes. */
export const STRICT_KEYWORDS: readonly string[] = Object.freeze(
  ("type properties required additionalProperties items enum const anyOf title description $defs $ref").split(" "),
);

/** One of these says what a value may be. */
const DECISIVE: ReadonlySet<string> = new Set(["type", "enum", "const", "anyOf", "$ref"]);
/** Most levels of a schema that is looked into; providers refuse deeper ones too. */
const MAX_DEPTH = 10;

/**
 * Tells whether a schema keeps to the rules, everywhere in it.
 *
 * Conservative: a schema it refuses might be taken, but none it lets through should be answered with 400. A
 * definition that refers to another counts as against the rules, as it may be recursive.
 */
export function isStrictSchema(schema: JsonSchema, rules: StrictRules): boolean {
  return fits(schema, rules, { depth: 0, defining: false });
}

interface Place {
  readonly depth: number;
  /** Inside a definition, where a reference could lead back to it. */
  readonly defining: boolean;
}

function fits(schema: unknown, rules: StrictRules, { depth, defining }: Place): boolean {
  if (!isFields(schema) || depth > MAX_DEPTH) return false;
  const keywords = Object.keys(schema);
  if (!keywords.every((keyword) => rules.keywords.has(keyword))) return false;
  if (!keywords.some((keyword) => DECISIVE.has(keyword))) return false;
  const { properties = {}, items = [], anyOf = [], $defs = {}, $ref, type } = schema;
  if ($ref !== undefined && (defining || typeof $ref !== "string" || !$ref.startsWith("#/$defs/"))) return false;
  const isObject = type === "object" || listOf(type).includes("object") || schema["properties"] !== undefined;
  if (isObject && rules.openObjects !== true && schema["additionalProperties"] !== false) return false;
  const required = listOf(schema["required"]);
  if (rules.allRequired && !Object.keys(fieldsOf(properties)).every((name) => required.includes(name))) return false;
  const nested = [...Object.values(fieldsOf(properties)), ...[items].flat(), ...listOf(anyOf)];
  return nested.every((inner) => fits(inner, rules, { depth: depth + 1, defining })) &&
    Object.values(fieldsOf($defs)).every((inner) => fits(inner, rules, { depth, defining: true }));
}
