/** Requests of the Messages API. */

import type { ToolDefinition } from "../../records/tool.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { jsonText, TextCache } from "../../kit/provider/json_text.ts";
import { isStrictSchema, STRICT_KEYWORDS } from "../../kit/provider/strict_schema.ts";
import { parametersOf } from "../../kit/provider/tool_parameters.ts";
import { instructed } from "../../kit/response_format.ts";
import { contextManagement, replayOf, SEARCH_TOOL, searchesTools } from "./hosted.ts";
import { DEFAULT_MAX_TOKENS, profileOf, takesSchemas, takesTemperature } from "./models.ts";
import { thinkingSettings } from "./thinking.ts";
import { marked, TurnTexts } from "./turns.ts";

const RULES = { keywords: new Set(STRICT_KEYWORDS), allRequired: false };

/** Builds the bodies; keep it, it remembers the text of every message and tool it has seen. */
export class MessagesRequests {
  readonly #tools = new TextCache<ToolDefinition>((tool) => jsonText(toolOf(tool)));
  readonly #deferred = new TextCache<ToolDefinition>((tool) => jsonText({ ...toolOf(tool), defer_loading: true }));
  /** One for every model a host uses: thinking goes back to its own model only. */
  readonly #turns = new Map<string, TurnTexts>();

  /** The body of a request; `dropsBlocks` has the API leave out thinking that no longer fits what comes before it. */
  body(asked: ModelRequest, dropsBlocks = false): string {
    const native = takesFormat(asked);
    const request = native ? asked : instructed(asked);
    const maxTokens = maxTokensOf(request);
    const { thinking, effort } = thinkingSettings(request, maxTokens, dropsBlocks);
    const format = native && request.responseFormat !== undefined
      ? { type: "json_schema", schema: request.responseFormat.schema }
      : undefined;
    const settings = jsonText({
      model: request.model,
      max_tokens: maxTokens,
      temperature: thinking === undefined ? temperatureOf(request) : undefined,
      thinking,
      output_config: effort === undefined && format === undefined ? undefined : { effort, format },
      tool_choice: request.parallelToolCalls === false && request.tools.length > 0
        ? { type: "auto", disable_parallel_tool_use: true }
        : undefined,
      service_tier: request.speed === undefined ? undefined : SERVICE_TIERS[request.speed],
      context_management: contextManagement(request),
      // The only member the API takes.
      metadata: request.metadata["user_id"] === undefined ? undefined : { user_id: request.metadata["user_id"] },
      stream: true,
    });
    const begin = request.messages.findIndex((message) => message.role !== "system");
    const conversation = begin < 0 ? request.messages : request.messages.slice(begin);
    const system = systemBlocks(request, begin < 0 ? [] : request.messages.slice(0, begin));
    const tools = this.#toolsOf(request);
    // A mark covers everything before it, and the tools come before the system prompt.
    const prefix = system.length > 0 ? system : tools;
    const last = prefix.pop();
    if (last !== undefined) prefix.push(marked(last));
    return settings.slice(0, -1) + member("tools", tools) + member("system", system) +
      `,"messages":[${this.#turnsOf(request.model).of(conversation, replayOf(request))}]}`;
  }

  #toolsOf(request: ModelRequest): string[] {
    if (!searchesTools(request)) return request.tools.map((tool) => this.#tools.of(tool));
    const tools = request.tools.map((tool) => (tool.deferred ? this.#deferred : this.#tools).of(tool));
    // At the end, where the mark goes when there is no system prompt: a deferred tool with one is refused.
    return [...tools, jsonText(SEARCH_TOOL)];
  }

  #turnsOf(model: string): TurnTexts {
    let turns = this.#turns.get(model);
    if (turns === undefined) {
      turns = new TurnTexts();
      this.#turns.set(model, turns);
    }
    return turns;
  }
}

/** Most tokens of the reply: what is asked for, what the model can, or the default. */
export function maxTokensOf({ model, maxTokens }: ModelRequest): number {
  return maxTokens ?? profileOf(model)?.maxOutputTokens ?? DEFAULT_MAX_TOKENS;
}

const SERVICE_TIERS = { flex: undefined, default: "standard_only", priority: "auto" } as const;

function takesFormat({ model, responseFormat }: ModelRequest): boolean {
  return responseFormat !== undefined && takesSchemas(model) && isStrictSchema(responseFormat.schema, RULES);
}

/** The API's range ends at 1. */
function temperatureOf({ model, temperature }: ModelRequest): number | undefined {
  if (temperature === undefined || !takesTemperature(model)) return undefined;
  return Math.min(temperature, 1);
}

/** The system prompt, and the instructions the conversation begins with. */
function systemBlocks(request: ModelRequest, leading: readonly ModelMessage[]): string[] {
  const texts = [request.systemPrompt, ...leading.map(({ content }) => typeof content === "string" ? content : "")];
  return texts.filter((text) => text.trim() !== "").map((text) => jsonText({ type: "text", text }));
}

function member(name: string, values: readonly string[]): string {
  return values.length === 0 ? "" : `,"${name}":[${values.join(",")}]`;
}

function toolOf(tool: ToolDefinition): object {
  return { name: tool.name, description: tool.description, input_schema: parametersOf(tool) };
}
