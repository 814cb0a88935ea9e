/** Making arguments fit a schema where only their form is wrong. */

import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";
import { isJsonObject } from "../../kit/json_object.ts";

/** The arguments with the members of wrong form mended; undefined when there is nothing to mend. */
export function coerceArguments(args: JsonObject, schema: JsonSchema): JsonObject | undefined {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const mended: Record<string, JsonValue> = Object.create(null);
  let changed = false;
  for (const [given, value] of Object.entries(args)) {
    const name = Object.hasOwn(properties, given) ? given : renamed(given, args, properties);
    const wanted = name === undefined ? undefined : properties[name];
    const fitted = isJsonObject(wanted) ? coerce(value, wanted) : value;
    changed ||= fitted !== value || name !== undefined && name !== given;
    if (
      fitted === null && value === null && name !== undefined && !isRequired(schema, name) && !allows(wanted, "null")
    ) {
      // Models write null for what they leave out.
      changed = true;
      continue;
    }
    mended[name ?? given] = fitted;
  }
  return changed ? mended : undefined;
}

/** The property a name means when it is only spelled in another fashion: `filePath` for `file_path`. */
function renamed(given: string, args: JsonObject, properties: JsonObject): string | undefined {
  const plain = plainName(given);
  const meant = Object.keys(properties).filter((name) => plainName(name) === plain && !Object.hasOwn(args, name));
  return meant.length === 1 ? meant[0] : undefined;
}

function plainName(name: string): string {
  return name.replaceAll(/[_\-\s]/g, "").toLowerCase();
}

function coerce(value: JsonValue, schema: JsonObject): JsonValue {
  if (typeof value === "string") {
    if (allows(schema, "string")) return value;
    const text = value.trim();
    if ((allows(schema, "number") || allows(schema, "integer")) && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) {
      return Number(text);
    }
    if (allows(schema, "boolean") && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
    if (/^[[{]/.test(text)) {
      const parsed = parse(text);
      if (Array.isArray(parsed) && allows(schema, "array")) return parsed;
      if (isJsonObject(parsed) && allows(schema, "object")) return parsed;
    }
  } else if ((typeof value === "number" || typeof value === "boolean") && allowsOnly(schema, "string")) {
    return String(value);
  }
  if (!Array.isArray(value) && value !== null && allowsOnly(schema, "array")) return [value];
  return value;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typesOf(schema: JsonValue | undefined): readonly JsonValue[] {
  if (!isJsonObject(schema) || schema.type === undefined) return [];
  return Array.isArray(schema.type) ? schema.type : [schema.type];
}

function allows(schema: JsonValue | undefined, type: string): boolean {
  return typesOf(schema).includes(type);
}

function allowsOnly(schema: JsonObject, type: string): boolean {
  const types = typesOf(schema);
  return types.length === 1 && types[0] === type;
}

function isRequired(schema: JsonSchema, name: string): boolean {
  return Array.isArray(schema.required) && schema.required.includes(name);
}
