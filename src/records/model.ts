/** Models, providers and the settings of a call. */

import type { JsonObject } from "./json.ts";
import type { ModelId } from "./ids.ts";
import type { Secret } from "./secret.ts";

/**
 * Names a driver; an open set, these are the known ones.
 *
 * `OpenAI` speaks the Responses API, `OpenAICompletions` the Chat Completions API.
 */
export const DriverId = {
  OpenAI: "openai",
  OpenAICompletions: "openai_completions",
  AzureOpenAI: "azure_openai",
  Anthropic: "anthropic",
  Gemini: "gemini",
  OpenRouter: "openrouter",
  Ollama: "ollama",
  LlmSim: "llmsim",
  External: "external",
} as const;

/** Any driver id. */
export type DriverId = string;

/** A model together with everything needed to call it. */
export interface ResolvedModel {
  /** The provider's name of the model. */
  readonly model: string;
  /** The driver that speaks the provider's protocol. */
  readonly providerType: DriverId;
  /** The provider's key; wrapped in a {@linkcode Secret} as soon as the runtime sees it. */
  readonly apiKey?: string | Secret;
  /** Where the provider listens. @default the driver's own */
  readonly baseUrl?: string;
  /** Settings only the driver understands. */
  readonly providerMetadata?: JsonObject;
}

/** A model a host registers under an id. */
export interface ModelRecord {
  /** Its id, used by records and controls. */
  readonly id: ModelId;
  /** How to call it. */
  readonly resolved: ResolvedModel;
}

/** What is known about a model by name. */
export interface ModelProfile {
  /** Tokens of prompt and reply together. */
  readonly contextWindow?: number;
  /** Most tokens of one reply. */
  readonly maxOutputTokens?: number;
  /** Effort values it takes; an empty list means it does not reason. */
  readonly reasoningEfforts?: readonly string[];
  /** Whether it accepts a temperature. */
  readonly temperature?: boolean;
  /** US dollars for a million tokens. */
  readonly price?: {
    /** Prompt tokens. */
    readonly input: number;
    /** Reply tokens. */
    readonly output: number;
    /** Prompt tokens read from the cache. */
    readonly cacheRead?: number;
    /** Prompt tokens written to the cache. */
    readonly cacheWrite?: number;
    /** What long prompts cost more, the whole call of them. */
    readonly longPrompt?: {
      /** Prompts of more tokens than this count as long. */
      readonly above: number;
      /** What prices of prompt tokens are multiplied by. */
      readonly input: number;
      /** What the price of reply tokens is multiplied by. */
      readonly output: number;
    };
  };
}
