/** Options of the drivers for OpenAI's APIs. */

import type { FetchFunction } from "../../kit/provider/transport.ts";
import type { DialectName } from "./dialect.ts";

/** An API of OpenAI: `responses` is the Responses API, `completions` the Chat Completions API. */
export type ApiName = "responses" | "completions";

/** Options of every driver for an OpenAI API. */
export interface TransportOptions {
  /**
   * Sends the requests; replace it to record, replay or route them.
   *
   * It gets the final headers, the key included.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: FetchFunction;
  /**
   * Headers added to every request, such as `openai-organization`; they win over the driver's own.
   *
   * Those that look like credentials are shown as `[secret]` by `prepare`.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of both OpenAI drivers. */
export interface OpenAIDriverOptions extends TransportOptions {
  /**
   * What the server understands beyond the common core.
   *
   * `providerMetadata.dialect` of a model wins over it.
   *
   * @default {detected from the base URL}
   */
  readonly dialect?: DialectName;
}

/** Options of the Azure OpenAI driver. */
export interface AzureOpenAIDriverOptions extends TransportOptions {
  /**
   * The API; `providerMetadata.api` of a model wins over it.
   *
   * @default {"responses"}
   */
  readonly api?: ApiName;
  /**
   * What the model's `apiKey` is: a key of the resource, or an access token of Entra ID.
   *
   * A token is not refreshed: give the model a new one before it expires. `providerMetadata.auth` wins over it.
   *
   * @default {"key"}
   */
  readonly auth?: "key" | "token";
}

/** Options of the Ollama driver. */
export interface OllamaDriverOptions extends TransportOptions {
  /**
   * The API; `providerMetadata.api` of a model wins over it. Responses need Ollama 0.13.3.
   *
   * @default {"completions"}
   */
  readonly api?: ApiName;
}
