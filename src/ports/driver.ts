/** The driver port: how the kernel speaks to a model. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import type { CallId } from "../records/ids.ts";
import type { ImagePart, ReasoningPart, TextPart } from "../records/content.ts";
import type { ReasoningEffort } from "../records/message.ts";
import type { DriverId, ModelProfile } from "../records/model.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { Secret } from "../records/secret.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { Usage } from "../records/usage.ts";

/** A call inside an assistant message sent back to the provider. */
export interface ModelToolCall {
  /** The runtime's id of the call; used on the wire as the call id. */
  readonly id: CallId;
  /** The tool. */
  readonly name: string;
  /** Its arguments; a string when the model sent text that is not JSON. */
  readonly arguments: JsonValue;
}

/** One message as a provider gets it. */
export type ModelMessage =
  | {
    /** Instructions inside the conversation. */
    readonly role: "system";
    /** The text. */
    readonly content: string;
  }
  | {
    /** The user. */
    readonly role: "user";
    /** Text and images; stored images are already resolved. */
    readonly content: readonly (TextPart | ImagePart)[];
  }
  | {
    /** The model. */
    readonly role: "assistant";
    /** Its text; may be empty. */
    readonly content: string;
    /** Its calls; every one is answered by a following `tool` message. */
    readonly toolCalls: readonly ModelToolCall[];
    /** Images it made; a provider that takes none from a model leaves them out. */
    readonly images?: readonly ImagePart[];
    /** Opaque reasoning items, in order. */
    readonly reasoning?: readonly ReasoningPart[];
    /** Visible thinking. */
    readonly thinking?: string;
    /** Proof of the thinking. */
    readonly thinkingSignature?: string;
    /** Whether it was an aside or the answer. */
    readonly phase?: "commentary" | "final_answer";
  }
  | {
    /** The answer to a call. */
    readonly role: "tool";
    /** The call. */
    readonly toolCallId: CallId;
    /** The tool. */
    readonly toolName: string;
    /** The result as text: a string as it is, anything else as JSON. */
    readonly content: string;
    /** Whether the call failed. */
    readonly isError: boolean;
    /** Images that belong to the result. */
    readonly images?: readonly ImagePart[];
  };

/** Everything a driver needs to build one provider request. */
export interface ModelRequest {
  /** The provider's name of the model. */
  readonly model: string;
  /** The system prompt; empty means none. */
  readonly systemPrompt: string;
  /**
   * The conversation, oldest first.
   *
   * The array is append-only and shared: it does not change while a stream runs; copy it to keep it longer.
   */
  readonly messages: readonly ModelMessage[];
  /** Tools offered to the model. */
  readonly tools: readonly ToolDefinition[];
  /** Sampling temperature. */
  readonly temperature?: number;
  /** Most tokens of the reply. */
  readonly maxTokens?: number;
  /** How hard to think. */
  readonly reasoningEffort?: ReasoningEffort;
  /** Session-stable strings for the provider's metadata field. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The provider's id of the previous response of this turn. */
  readonly previousResponseId?: string;
  /** Key under which the provider may cache the prefix. */
  readonly promptCacheKey?: string;
  /** Whether the model may make several calls in one reply. */
  readonly parallelToolCalls?: boolean;
  /** Service tier. */
  readonly speed?: "flex" | "default" | "priority";
  /** How long answers should be. */
  readonly verbosity?: "low" | "medium" | "high";
  /**
   * Tokens of prompt from which on the provider is to compact the conversation itself.
   *
   * Only for a model whose profile says that it can; the item it answers with stands for all that came before it.
   */
  readonly compactAt?: number;
  /** The form of the final answer; only for a driver that {@linkcode Driver.takesResponseFormat}. */
  readonly responseFormat?: ResponseFormat;
}

/** A provider request before it is sent: exact, with credentials as `[secret]`. */
export interface PreparedRequest {
  /** HTTP method. */
  readonly method: string;
  /** Full address. */
  readonly url: string;
  /** Headers the driver sets, lower case; credentials read `[secret]`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, byte for byte. */
  readonly body: string;
}

/** What a driver's stream yields. */
export type ModelEvent =
  | {
    /** A piece of the answer. */
    readonly type: "text";
    /** The piece; never empty. */
    readonly delta: string;
  }
  | {
    /** A piece of visible thinking. */
    readonly type: "thinking";
    /** The piece. */
    readonly delta: string;
  }
  | {
    /** Proof of the thinking. */
    readonly type: "thinking_signature";
    /** The proof. */
    readonly signature: string;
  }
  | {
    /** An image the model made. */
    readonly type: "image";
    /** The image, with its bytes or its address. */
    readonly image: ImagePart;
  }
  | {
    /** An opaque reasoning item. */
    readonly type: "reasoning_item";
    /** The item. */
    readonly item: ReasoningPart;
  }
  | {
    /** A complete call. */
    readonly type: "tool_call";
    /** The provider's id, if it gave one. */
    readonly providerCallId?: string;
    /** The tool. */
    readonly name: string;
    /** The arguments; a string is the JSON text the model wrote, not yet parsed. */
    readonly arguments: JsonValue;
  }
  | {
    /** The stream is alive although there is nothing to show; resets the idle deadline. */
    readonly type: "activity";
  }
  | {
    /** The protocol's terminal event arrived: the reply is complete. Nothing follows. */
    readonly type: "done";
    /**
     * Why the model stopped: `stop`, `tool_calls`, `length`, `content_filter`, `refusal`, `pause`, ...
     *
     * After a `pause` the turn asks again with what was said so far, within its limit of iterations.
     */
    readonly finishReason: string;
    /** Tokens and cost. */
    readonly usage?: Usage;
    /** The provider's id of the response. */
    readonly responseId?: string;
    /** The model that answered. */
    readonly model?: string;
    /** Whether the text was an aside or the answer, when the provider says so. */
    readonly phase?: "commentary" | "final_answer";
  };

