/** What OpenRouter takes beyond the API: attribution, routing, and what keeps a session at one provider's cache. */

import { ProviderError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { DriverConfig, ModelRequest } from "../../ports/driver.ts";
import { type Additions, headerText } from "./additions.ts";
import type { OpenRouterDriverOptions } from "./openrouter_options.ts";

/** Where `openrouterAttribution()` of the builder puts the attribution of a session. */
const REFERER_KEY = "openrouter_http_referer";
const TITLE_KEY = "openrouter_x_title";

const ROUTING: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  models: isListOfTexts,
  modalities: isListOfTexts,
  provider: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  plugins: (value) => Array.isArray(value),
  preset: (value) => typeof value === "string",
};

function isListOfTexts(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** Members and headers of OpenRouter. */
export class OpenRouterAdditions implements Additions {
  readonly #routing: JsonObject;
  readonly #referer: string;
  readonly #title: string;

  /**
   * Reads what the options and the model say.
   *
   * @throws {ProviderError} `provider_misconfigured` when a member of the routing has another shape
   */
  constructor({ routing = {}, referer = "", title = "" }: OpenRouterDriverOptions, config: DriverConfig) {
    const wishes: JsonObject = { ...routing, ...config.providerMetadata };
    const known: Record<string, JsonValue> = {};
    for (const [name, hasShape] of Object.entries(ROUTING)) {
      const value = wishes[name];
      if (value === undefined) continue;
      if (!hasShape(value)) {
        throw new ProviderError(
          "provider_misconfigured",
          `Cannot route requests of OpenRouter: "${name}" has another shape than OpenRouterRouting says`,
        );
      }
      known[name] = value;
    }
    this.#routing = known;
    this.#referer = referer;
    this.#title = title;
  }

  /** Routing, and the session that stays with one provider and its cache. */
  members({ metadata }: ModelRequest): JsonObject {
    const session = metadata["session_id"];
    return {
      ...this.#routing,
      ...(session === undefined ? {} : { session_id: session.slice(0, 256) }),
    };
  }

  /** The attribution of the session, else of the driver. */
  headers({ metadata }: ModelRequest): Readonly<Record<string, string>> {
    const referer = headerText(metadata[REFERER_KEY] ?? this.#referer);
    const title = headerText(metadata[TITLE_KEY] ?? this.#title);
    return { ...(referer === "" ? {} : { "http-referer": referer }), ...(title === "" ? {} : { "x-title": title }) };
  }
}
