/** Plain JSON as types. */

/** Anything JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  /** Any member. */
  readonly [key: string]: JsonValue;
}

/** A JSON Schema document (draft 2020-12 unless it says otherwise). */
export type JsonSchema = JsonObject;
