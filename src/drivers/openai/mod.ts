/**
 * Drivers for OpenAI and every server that speaks one of its APIs.
 *
 * `DriverId.OpenAI` speaks the Responses API, `DriverId.OpenAICompletions` the Chat Completions API. A base URL selects
 * the server: OpenAI (the default), OpenRouter, Mistral, Ollama, vLLM, llama.cpp or any other; what each understands is told by
 * its dialect, detected from the base URL or named in `providerMetadata.dialect` of the model. `DriverId.AzureOpenAI` and
 * `DriverId.Ollama` are the same with the addresses, the credentials and the habits of those two.
 *
 * Over the Responses API of OpenAI and Azure (dialect `openai`), the capabilities `tool_search` and `compaction` leave
 * their work to the API where the model does it.
 *
 * **Permissions:** `--allow-net=HOST:PORT` of the base URL, which is `--allow-net=api.openai.com:443` by default
 * (`localhost:11434` for Ollama, the resource for Azure), and nothing else. Run with `--no-prompt`: the npm package behind
 * it tries to read `OPENAI_CUSTOM_HEADERS`, which Deno would ask about on a terminal; whatever it holds has no effect.
 * Importing this module needs no permission and loads no npm package; that happens when the first driver is made.
 *
 * @example Register the drivers
 * ```ts
 * import { registerDriver } from "@everruns/runtime/openai";
 * import assert from "node:assert/strict";
 *
 * const ids: string[] = [];
 * registerDriver({ register: (driver) => ids.push(driver.id) });
 * assert.deepEqual(ids, ["openai", "openai_completions", "azure_openai", "ollama"]);
 * ```
 *
 * @module
 */

import { azureOpenAIDriver, ollamaDriver, openAICompletionsDriver, openAIResponsesDriver } from "./descriptors.ts";
import type { DriverRegistrar } from "../../kit/provider/registrar.ts";
import type { OpenAIDriverOptions } from "./options.ts";

export { azureOpenAIDriver, ollamaDriver, openAICompletionsDriver, openAIResponsesDriver } from "./descriptors.ts";
export type { DialectName } from "./dialect.ts";
export type {
  ApiName,
  AzureOpenAIDriverOptions,
  OllamaDriverOptions,
  OpenAIDriverOptions,
  TransportOptions,
} from "./options.ts";
export type { DriverRegistrar } from "../../kit/provider/registrar.ts";
export type { FetchFunction } from "../../kit/provider/transport.ts";

/**
 * Registers the drivers of both APIs, and those of Azure OpenAI and Ollama.
 *
 * The latter two get `fetch` only: headers and dialect are meant for the server of the former.
 */
export function registerDriver(drivers: DriverRegistrar, options: OpenAIDriverOptions = {}): void {
  const { fetch } = options;
  const own = fetch === undefined ? {} : { fetch };
  drivers.register(openAIResponsesDriver(options));
  drivers.register(openAICompletionsDriver(options));
  drivers.register(azureOpenAIDriver(own));
  drivers.register(ollamaDriver(own));
}
