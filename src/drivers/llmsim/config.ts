/** The configuration of a simulated model. */

import { ConfigurationError, ProviderError } from "../../errors.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import type { ReasoningEffort } from "../../records/message.ts";
import { checkArray, checkCount, checkMilliseconds, checkName, checkText, checkToolCalls, checkTurn } from "./check.ts";
import { failureOf, isLlmSimErrorKind } from "./check.ts";
import type { LlmSimErrorKind } from "./failure.ts";
import { checkLatency, type LlmSimLatency } from "./stream.ts";
import type { LlmSimToolCall, LlmSimTurn } from "./script.ts";
import type { LlmSimOnExhausted, LlmSimSettings, ResponseMode } from "./settings.ts";
import { loremText } from "./text.ts";

/** Where something captured goes: a function that is called, or an array it is pushed to. */
export type LlmSimCapture<T> = ((value: T) => void) | T[];

const MOST_LOREM_TOKENS = 10_000_000;
const MOST_CHUNKS = 10_000_000;

/** Reads the settings of a configuration; the class alone can. */
let read: (config: LlmSimConfig) => LlmSimSettings;

/**
 * What a simulated model answers; immutable, every `with*` method returns a changed copy.
 *
 * A reply is text, then tool calls, then the end of the stream, always with its usage: a token is four characters.
 * Input tokens are those of the system prompt and the conversation; a constant reply (`fixed`, `lorem`, `empty`)
 * without tool calls never looks at the conversation and counts the system prompt alone.
 *
 * A model name ending with `-latency` makes the model speak at a realistic speed, `-ttft-250` delays its first token
 * by 250 ms.
 *
 * @example
 * ```ts
 * import { LlmSimConfig } from "@everruns/runtime/testing";
 *
 * LlmSimConfig.fixed("hello");
 * LlmSimConfig.scripted([
 *   { type: "tool_calls", toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
 *   "It is raining in Oslo.",
 * ]);
 * ```
 */
export class LlmSimConfig {
  static {
    read = (config) => config.#settings;
  }

  readonly #settings: LlmSimSettings;

  private constructor(settings: LlmSimSettings) {
    this.#settings = settings;
  }

  /** Always answers this text. */
  static fixed(text: string): LlmSimConfig {
    return LlmSimConfig.#of({ type: "constant", text: checkText(text, "text") });
  }

  /** Answers `Echo: ` and the text of the last user message. */
  static echo(): LlmSimConfig {
    return LlmSimConfig.#of({ type: "echo" });
  }

  /** Answers filler text of so many tokens. */
  static lorem(targetTokens: number): LlmSimConfig {
    checkCount(targetTokens, "targetTokens", MOST_LOREM_TOKENS);
    return LlmSimConfig.#of({ type: "constant", text: loremText(targetTokens) });
  }

  /**
   * Answers one text after the other and starts again at the end.
   *
   * @throws {ConfigurationError} when there is no text
   */
  static sequence(texts: readonly string[]): LlmSimConfig {
    const copy = checkArray(texts, "texts").map((text, index) => checkText(text, `texts[${index}]`));
    return LlmSimConfig.#of({ type: "sequence", texts: checkNotEmpty(copy, "sequence") });
  }

  /**
   * Answers one turn of a script per model call; a plain string is an `assistant` turn.
   *
   * A retry of the runtime is a model call too.
   *
   * @throws {ConfigurationError} when the script is empty
   * @throws {TypeError} when a turn has the wrong shape
   */
  static scripted(turns: readonly (string | LlmSimTurn)[]): LlmSimConfig {
    const checked = checkArray(turns, "turns").map(checkTurn);
    return LlmSimConfig.#of({ type: "scripted", turns: checkNotEmpty(checked, "script") });
  }

