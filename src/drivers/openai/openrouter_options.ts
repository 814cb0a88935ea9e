/** Options of the OpenRouter driver. */

import type { JsonObject } from "../../records/json.ts";
import type { ApiName, TransportOptions } from "./options.ts";

/** Which models and providers serve a request; sent as it is, see OpenRouter's pages on routing. */
export interface OpenRouterRouting {
  /** Models that stand in, in this order, when the model itself cannot answer. @default {none} */
  readonly models?: readonly string[];
  /** Preferences such as `order`, `only`, `allow_fallbacks`, `sort` or `data_collection`. @default {none} */
  readonly provider?: JsonObject;
  /** Plugins, such as `{ id: "web" }`. @default {none} */
  readonly plugins?: readonly JsonObject[];
  /** What models that make images answer with, such as `["image", "text"]`. @default {text} */
  readonly modalities?: readonly string[];
  /** A preset of the account. @default {none} */
  readonly preset?: string;
}

/** Options of the OpenRouter driver. */
export interface OpenRouterDriverOptions extends TransportOptions {
  /**
   * The API; `providerMetadata.api` of a model wins over it.
   *
   * OpenRouter calls its Responses API a beta: prompts of Claude are cached, and signatures of Gemini's calls come back,
   * through its Chat API only.
   *
   * @default {"completions"}
   */
  readonly api?: ApiName;
  /**
   * Site of the application, sent as `HTTP-Referer`; a session's own attribution wins over it.
   *
   * @default {none}
   */
  readonly referer?: string;
  /**
   * Name of the application, sent as `X-Title`; a session's own attribution wins over it.
   *
   * @default {none}
   */
  readonly title?: string;
  /**
   * Which models and providers serve the requests; members of a model's `providerMetadata` win over it.
   *
   * @default {{}}
   */
  readonly routing?: OpenRouterRouting;
}
