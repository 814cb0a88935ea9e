/** JSON objects: telling them from other JSON, and reading their own members. */

import type { JsonObject, JsonValue } from "../records/json.ts";

/** Whether a value is an object, and not null or an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member the object has itself. */
export function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
