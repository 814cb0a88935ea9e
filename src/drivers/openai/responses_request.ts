/** Requests of the Responses API. */

import type { ImagePart, ReasoningPart, TextPart } from "../../records/content.ts";
import type { JsonObject } from "../../records/json.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { imageUrl, NO_IMAGE, TOOL_IMAGES_NOTE } from "../../kit/provider/content.ts";
import { formatted } from "./answer_format.ts";
import { argumentsText, laterInstructions, wireMetadata } from "./content.ts";
import type { Dialect } from "./dialect.ts";
import { jsonText, TextCache } from "../../kit/provider/json_text.ts";
import { effortFor, mayReason, temperatureFor } from "./models.ts";
import { transcriptText } from "../../kit/provider/transcript.ts";
import { parametersOf } from "../../kit/provider/tool_parameters.ts";
import { isHosted, type KeptItem, type Replay, type Replayed, replayed, replayOf, SEARCH_TOOL } from "./hosted.ts";
import { placeOf, wholeItem } from "./reasoning_items.ts";
import { PARTING } from "./responses_reply.ts";

const NOTHING: Replayed = { items: [], namespaces: new Map() };

/** Builds the bodies of one dialect; keep it, it remembers the text of every message it has seen. */
export class ResponsesRequests {
  readonly #dialect: Dialect;
  readonly #provider: string;
  readonly #tools = new TextCache<ToolDefinition>((tool) => jsonText(toolOf(tool)));
  readonly #deferred = new TextCache<ToolDefinition>((tool) => jsonText({ ...toolOf(tool), defer_loading: true }));
  readonly #plain = new TextCache<ModelMessage>((message) => this.#encode(message, NOTHING));
  readonly #withReasoning = new TextCache<ModelMessage>((message) =>
    this.#encode(message, { ...NOTHING, items: this.#own(message) })
  );
  readonly #hosted = new WeakMap<ModelMessage, { readonly key: string; readonly text: string }>();
  readonly #imageMessages = new TextCache<readonly ImagePart[]>((images) => jsonText(imageMessage(images)));

  /** Makes a builder for a dialect that replays the reasoning items of one provider. */
  constructor(dialect: Dialect, provider: string) {
    this.#dialect = dialect;
    this.#provider = provider;
  }

  /** The body of a request, with further members. */
  body(asked: ModelRequest, members: JsonObject = {}): string {
    const dialect = this.#dialect;
    const { request, schema } = formatted(asked, dialect.responsesFormat);
    const reasoning = dialect.encryptedReasoning && mayReason(request.model);
    const effort = effortFor(request.model, request.reasoningEffort, dialect.effortNone);
    const replay = replayOf(request, dialect);
    const verbosity = dialect.verbosity ? request.verbosity : undefined;
    // The whole transcript is sent every time and nothing is stored: `previous_response_id` needs stored responses,
    // which compatible servers do not have, which expire, and which a recovered or edited history may contradict.
    const settings = jsonText({
      model: request.model,
      instructions: request.systemPrompt === "" ? undefined : request.systemPrompt,
      max_output_tokens: request.maxTokens,
      temperature: temperatureFor(request.model, request.temperature),
      reasoning: effort === undefined
        ? undefined
        : { effort, summary: dialect.reasoningSummary && effort !== "none" ? "auto" : undefined },
      text: verbosity === undefined && schema === undefined ? undefined : {
        verbosity,
        format: schema === undefined ? undefined : { type: "json_schema", ...schema },
      },
      parallel_tool_calls: dialect.parallelToolCalls && request.tools.length > 0
        ? request.parallelToolCalls
        : undefined,
      service_tier: dialect.serviceTier ? request.speed : undefined,
      prompt_cache_key: dialect.promptCacheKey ? request.promptCacheKey?.slice(0, 64) : undefined,
      metadata: dialect.metadata ? wireMetadata(request.metadata) : undefined,
      context_management: replay.compactAt === undefined
        ? undefined
        : [{ type: "compaction", compact_threshold: replay.compactAt }],
      include: reasoning ? ["reasoning.encrypted_content"] : undefined,
      store: false,
      stream: true,
      ...members,
    });
    const definitions = request.tools.map((tool) =>
      (replay.tools !== undefined && tool.deferred ? this.#deferred : this.#tools).of(tool)
    );
    if (replay.tools !== undefined) definitions.push(SEARCH_TOOL);
    const tools = definitions.length === 0 ? "" : `,"tools":[${definitions.join(",")}]`;
    const texts = reasoning ? this.#withReasoning : this.#plain;
    const input = transcriptText(request.messages, {
      of: (message) => reasoning && isHosted(message) ? this.#hostedText(message, replay) : texts.of(message),
      imagesOf: (message) => this.#imagesOf(message),
    });
    return `${settings.slice(0, -1)}${tools},"input":[${input}]}`;
  }

  #imagesOf(message: ModelMessage): string {
    if (this.#dialect.toolResultImages || message.role !== "tool") return "";
    return message.images === undefined || message.images.length === 0 ? "" : this.#imageMessages.of(message.images);
  }

  /** A message with items of the API's own: what is sent of it depends on what the request asks for. */
  #hostedText(message: ModelMessage, replay: Replay): string {
    const known = this.#hosted.get(message);
    if (known?.key === replay.key) return known.text;
    const text = this.#encode(message, replayed(this.#own(message), replay));
    this.#hosted.set(message, { key: replay.key, text });
    return text;
  }

  #encode(message: ModelMessage, replayed: Replayed): string {
    const items = this.#itemsOf(message, replayed);
    return items.map((item) => jsonText(item)).join(",");
  }

  #itemsOf(message: ModelMessage, { items, namespaces }: Replayed): readonly object[] {
    switch (message.role) {
      case "system":
        return [laterInstructions(this.#dialect, message.content)];
      case "user":
        return [{ role: "user", content: message.content.length === 0 ? "" : message.content.map(inputPart) }];
      case "assistant":
        return this.#assistantItems(message, { items, namespaces });
      case "tool":
        return [{ type: "function_call_output", call_id: message.toolCallId, output: this.#output(message) }];
    }
  }

  /** Text and calls, and between them the items of the API's own where they stood. */
  #assistantItems(
    { content, phase, toolCalls }: Extract<ModelMessage, { role: "assistant" }>,
    { items, namespaces }: Replayed,
  ): readonly object[] {
    const calls = toolCalls.map((call, index) => ({
      type: "function_call",
      call_id: call.id,
      name: call.name,
      namespace: namespaces.get(index),
      arguments: argumentsText(call),
    }));
    const said: object[] = [];
    let at = { text: 0, calls: 0 };
    const goTo = (text: number, call: number): void => {
      const parted = at.text > 0 && content.startsWith(PARTING, at.text) ? PARTING.length : 0;
      const words = content.slice(at.text + parted, text);
      const isLast = text >= content.length;
      if (words !== "") {
        said.push({
          type: "message",
          role: "assistant",
          phase: !this.#dialect.phase ? undefined : isLast ? phase : "commentary",
          content: words,
        });
      }
      said.push(...calls.slice(at.calls, call));
      at = { text: Math.max(at.text, text), calls: Math.max(at.calls, call) };
    };
    for (const item of items) {
      const sent = this.#replay(item);
      const { place } = placeOf("sent" in item ? undefined : item.itemId);
      // A reasoning item without the item it led to is refused.
      if (sent.length === 0 || (place.text >= content.length && place.calls >= calls.length)) continue;
      if (place.text > at.text || place.calls > at.calls) goTo(place.text, place.calls);
      said.push(...sent);
    }
    goTo(content.length, calls.length);
    return said;
  }

  /** Only this driver's items. */
  #own(message: ModelMessage): readonly ReasoningPart[] {
    const items = message.role === "assistant" ? message.reasoning ?? [] : [];
    return items.filter(({ provider }) => provider === this.#provider);
  }

  /** Of reasoning only what is complete: without stored responses an id alone names nothing. */
  #replay(item: KeptItem): readonly object[] {
    if ("sent" in item) return [item.sent];
    if (item.encryptedContent === undefined) return [];
    return [
      (this.#dialect.wholeReasoningItems ? wholeItem(item.encryptedContent) : undefined) ?? {
        type: "reasoning",
        id: placeOf(item.itemId).id,
        summary: (item.summary ?? []).map((text) => ({ type: "summary_text", text })),
        encrypted_content: item.encryptedContent,
      },
    ];
  }

  #output(message: Extract<ModelMessage, { role: "tool" }>): string | readonly object[] {
    const images = message.images ?? [];
    if (images.length === 0 || !this.#dialect.toolResultImages) return message.content;
    const text = message.content === "" ? [] : [{ type: "input_text", text: message.content }];
    return [...text, ...images.map(inputPart)];
  }
}

function inputPart(part: TextPart | ImagePart): object {
  if (part.type === "text") return { type: "input_text", text: part.text };
  const url = imageUrl(part);
  // vLLM refuses an image without `detail`.
  return url === undefined
    ? { type: "input_text", text: NO_IMAGE }
    : { type: "input_image", image_url: url, detail: "auto" };
}

function imageMessage(images: readonly ImagePart[]): object {
  return { role: "user", content: [{ type: "input_text", text: TOOL_IMAGES_NOTE }, ...images.map(inputPart)] };
}

function toolOf(tool: ToolDefinition): object {
  return {
    type: "function",
    name: tool.name,
    description: tool.description,
    parameters: parametersOf(tool),
    // Strict is the default of this API, and strict mode refuses most schemas; the runtime checks arguments itself.
    strict: false,
  };
}
