/** Answers of a form: checking what was asked for, asking for it in words, reading the answer. */

import type { JsonValue } from "../records/json.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { ModelRequest } from "../ports/driver.ts";
import { describeParameters, type ToolParameters } from "./define_tool.ts";

const NAME = /^[\w-]{1,64}$/;
const FENCED = /^```(?:json)?[ \t]*\r?\n([\s\S]*?)\r?\n?```$/i;

/**
 * A checked and frozen copy of a format.
 *
 * @throws {TypeError} when the name is not one a provider takes, or the schema does not describe an object
 */
export function toResponseFormat(format: ResponseFormat<ToolParameters>): ResponseFormat {
  const { name, schema }: { readonly name?: unknown; readonly schema?: ToolParameters } = format ?? {};
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError(
      "Cannot use the response format: `name` is not a text of 1 to 64 letters, digits, `_` and `-`",
    );
  }
  const what = `response format "${name}"`;
  if (schema === undefined) throw new TypeError(`Cannot define ${what}: \`schema\` is not a schema object`);
  return Object.freeze({ name, schema: describeParameters(schema, what, "schema") });
}

/** What a model is told where the provider does not take a schema. */
export function formatInstructions({ name, schema }: ResponseFormat): string {
  return `Your final answer must be one JSON object ("${name}") that is valid against this JSON Schema. ` +
    "Call tools first if you need them; then answer with the JSON alone: no other text, no code fence.\n" +
    JSON.stringify(schema);
}

/** The request with the format asked for in words, after everything a provider may have cached. */
export function instructed(request: ModelRequest): ModelRequest {
  const { responseFormat, ...rest } = request;
  if (responseFormat === undefined) return request;
  return { ...rest, messages: [...rest.messages, { role: "system", content: formatInstructions(responseFormat) }] };
}

/** The JSON of an answer, also when the model put it into a code fence; undefined when it is not JSON. */
export function parseAnswer(text: string): JsonValue | undefined {
  const trimmed = text.trim();
  try {
    return JSON.parse(FENCED.exec(trimmed)?.[1] ?? trimmed);
  } catch {
    return undefined;
  }
}
