/** Requests of the Chat Completions API. */

import type { ImagePart, TextPart } from "../../records/content.ts";
import type { CallId } from "../../records/ids.ts";
import type { JsonObject } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { imageUrl, NO_IMAGE, TOOL_IMAGES_NOTE } from "../../kit/provider/content.ts";
import { formatted } from "./answer_format.ts";
import { argumentsText, laterInstructions } from "./content.ts";
import type { Dialect } from "./dialect.ts";
import { jsonText, TextCache } from "../../kit/provider/json_text.ts";
import { effortFor, reasonsWithoutToolsOnly, temperatureFor } from "./models.ts";
import { transcriptText } from "../../kit/provider/transcript.ts";
import { parametersOf } from "../../kit/provider/tool_parameters.ts";
import { detailsToSend } from "./reasoning_details.ts";
import { hasReasoningText } from "./reasoning_text.ts";

/** Builds the bodies of one dialect; keep it, it remembers the text of every message it has seen. */
export class CompletionsRequests {
  readonly #dialect: Dialect;
  readonly #provider: string;
  readonly #tools = new TextCache<ToolDefinition>((tool) => jsonText(toolOf(tool)));
  readonly #texts = new TextCache<ModelMessage>((message) => this.#encode(message));
  readonly #marked = new TextCache<ModelMessage>((message) => this.#encode(message, { marked: true }));
  readonly #thought = new TextCache<ModelMessage>((message) => this.#encode(message, { thought: true }));
  readonly #imageMessages = new TextCache<readonly ImagePart[]>((images) => jsonText(imageMessage(images)));

  /** Makes a builder for a dialect that replays the reasoning of one provider. */
  constructor(dialect: Dialect, provider: string) {
    this.#dialect = dialect;
    this.#provider = provider;
  }

  /** The body of a request, with further members. */
  body(whole: ModelRequest, members: JsonObject = {}): string {
    const dialect = this.#dialect;
    const { request, schema } = formatted(whole, dialect.chatFormat);
    const asked = effortFor(request.model, request.reasoningEffort, dialect.effortNone);
    const unasked = dialect.name === "openai" && request.tools.length > 0 && reasonsWithoutToolsOnly(request.model);
    const effort = asked ?? (unasked ? "none" : undefined);
    // No metadata: OpenAI takes it here only together with `store: true`, and nothing is to be stored.
    const settings = jsonText({
      model: request.model,
      [dialect.maxTokensField]: request.maxTokens,
      temperature: temperatureFor(request.model, request.temperature),
      reasoning_effort: dialect.reasoningObject ? undefined : effort,
      reasoning: dialect.reasoningObject && effort !== undefined ? { effort } : undefined,
      verbosity: dialect.verbosity ? request.verbosity : undefined,
      parallel_tool_calls: dialect.parallelToolCalls && request.tools.length > 0
        ? request.parallelToolCalls
        : undefined,
      service_tier: dialect.serviceTier ? request.speed : undefined,
      prompt_cache_key: dialect.promptCacheKey ? request.promptCacheKey?.slice(0, 64) : undefined,
      response_format: schema === undefined ? undefined : { type: "json_schema", json_schema: schema },
      stream: true,
      stream_options: dialect.usageOption ? { include_usage: true } : undefined,
      ...members,
    });
    const tools = request.tools.length === 0
      ? ""
      : `,"tools":[${request.tools.map((tool) => this.#tools.of(tool)).join(",")}]`;
    const marks = dialect.cacheMarks && waitsForCacheMarks(request.model);
    const system = request.systemPrompt === "" ? "" : jsonText({
      role: dialect.instructionRole,
      content: marks ? markedText(request.systemPrompt) : request.systemPrompt,
    });
    // The newest question, and the newest of the results that came since: a turn may be long.
    const question = marks ? request.messages.findLastIndex(({ role }) => role === "user") : -1;
    const marked = new Set<unknown>([request.messages[question]]);
    if (marks) marked.add(request.messages.slice(question + 1).findLast(({ role }) => role === "tool"));
    const messages = transcriptText(request.messages, {
      of: (message) => {
        if (marked.has(message)) return this.#marked.of(message);
        const thought = hasReasoningText(message, this.#provider, request.model);
        return (thought ? this.#thought : this.#texts).of(message);
      },
      imagesOf: (message) => this.#imagesOf(message),
      bridge: dialect.mistralRules ? BRIDGE : undefined,
    });
    const comma = system !== "" && messages !== "" ? "," : "";
    return `${settings.slice(0, -1)}${tools},"messages":[${system}${comma}${messages}]}`;
  }

  /** Tool messages hold text only. */
  #imagesOf(message: ModelMessage): string {
    if (message.role !== "tool" || message.images === undefined || message.images.length === 0) return "";
    return this.#imageMessages.of(message.images);
  }

  #idOf(id: CallId): string {
    return this.#dialect.mistralRules ? shortId(id) : id;
  }

