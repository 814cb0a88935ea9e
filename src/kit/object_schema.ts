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
 * `what` names the tool in messages. Providers accept only objects as parameters.
 *
 * @throws {TypeError} when it is not JSON, or describes something other than an object
 */
export function toObjectSchema(schema: unknown, what: string): JsonSchema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new TypeError(`Cannot define ${what}: \`parameters\` is not a schema object`);
  }
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(schema));
  } catch (cause) {
    throw new TypeError(`Cannot define ${what}: \`parameters\` cannot be written as JSON`, { cause });
  }
  if (!isSchemaObject(copy)) throw new TypeError(`Cannot define ${what}: \`parameters\` is not a schema object`);
  const type = Object.hasOwn(copy, "type") ? copy["type"] : undefined;
  if (type === undefined && (Object.hasOwn(copy, "properties") || Object.keys(copy).length === 0)) {
    return deepFreeze({ type: "object", ...copy });
  }
  if (type !== "object") {
    throw new TypeError(
      `Cannot define ${what}: \`parameters\` must describe an object (type "object"), not ${
        JSON.stringify(type) ?? "a choice"
      };` +
        ` put it into a property of an object`,
    );
  }
  return deepFreeze(copy);
}

/** Tells whether a parsed JSON value is an object. */
export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
