/** Models, providers and the settings of a call. */

import type { JsonObject } from "./json.ts";
import type { ModelId } from "./ids.ts";
import type { Secret } from "./secret.ts";

export type { ModelProfile } from "./model_profile.ts";

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
