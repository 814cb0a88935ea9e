/** The parameters of a tool as every provider takes them. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import { isJsonObject } from "../json_object.ts";
import { listOf, textOf } from "./narrow.ts";

const CHOICES: readonly string[] = ["oneOf", "anyOf", "allOf"];
const REFUSED: ReadonlySet<string> = new Set([...CHOICES, "not", "enum", "const"]);
/** Most levels of choices inside of choices; also ends a schema that refers to itself. */
const MAX_DEPTH = 8;

/**
 * A tool's schema with the two members every server insists on, and without those some refuse at its top.
 *
 * OpenAI and Anthropic answer a request with 400 when one of its tools, such as one of an MCP server, has a choice at the
 * top of its schema. What all alternatives have is offered as one object then: the runtime checks arguments against the
 * schema itself.
 */
export function parametersOf({ parameters }: ToolDefinition): JsonObject {
  const whole: JsonObject = { type: "object", properties: {}, ...parameters };
  if (!Object.keys(whole).some((name) => REFUSED.has(name))) return whole;
  const found: Found = { root: parameters, properties: new Map(), required: new Set() };
  collect(parameters, found, true);
  const { required: _, ...rest } = Object.fromEntries(Object.entries(whole).filter(([name]) => !REFUSED.has(name)));
  return {
    ...rest,
    properties: Object.fromEntries([...found.properties].map(([name, forms]) => [name, either(forms)])),
    ...(found.required.size === 0 ? {} : { required: [...found.required] }),
  };
}

interface Found {
  readonly root: JsonObject;
  readonly properties: Map<string, JsonValue[]>;
  readonly required: Set<string>;
}

function collect(schema: JsonObject, found: Found, always: boolean, depth = 0): void {
  const { properties = {} } = schema;
  for (const [name, form] of isJsonObject(properties) ? Object.entries(properties) : []) {
    const forms = found.properties.get(name) ?? [];
    if (!forms.some((known) => JSON.stringify(known) === JSON.stringify(form))) forms.push(form);
    found.properties.set(name, forms);
  }
  if (always) { for (const name of listOf(schema["required"])) found.required.add(textOf(name)); }
  if (depth === MAX_DEPTH) return;
  for (const kind of CHOICES) {
    for (const alternative of listOf(schema[kind]).filter(isJsonObject)) {
      collect(resolved(alternative, found.root), found, always && kind === "allOf", depth + 1);
    }
  }
}

/** With what a reference to a definition of the schema itself stands for. */
function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  const [, place = "", name = ""] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(textOf(schema["$ref"])) ?? [];
  const definitions = root[place];
  const definition = isJsonObject(definitions) ? definitions[name] : undefined;
  return isJsonObject(definition) ? { ...definition, ...schema } : schema;
}

function either(forms: readonly JsonValue[]): JsonValue {
  const [first = {}] = forms;
  return forms.length === 1 ? first : { anyOf: forms };
}
