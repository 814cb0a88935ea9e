/** The driver of the simulated model. */

import { systemClock } from "../../kit/clock.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  Driver,
  DriverDescriptor,
  ModelCallOptions,
  ModelEvent,
  ModelMessage,
  ModelRequest,
  PreparedRequest,
} from "../../ports/driver.ts";
import { ProviderError } from "../../errors.ts";
import { textOf } from "../../records/content.ts";
import { DriverId } from "../../records/model.ts";
import { type CheckedToolCall, type Ending, errorReply, type Reply, textReply } from "./check.ts";
import { type LlmSimConfig, settingsOf } from "./config.ts";
import type { LlmSimSettings, ResponseMode } from "./settings.ts";
import { latencyOfModel, type LlmSimLatency, ReadyStream, type StreamPlan, TimedStream } from "./stream.ts";
import { charsOfArguments, PromptSizes, splitText, TOKEN_CHARS, tokensOf } from "./text.ts";

/** Options of {@linkcode llmSimDriver}. */
export interface LlmSimDriverOptions {
  /**
   * What simulated waits are measured with.
   *
   * @default the clock of the host
   */
  readonly clock?: Clock;
}

const HEADERS: Readonly<Record<string, string>> = Object.freeze({ "content-type": "application/json" });

/** The model a simulated provider lists when the configuration names none. */
const DEFAULT_MODEL = "llmsim-model";

/**
 * Describes the driver of a simulated model, ready to be registered; it needs no key and no permission.
 *
 * All drivers made from one descriptor count their calls together, so a script goes on where the last driver was.
 *
 * @throws {TypeError} when it is given anything but an `LlmSimConfig`
 */
export function llmSimDriver(config: LlmSimConfig, options: LlmSimDriverOptions = {}): DriverDescriptor {
  const driver = new LlmSimDriver(settingsOf(config), options.clock ?? systemClock());
  return {
    id: DriverId.LlmSim,
    requiresApiKey: false,
    permissions: () => ({}),
    create: () => driver,
  };
}

type Latency = Required<LlmSimLatency>;

/** Stateless but for its counter, so one driver serves every `create()` of its descriptor. */
class LlmSimDriver implements Driver {
  readonly id: DriverId = DriverId.LlmSim;
  readonly borrowsMessages = true;
  readonly #settings: LlmSimSettings;
  readonly #clock: Clock;
  readonly #promptSizes = new PromptSizes();
  /** The text of a reply that never varies, which needs neither the conversation nor the counter. */
  readonly #constantText: string | undefined;
  readonly #constantDeltas: readonly ModelEvent[];
  #calls = 0;
  /** The last model name and what it asks for, so that a name is read once and not per call. */
  #named: { readonly model: string; readonly latency: Latency | undefined } | undefined;

  constructor(settings: LlmSimSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    const { response, toolMode } = settings;
    this.#constantText = response.type === "constant" && toolMode.type === "none" ? response.text : undefined;
    this.#constantDeltas = deltasOf(this.#constantText ?? "", settings, undefined);
  }

