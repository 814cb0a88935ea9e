/** Telling JSON objects from other JSON. */

import type { JsonObject, JsonValue } from "../records/json.ts";

/** Whether a value is an object, and not null or an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
