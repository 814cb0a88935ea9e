/** Requests of Gemini's API. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { jsonText, TextCache } from "../../kit/provider/json_text.ts";
import { isStrictSchema, STRICT_KEYWORDS, type StrictRules } from "../../kit/provider/strict_schema.ts";
import { parametersOf } from "../../kit/provider/tool_parameters.ts";
import { instructed } from "../../kit/response_format.ts";
import { DEFAULT_MAX_TOKENS, isModern, thinkingConfig } from "./models.ts";
import type { RequestSettings } from "./options.ts";
import { imagesBeside, modelParts, resultPart, userParts } from "./parts.ts";

/** Keywords of an answer's schema the API documents. */
const SCHEMA_RULES: StrictRules = {
  keywords: new Set([
    ...STRICT_KEYWORDS.filter((keyword) => keyword !== "const"),
    ...["format", "minimum", "maximum", "minItems", "maxItems"],
  ]),
  allRequired: false,
  openObjects: true,
};

const MODEL = '{"role":"model"';

/** A message as parts, and parts that belong behind the whole batch of results. */
interface Texts {
  readonly parts: TextCache<ModelMessage>;
  readonly beside: TextCache<ModelMessage>;
}

/** Builds the bodies; keep it, it remembers the text of every message it has seen. */
export class GeminiRequests {
  readonly #tools = new TextCache<ToolDefinition>((tool) => jsonText(declarationOf(tool)));
  readonly #modern = textsOf(true);
  readonly #old = textsOf(false);

  /** The body of a request. */
  body(asked: ModelRequest, settings: RequestSettings): string {
    const schema = schemaOf(asked);
    const request = schema === undefined ? instructed(asked) : asked;
    const { model, systemPrompt, tools } = request;
    const generation: JsonObject = {
      maxOutputTokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(schema === undefined ? {} : { responseMimeType: "application/json", responseJsonSchema: schema }),
    };
    const thinking = thinkingConfig(model, request.reasoningEffort);
    const members = jsonText({
      ...settings.members,
      systemInstruction: settings.cached || systemPrompt === "" ? undefined : { parts: [{ text: systemPrompt }] },
      generationConfig: thinking === undefined ? generation : { ...generation, thinkingConfig: thinking },
    });
    const declared = settings.cached || tools.length === 0
      ? ""
      : `,"tools":[{"functionDeclarations":[${tools.map((tool) => this.#tools.of(tool)).join(",")}]}]`;
    const contents = contentsText(request.messages, isModern(model) ? this.#modern : this.#old);
    return `${members.slice(0, -1)}${declared},"contents":[${contents}]}`;
  }
}

function textsOf(modern: boolean): Texts {
  return {
    parts: new TextCache((message) => partsText(partsOf(message, modern))),
    beside: new TextCache((message) => message.role === "tool" ? partsText(imagesBeside(message, modern)) : ""),
  };
}

function partsOf(message: ModelMessage, modern: boolean): readonly object[] {
  switch (message.role) {
    case "system":
      return [{ text: `[System message]\n${message.content}` }];
    case "user":
      return userParts(message.content);
    case "assistant":
      return modelParts(message, modern);
    case "tool":
      return [resultPart(message, modern)];
  }
}

function partsText(parts: readonly object[]): string {
  return parts.map((part) => jsonText(part)).join(",");
}

/** The contents of a conversation; the results of one batch have to be one content. */
function contentsText(messages: readonly ModelMessage[], texts: Texts): string {
  const contents: string[] = [];
  let results: string[] = [];
  let beside: string[] = [];
  function closeBatch(): void {
    if (results.length > 0) contents.push(content("user", [...results, ...beside]));
    results = [];
    beside = [];
  }
  for (const message of messages) {
    const parts = texts.parts.of(message);
    if (message.role === "tool") {
      results.push(parts);
      const images = texts.beside.of(message);
      if (images !== "") beside.push(images);
      continue;
    }
    closeBatch();
    if (parts !== "") contents.push(content(message.role === "assistant" ? "model" : "user", [parts]));
  }
  closeBatch();
  // A call is accepted only after a turn of the user's.
  if (contents[0]?.startsWith(MODEL)) contents.unshift(content("user", ['{"text":"(The conversation begins.)"}']));
  return contents.join(",");
}

function content(role: "user" | "model", parts: readonly string[]): string {
  return `{"role":"${role}","parts":[${parts.join(",")}]}`;
}

/** The schema the API itself can hold the model to; undefined when there is none, or words have to do. */
function schemaOf({ responseFormat, model, tools }: ModelRequest): JsonObject | undefined {
  if (responseFormat === undefined) return undefined;
  // Before generation 3 a schema and tools in one request are refused.
  if (tools.length > 0 && !isModern(model)) return undefined;
  const { $schema: _dialect, ...schema } = responseFormat.schema;
  return isStrictSchema(schema, SCHEMA_RULES) ? plainReferences(schema) : undefined;
}

function declarationOf(tool: ToolDefinition): object {
  return { name: tool.name, description: tool.description, parametersJsonSchema: plainReferences(parametersOf(tool)) };
}

/** Beside a reference the API takes these alone, and refuses the whole request for another. */
const BESIDE_REFERENCE: ReadonlySet<string> = new Set(["$ref", "description", "default"]);

function plainReferences(schema: JsonObject): JsonObject;
function plainReferences(schema: JsonValue): JsonValue;
function plainReferences(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map((inner: JsonValue) => plainReferences(inner));
  if (!isJsonObject(schema)) return schema;
  const isReference = typeof schema["$ref"] === "string";
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => !isReference || BESIDE_REFERENCE.has(name))
      .map(([name, inner]) => [name, plainReferences(inner)]),
  );
}
