/** Options of the Gemini driver. */

import { ProviderError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { DriverConfig } from "../../ports/driver.ts";
import type { FetchFunction } from "../../kit/provider/transport.ts";

/** Options of the Gemini driver. */
export interface GeminiDriverOptions {
  /**
   * Sends the requests; replace it to record, replay or route them.
   *
   * It gets the final headers, the key included.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: FetchFunction;
  /**
   * Headers added to every request; they win over the driver's own.
   *
   * Those that look like credentials are shown as `[secret]` by `prepare`.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What the API filters, sent as it is: objects of `category` and `threshold`.
   *
   * `providerMetadata.safetySettings` of a model wins over it.
   *
   * @default {the API's own}
   */
  readonly safetySettings?: readonly JsonObject[];
}

/** What the options and a model say about its requests. */
export interface RequestSettings {
  /** Members of the body of every request. */
  readonly members: JsonObject;
  /** Whether a cache stands for the system prompt and the tools, which may not be sent beside it. */
  readonly cached: boolean;
}

/**
 * Reads the settings of a model's requests.
 *
 * @throws {ProviderError} `provider_misconfigured` when a member of `providerMetadata` has another shape
 */
export function settingsOf(options: GeminiDriverOptions, { providerMetadata = {} }: DriverConfig): RequestSettings {
  const { cachedContent, safetySettings = options.safetySettings } = providerMetadata;
  if (cachedContent !== undefined && typeof cachedContent !== "string") throw misshapen("cachedContent", "a text");
  if (safetySettings !== undefined && !Array.isArray(safetySettings)) throw misshapen("safetySettings", "a list");
  return {
    members: {
      ...(safetySettings === undefined ? {} : { safetySettings }),
      ...(cachedContent === undefined ? {} : { cachedContent }),
    },
    cached: cachedContent !== undefined,
  };
}

function misshapen(name: string, shape: string): ProviderError {
  return new ProviderError(
    "provider_misconfigured",
    `Cannot use driver "gemini": \`providerMetadata.${name}\` of the model is not ${shape}`,
  );
}