  /**
   * Always fails: with a kind of failure, or with any other text as the message of an error that is not retried.
   */
  static error(textOrKind: string | LlmSimErrorKind): LlmSimConfig {
    checkText(textOrKind, "textOrKind");
    if (isLlmSimErrorKind(textOrKind)) {
      return LlmSimConfig.#of({
        type: "failure",
        error: () => failureOf(textOrKind),
      });
    }
    return LlmSimConfig.#of({ type: "failure", error: () => new ProviderError("processing_error", textOrKind) });
  }

  /** Always fails because the model is not available. */
  static modelNotAvailable(): LlmSimConfig {
    return LlmSimConfig.#of({
      type: "failure",
      error: (model) => failureOf("unsupported_model", { message: `The model "${model}" is not available` }),
    });
  }

  /** Answers without any text. */
  static empty(): LlmSimConfig {
    return LlmSimConfig.#of({ type: "constant", text: "" });
  }

  /**
   * Adds these tool calls to every reply.
   *
   * Every reply means also the one to the tools' results: use a script or `withToolCallSequence` for a turn that ends.
   */
  withToolCalls(toolCalls: readonly LlmSimToolCall[]): LlmSimConfig {
    return this.#with({ toolMode: { type: "fixed", toolCalls: checkToolCalls(toolCalls) } });
  }

  /**
   * Adds one list of tool calls per reply and starts again at the end; an empty list adds none that time.
   *
   * @throws {ConfigurationError} when there is no list
   */
  withToolCallSequence(lists: readonly (readonly LlmSimToolCall[])[]): LlmSimConfig {
    const checked = checkArray(lists, "lists").map(checkToolCalls);
    return this.#with({ toolMode: { type: "sequence", lists: checkNotEmpty(checked, "tool call sequence") } });
  }

  /**
   * Adds these tool calls when the last user message contains a text and no tool result has followed it yet.
   *
   * May be said several times; the first rule that matches counts.
   */
  withConditionalToolCalls(contains: string, toolCalls: readonly LlmSimToolCall[]): LlmSimConfig {
    const rule = { contains: checkText(contains, "contains"), toolCalls: checkToolCalls(toolCalls) };
    const { toolMode } = this.#settings;
    const rules = toolMode.type === "conditional" ? [...toolMode.rules, rule] : [rule];
    return this.#with({ toolMode: { type: "conditional", rules } });
  }

  /** Streams token by token with waits in between; without arguments at a realistic speed. */
  withLatency(latency: LlmSimLatency = {}): LlmSimConfig {
    return this.#with({ latency: checkLatency(latency) });
  }

  /** Answers under this model name, whatever the request asks for. */
  withModel(name: string): LlmSimConfig {
    return this.#with({ model: checkName(name, "name") });
  }

  /** Waits so many milliseconds before every reply. */
  withResponseDelay(milliseconds: number): LlmSimConfig {
    return this.#with({ responseDelayMs: checkMilliseconds(milliseconds, "milliseconds") });
  }

  /** Gives every response this id. */
  withResponseId(id: string): LlmSimConfig {
    return this.#with({ responseId: checkName(id, "id") });
  }

  /**
   * Says what a script does when it has no turn left: repeat the last one (the default), fail, or start again.
   *
   * Changes nothing for replies that are not scripted.
   */
  withOnExhausted(onExhausted: LlmSimOnExhausted): LlmSimConfig {
    if (onExhausted !== "repeat_last" && onExhausted !== "error" && onExhausted !== "loop") {
      throw new TypeError(
        `Cannot use "${String(onExhausted)}" as \`onExhausted\`: expected repeat_last, error or loop`,
      );
    }
    return this.#with({ onExhausted });
  }

  /** Streams the text of every reply in so many deltas, or fewer when it is too short. */
  withChunks(count: number): LlmSimConfig {
    return this.#with({ chunks: checkCount(count, "count", MOST_CHUNKS) });
  }

  /** Captures the reasoning effort of every request; undefined when it names none. */
  withEffortCapture(capture: LlmSimCapture<ReasoningEffort | undefined>): LlmSimConfig {
    const take = taker(capture);
    return this.#withObserver((request) => take(request.reasoningEffort));
  }

  /** Captures a copy of the conversation of every request. */
  withMessageCapture(capture: LlmSimCapture<readonly ModelMessage[]>): LlmSimConfig {
    const take = taker(capture);
    return this.#withObserver((request) => take([...request.messages]));
  }

  /** Captures a copy of every request. */
  withRequestCapture(capture: LlmSimCapture<ModelRequest>): LlmSimConfig {
    const take = taker(capture);
    return this.#withObserver((request) => take({ ...request, messages: [...request.messages] }));
  }

  static #of(response: ResponseMode): LlmSimConfig {
    return new LlmSimConfig(defaultSettings(response));
  }

  #withObserver(observer: (request: ModelRequest) => void): LlmSimConfig {
    return this.#with({ observers: [...this.#settings.observers, observer] });
  }

  #with(change: Partial<LlmSimSettings>): LlmSimConfig {
    return new LlmSimConfig({ ...this.#settings, ...change });
  }
}

/**
 * The settings of a configuration.
 *
 * @throws {TypeError} when it is not a configuration
 */
export function settingsOf(config: LlmSimConfig): LlmSimSettings {
  if (!(config instanceof LlmSimConfig)) {
    throw new TypeError("Cannot make a simulated model: expected an LlmSimConfig, such as LlmSimConfig.fixed(text)");
  }
  return read(config);
}

function checkNotEmpty<T>(list: readonly T[], what: string): readonly T[] {
  if (list.length === 0) {
    throw new ConfigurationError(`Cannot make a simulated model: its ${what} is empty; give it at least one entry`);
  }
  return list;
}

function taker<T>(capture: LlmSimCapture<T>): (value: T) => void {
  if (typeof capture === "function") return capture;
  if (Array.isArray(capture)) return (value) => void capture.push(value);
  throw new TypeError(`Cannot capture into ${String(capture)}: expected a function or an array`);
}

function defaultSettings(response: ResponseMode): LlmSimSettings {
  return {
    response,
    toolMode: { type: "none" },
    onExhausted: "repeat_last",
    latency: undefined,
    model: undefined,
    responseDelayMs: 0,
    responseId: undefined,
    chunks: undefined,
    observers: [],
  };
}
