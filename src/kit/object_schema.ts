/** JSON Schemas of tool parameters as they are offered to a model: checked, copied and frozen. */

import type { JsonSchema } from "../records/json.ts";

/** The schema of a tool without parameters. */
export const NO_PARAMETERS: JsonSchema = Object.freeze({
  type: "object",
  properties: Object.freeze({}),
  additionalProperties: false,
});

/**
 * A frozen plain copy of a JSON Schema that describes an object; a missing `type` is filled in.
 *
 * `what` names the tool in messages, `member` what holds the schema. Providers accept only objects.
 *
 * @throws {TypeError} when it is not JSON, or describes something other than an object
 */
export function toObjectSchema(schema: unknown, what: string, member = "parameters"): JsonSchema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new TypeError(`Cannot define ${what}: \`${member}\` is not a schema object`);
  }
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(schema));
  } catch (cause) {
    throw new TypeError(`Cannot define ${what}: \`${member}\` cannot be written as JSON`, { cause });
  }
  if (!isSchemaObject(copy)) throw new TypeError(`Cannot define ${what}: \`${member}\` is not a schema object`);
  const type = Object.hasOwn(copy, "type") ? copy["type"] : undefined;
  if (type === undefined && (Object.hasOwn(copy, "properties") || Object.keys(copy).length === 0)) {
    return seal({ type: "object", ...copy }, what);
  }
  if (type !== "object") {
    throw new TypeError(
      `Cannot define ${what}: \`${member}\` must describe an object (type "object"), not ${
        JSON.stringify(type) ?? "a choice"
      };` +
        ` put it into a property of an object`,
    );
  }
  return seal(copy, what);
}

/** Tells whether a parsed JSON value is an object. */
export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members that hold values, not schemas. */
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "examples"]);

/** Freezes a schema; what can be seen to be wrong without the validator is refused here. */
function seal<T>(value: T, what: string, isData = false): T {
  if (typeof value !== "object" || value === null) return value;
  for (const [key, member] of Object.entries(value)) {
    if (isData || DATA.has(key)) {
      seal(member, what, true);
      continue;
    }
    if (key === "$ref" && typeof member === "string" && member !== "#" && !member.startsWith("#/")) {
      throw new TypeError(`Cannot define ${what}: \`$ref\` "${member}" leads outside its schema`);
    }
    if (key === "pattern" && typeof member === "string" && !isPattern(member)) {
      throw new TypeError(`Cannot define ${what}: \`pattern\` "${member}" is not a regular expression`);
    }
    seal(member, what);
  }
  return Object.freeze(value);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u") !== undefined;
  } catch {
    return false;
  }
}