  prepare(request: ModelRequest): PreparedRequest {
    return prepareRequest(request, this.#settings.model ?? request.model);
  }

  stream(request: ModelRequest, options: ModelCallOptions): AsyncIterable<ModelEvent> {
    const settings = this.#settings;
    const call = this.#calls++;
    for (const observe of settings.observers) observe(request);
    const latency = settings.latency ?? this.#latencyOf(request.model);

    const text = this.#constantText;
    if (text !== undefined && latency === undefined) {
      // The conversation is not touched here: it may be long, and a caller may build it only when asked.
      const deltas = this.#constantDeltas;
      const plan = { deltas, tail: [this.#done(request, "stop", request.systemPrompt.length, text.length)] };
      return settings.responseDelayMs === 0
        ? new ReadyStream(plan)
        : this.#timed(plan, undefined, false, options.signal);
    }

    const reply = replyTo(settings, call, request);
    const plan = this.#plan(request, reply, call, latency);
    const stalls = reply.ending.type === "stall";
    const waits = stalls || latency !== undefined || settings.responseDelayMs > 0;
    return waits ? this.#timed(plan, latency, stalls, options.signal) : new ReadyStream(plan);
  }

  listModels(): Promise<readonly string[]> {
    return Promise.resolve([this.#settings.model ?? DEFAULT_MODEL]);
  }

  #timed(plan: StreamPlan, latency: Latency | undefined, stalls: boolean, signal: AbortSignal): TimedStream {
    const firstMs = this.#settings.responseDelayMs + (latency?.firstTokenMs ?? 0);
    return new TimedStream(plan, { firstMs, deltaMs: latency?.tokenMs ?? 0, stalls }, this.#clock, signal);
  }

  #plan(request: ModelRequest, reply: Reply, call: number, latency: Latency | undefined): StreamPlan {
    const { text, toolCalls, ending } = reply;
    const tail: ModelEvent[] = [];
    let outputChars = text.length;
    for (const [index, { id, name, arguments: args }] of toolCalls.entries()) {
      outputChars += charsOfArguments(args);
      tail.push({ type: "tool_call", providerCallId: id ?? `llmsim_${call}_${index}`, name, arguments: args });
    }
    if (ending.type === "done") {
      const finishReason = toolCalls.length === 0 ? "stop" : "tool_calls";
      const inputChars = this.#constantText === undefined
        ? this.#promptSizes.charsOf(request)
        : request.systemPrompt.length;
      tail.push(this.#done(request, finishReason, inputChars, outputChars));
    }
    const deltas = deltasOf(text, this.#settings, latency);
    const error = this.#errorOf(ending, request);
    return error === undefined ? { deltas, tail } : { deltas, tail, error };
  }

  #errorOf(ending: Ending, request: ModelRequest): StreamPlan["error"] {
    return ending.type === "error" ? ending.error(this.#settings.model ?? request.model) : undefined;
  }

  #done(request: ModelRequest, finishReason: string, inputChars: number, outputChars: number): ModelEvent {
    const { model = request.model, responseId } = this.#settings;
    const usage = { inputTokens: tokensOf(inputChars), outputTokens: tokensOf(outputChars) };
    if (responseId === undefined) return { type: "done", finishReason, usage, model };
    return { type: "done", finishReason, usage, model, responseId };
  }

  /** The latency the name of the requested or of the configured model asks for. */
  #latencyOf(model: string): Latency | undefined {
    if (this.#named?.model === model) return this.#named.latency;
    const latency = latencyOfModel(model) ?? latencyOfModel(this.#settings.model ?? "");
    this.#named = { model, latency };
    return latency;
  }
}

/** The text as deltas: in the configured number, token by token when tokens take time, else in one. */
function deltasOf(text: string, settings: LlmSimSettings, latency: Latency | undefined): readonly ModelEvent[] {
  if (text === "") return [];
  const tokens = latency !== undefined && latency.tokenMs > 0 ? Math.ceil(text.length / TOKEN_CHARS) : 1;
  return splitText(text, settings.chunks ?? tokens).map((delta) => ({ type: "text", delta }));
}

/** The request as it would go over a wire; equal requests give equal bodies, and what is not set is left out. */
function prepareRequest(request: ModelRequest, model: string): PreparedRequest {
  const body = {
    model,
    system: request.systemPrompt,
    messages: request.messages,
    tools: request.tools.map((tool) => tool.name),
    temperature: request.temperature,
    maxTokens: request.maxTokens,
    reasoningEffort: request.reasoningEffort,
    metadata: request.metadata,
    previousResponseId: request.previousResponseId,
    promptCacheKey: request.promptCacheKey,
    parallelToolCalls: request.parallelToolCalls,
    speed: request.speed,
    verbosity: request.verbosity,
  };
  return {
    method: "POST",
    url: `llmsim://local/${encodeURIComponent(model)}`,
    headers: HEADERS,
    body: JSON.stringify(body),
  };
}

/** The reply to the model call of this number, counted from 0. */
function replyTo(settings: LlmSimSettings, call: number, request: ModelRequest): Reply {
  const reply = baseReply(settings, settings.response, call, request);
  if (reply.ending.type !== "done") return reply;
  const added = addedToolCalls(settings, call, request);
  return added.length === 0 ? reply : { ...reply, toolCalls: [...reply.toolCalls, ...added] };
}

function baseReply(settings: LlmSimSettings, response: ResponseMode, call: number, request: ModelRequest): Reply {
  switch (response.type) {
    case "constant":
      return textReply(response.text);
    case "echo":
      return textReply(`Echo: ${lastUser(request.messages).text}`);
    case "sequence":
      return textReply(response.texts[call % response.texts.length] ?? "");
    case "failure":
      return errorReply(response.error);
    case "scripted": {
      const { turns } = response;
      return turns[scriptIndex(settings, call, turns.length)] ?? errorReply(() => exhausted(turns.length));
    }
  }
}

/** The turn of a script for one call; outside the script when it is exhausted and that is an error. */
function scriptIndex(settings: LlmSimSettings, call: number, length: number): number {
  switch (settings.onExhausted) {
    case "repeat_last":
      return Math.min(call, length - 1);
    case "loop":
      return call % length;
    case "error":
      return call;
  }
}

function exhausted(length: number): ProviderError {
  const turns = length === 1 ? "its only turn" : `all ${length} turns`;
  return new ProviderError("processing_error", `The script of the simulated model is exhausted: ${turns} were played`);
}

function addedToolCalls({ toolMode }: LlmSimSettings, call: number, request: ModelRequest): readonly CheckedToolCall[] {
  switch (toolMode.type) {
    case "none":
      return [];
    case "fixed":
      return toolMode.toolCalls;
    case "sequence":
      return toolMode.lists[call % toolMode.lists.length] ?? [];
    case "conditional": {
      const { text, hasResult } = lastUser(request.messages);
      // A rule that matched again after its own results would call until the iteration limit.
      if (hasResult) return [];
      return toolMode.rules.find((rule) => text.includes(rule.contains))?.toolCalls ?? [];
    }
  }
}

/** The text of the last user message, and whether a tool result follows it. */
function lastUser(messages: readonly ModelMessage[]): { readonly text: string; readonly hasResult: boolean } {
  let hasResult = false;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role === "tool") hasResult = true;
    if (message?.role === "user") return { text: textOf(message.content), hasResult };
  }
  return { text: "", hasResult };
}