  #encode(message: ModelMessage, { marked = false, thought = false } = {}): string {
    switch (message.role) {
      case "system":
        return jsonText(laterInstructions(this.#dialect, message.content));
      case "user":
        return jsonText({ role: "user", content: userContent(message.content, marked) });
      case "assistant":
        // An empty turn carries nothing, and several servers refuse it.
        if (message.content === "" && message.toolCalls.length === 0) return "";
        return jsonText({
          role: "assistant",
          content: message.content === "" ? null : message.content,
          reasoning_content: thought ? message.thinking ?? "" : undefined,
          reasoning_details: this.#dialect.reasoningDetails ? detailsToSend(message, this.#provider) : undefined,
          tool_calls: message.toolCalls.length === 0 ? undefined : message.toolCalls.map((call) => ({
            id: this.#idOf(call.id),
            type: "function",
            function: { name: call.name, arguments: argumentsText(call) },
          })),
        });
      case "tool":
        return jsonText({
          role: "tool",
          tool_call_id: this.#idOf(message.toolCallId),
          content: message.content,
          ...(marked ? CACHE_MARK : {}),
        });
    }
  }
}

/** The model's word between results of tools and the user. */
const BRIDGE = '{"role":"assistant","content":"I see."}';

/** Nine letters and digits of an id: its end, which is random. */
function shortId(id: CallId): string {
  return id.replace(/[^a-zA-Z0-9]/g, "").slice(-9).padStart(9, "0");
}

/** Up to here the request is to be cached. */
const CACHE_MARK = { cache_control: { type: "ephemeral" } } as const;

/**
 * Whether a model's prompts are cached only where they are marked.
 *
 * Marks are parts of a content: one for the whole request is refused with 404 by most of those who serve the model.
 */
function waitsForCacheMarks(model: string): boolean {
  return model.startsWith("anthropic/");
}

function markedText(text: string): readonly object[] {
  return [{ type: "text", text, ...CACHE_MARK }];
}

/** A plain string where possible: small servers know nothing else. */
function userContent(parts: readonly (TextPart | ImagePart)[], marked: boolean): string | readonly object[] {
  const [first] = parts;
  if (first === undefined) return "";
  if (marked) {
    const last = parts.findLastIndex((part) => part.type === "text" && part.text !== "");
    return parts.map((part, index) => index === last ? { ...contentPart(part), ...CACHE_MARK } : contentPart(part));
  }
  return parts.length === 1 && first.type === "text" ? first.text : parts.map(contentPart);
}

function contentPart(part: TextPart | ImagePart): object {
  if (part.type === "text") return { type: "text", text: part.text };
  const url = imageUrl(part);
  return url === undefined ? { type: "text", text: NO_IMAGE } : { type: "image_url", image_url: { url } };
}

function imageMessage(images: readonly ImagePart[]): object {
  return { role: "user", content: [{ type: "text", text: TOOL_IMAGES_NOTE }, ...images.map(contentPart)] };
}

function toolOf(tool: ToolDefinition): object {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: parametersOf(tool) },
  };
}