/** Options of one model call. */
export interface ModelCallOptions {
  /** Aborted when the call is no longer wanted. */
  readonly signal: AbortSignal;
}

/**
 * Speaks one provider protocol with one set of credentials.
 *
 * @example
 * ```ts
 * import { type Driver, type DriverConfig, DriverRegistry, InProcessRuntimeBuilder, ProviderError } from "@everruns/runtime";
 * import type { ModelCallOptions, ModelEvent, ModelRequest, PreparedRequest } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * class AcmeDriver implements Driver {
 *   readonly id = "acme";
 *   readonly #config: DriverConfig;
 *   constructor(config: DriverConfig) {
 *     this.#config = config;
 *   }
 *   prepare({ model, systemPrompt, messages }: ModelRequest): PreparedRequest {
 *     const body = JSON.stringify({ model, systemPrompt, messages });
 *     return { method: "POST", url: "https://api.acme.example/v1", headers: { "x-key": "[secret]" }, body };
 *   }
 *   async *stream(request: ModelRequest, { signal }: ModelCallOptions): AsyncIterable<ModelEvent> {
 *     const { method, url, body } = this.prepare(request);
 *     const response = await fetch(url, { method, body, signal, headers: { "x-key": this.#config.apiKey?.reveal() ?? "" } })
 *       .catch((cause) => {
 *         throw new ProviderError("provider_unavailable", "Cannot reach Acme", { cause });
 *       });
 *     // What may succeed later says so, and is tried again.
 *     if (response.status === 429) throw new ProviderError("provider_rate_limited", "Too many", { retryable: true });
 *     const { text, input, output } = await response.json();
 *     yield { type: "text", delta: text };
 *     yield { type: "done", finishReason: "stop", usage: { inputTokens: input, outputTokens: output } };
 *   }
 * }
 *
 * const drivers = new DriverRegistry().register({
 *   id: "acme",
 *   requiresApiKey: true,
 *   permissions: () => ({ net: ["api.acme.example:443"] }),
 *   create: (config) => new AcmeDriver(config),
 * });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .driverRegistry(drivers)
 *   .defaultModel({ model: "acme-1", providerType: "acme", apiKey: "sk-123" })
 *   .singleSession((s) => s.harness("assistant", "Be brief."))
 *   .build();
 * // Here the right to connect is missing.
 * const { error } = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
 * assert.equal(error?.code, "provider_unavailable");
 * ```
 */
export interface Driver {
  /** The id it was registered under. */
  readonly id: DriverId;
  /**
   * Whether `prepare` and `stream` make the best of `responseFormat` themselves.
   *
   * A driver that does not never gets one: the runtime asks for the form in words.
   *
   * @default {false}
   */
  readonly takesResponseFormat?: boolean;
  /**
   * Whether it neither changes the list `request.messages` nor keeps it beyond the stream.
   *
   * Then it is given the session's own list, which grows later; else a copy for every call, which costs more the longer
   * the conversation is.
   *
   * @default {false}
   */
  readonly borrowsMessages?: boolean;
  /** Builds the exact request; pure, so that it can be inspected without being sent. */
  prepare(request: ModelRequest): PreparedRequest;
  /**
   * Sends the request and yields the reply as it comes.
   *
   * A stream that ends without `done` counts as dropped. Makes one try; the kernel retries.
   *
   * @throws {ProviderError} when the provider refuses or fails, with a stable code
   */
  stream(request: ModelRequest, options: ModelCallOptions): AsyncIterable<ModelEvent>;
  /** Names of the models the provider offers. */
  listModels?(options: ModelCallOptions): Promise<readonly string[]>;
}

/** Credentials and address a driver is created with. */
export interface DriverConfig {
  /** The provider's key. */
  readonly apiKey?: Secret;
  /** Where the provider listens. */
  readonly baseUrl?: string;
  /** Settings only the driver understands. */
  readonly providerMetadata?: JsonObject;
}

/** What is registered: how to make a driver and what it needs. */
export interface DriverDescriptor {
  /** Its id. */
  readonly id: DriverId;
  /** Whether it is useless without a key. */
  readonly requiresApiKey: boolean;
  /** Permissions a driver of this configuration needs. */
  permissions(config: DriverConfig): PermissionNeeds;
  /** What is known about a model; what only some servers of a driver do depends on the configuration. */
  profile?(model: string, config?: DriverConfig): ModelProfile | undefined;
  /** Makes the driver; heavy dependencies are imported here. */
  create(config: DriverConfig): Driver | Promise<Driver>;
}
