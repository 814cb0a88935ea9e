/** Tools as TypeScript signatures, which models read more easily than JSON Schema, in a fraction of the length. */

import type { JsonSchema, JsonValue } from "../records/json.ts";
import type { ToolDefinition } from "../records/tool.ts";

/** Deepest nesting that is spelled out. */
const MAX_DEPTH = 4;
/** Most characters of a description. */
const MAX_DESCRIPTION = 400;
/** Most characters of all signatures together. */
const MAX_ALL = 24_000;

/** One line each; what does not fit is named without its parameters. */
export function describeTools(tools: readonly ToolDefinition[]): string {
  const lines: string[] = [];
  let length = 0;
  for (const { name, description, parameters } of tools) {
    const words = description.replace(/\s+/g, " ").trim();
    const about = words.length <= MAX_DESCRIPTION ? words : `${words.slice(0, MAX_DESCRIPTION)}…`;
    const full = `tools${access(name)}(args: ${typeOf(parameters, 0)}): Promise<unknown> // ${about}`;
    const line = length + full.length <= MAX_ALL ? full : `tools${access(name)}(args: object): Promise<unknown>`;
    length += line.length + 1;
    lines.push(line);
  }
  return lines.join("\n");
}

function access(name: string): string {
  return isIdentifier(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function typeOf(schema: JsonValue | undefined, depth: number): string {
  if (!isObject(schema)) return "unknown";
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  for (const key of ["anyOf", "oneOf"]) {
    const branches = schema[key];
    if (Array.isArray(branches)) return branches.map((branch) => typeOf(branch, depth + 1)).join(" | ");
  }
  const type = schema["type"];
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, depth)).join(" | ");
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return depth >= MAX_DEPTH ? "unknown[]" : `Array<${typeOf(schema["items"], depth + 1)}>`;
    case "object":
      return depth >= MAX_DEPTH ? "object" : objectType(schema, depth);
    default:
      return "unknown";
  }
}

function objectType(schema: JsonSchema, depth: number): string {
  const properties = schema["properties"];
  if (!isObject(properties) || Object.keys(properties).length === 0) return "object";
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const members = Object.entries(properties).map(([name, member]) => {
    const key = isIdentifier(name) ? name : JSON.stringify(name);
    return `${key}${required.includes(name) ? "" : "?"}: ${typeOf(member, depth + 1)}`;
  });
  return `{ ${members.join("; ")} }`;
}

function isObject(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
