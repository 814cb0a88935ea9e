/** What is registered for OpenAI itself and whoever speaks like it, for Azure OpenAI and for Ollama. */

import { ProviderError } from "../../errors.ts";
import { DriverId } from "../../records/model.ts";
import type { DriverConfig, DriverDescriptor } from "../../ports/driver.ts";
import { detectDialect, type Dialect, dialectNamed, DIALECTS } from "./dialect.ts";
import { Endpoint } from "../../kit/provider/endpoint.ts";
import { bearer, describeProvider } from "./make_driver.ts";
import type { ApiName, AzureOpenAIDriverOptions, OllamaDriverOptions, OpenAIDriverOptions } from "./options.ts";

const OPENAI = "https://api.openai.com/v1";
const AZURE = "https://my-resource.openai.azure.com";
const OLLAMA = "http://localhost:11434/v1";

/**
 * The driver of the Responses API, registered as `DriverId.OpenAI`.
 *
 * It needs no key for servers that take none, so a missing key shows when a driver is made.
 */
export function openAIResponsesDriver(options: OpenAIDriverOptions = {}): DriverDescriptor {
  return openAI(DriverId.OpenAI, "responses", options);
}

/**
 * The driver of the Chat Completions API, registered as `DriverId.OpenAICompletions`.
 *
 * It needs no key for servers that take none, so a missing key shows when a driver is made.
 */
export function openAICompletionsDriver(options: OpenAIDriverOptions = {}): DriverDescriptor {
  return openAI(DriverId.OpenAICompletions, "completions", options);
}

function openAI(id: DriverId, api: ApiName, options: OpenAIDriverOptions): DriverDescriptor {
  return describeProvider({
    id,
    apis: [api],
    endpoint: (config) => new Endpoint(config.baseUrl, OPENAI),
    dialect: (config, endpoint): Dialect => {
      const named = config.providerMetadata?.["dialect"] ?? options.dialect;
      return named === undefined ? detectDialect(endpoint.baseUrl) : dialectNamed(named);
    },
    credentials: bearer,
  }, options);
}

/**
 * The driver of Azure OpenAI, registered as `DriverId.AzureOpenAI`.
 *
 * A model is the name of a deployment, its `baseUrl` the resource, such as `https://my-resource.openai.azure.com`;
 * requests go to the API of version 1 (`/openai/v1`), which needs no `api-version`. Profiles go by the name of the model,
 * so name deployments after what they deploy.
 *
 * @example
 * ```ts
 * import { azureOpenAIDriver } from "@everruns/runtime/openai";
 * import assert from "node:assert/strict";
 *
 * const driver = azureOpenAIDriver();
 * assert.deepEqual(driver.permissions({ baseUrl: "https://my-resource.openai.azure.com" }), {
 *   net: ["my-resource.openai.azure.com:443"],
 * });
 * ```
 */
export function azureOpenAIDriver(options: AzureOpenAIDriverOptions = {}): DriverDescriptor {
  return describeProvider({
    id: DriverId.AzureOpenAI,
    apis: ["responses", "completions"],
    api: options.api,
    endpoint: (config) => azureEndpoint(config.baseUrl),
    dialect: () => DIALECTS.openai,
    credentials: (key, config) => azureAuth(options, config) === "token" ? bearer(key) : { "api-key": key },
  }, options);
}

function azureEndpoint(baseUrl: string | undefined): Endpoint {
  if (baseUrl === undefined || baseUrl === "") {
    throw new ProviderError(
      "provider_misconfigured",
      "Cannot reach Azure OpenAI: no resource was given (set baseUrl of the model to its address," +
        ` such as "${AZURE}")`,
    );
  }
  // What older programs are set up with, query and all; there is no such thing in the API of version 1.
  if (/\/deployments\//.test(baseUrl)) {
    throw new ProviderError(
      "provider_misconfigured",
      "Cannot reach Azure OpenAI: the base URL names a deployment (give the address of the resource," +
        ` such as "${AZURE}", and the deployment as the model)`,
    );
  }
  const endpoint = new Endpoint(baseUrl, AZURE);
  // The portal shows the address of the resource; the API is below it.
  const bare = /^\/(openai\/?)?$/.test(new URL(endpoint.baseUrl).pathname);
  return bare ? new Endpoint(new URL("/openai/v1", endpoint.baseUrl).href, AZURE) : endpoint;
}

function azureAuth(options: AzureOpenAIDriverOptions, config: DriverConfig): "key" | "token" {
  const auth = config.providerMetadata?.["auth"] ?? options.auth ?? "key";
  if (auth === "key" || auth === "token") return auth;
  throw new ProviderError(
    "provider_misconfigured",
    `Cannot use auth ${JSON.stringify(auth)} with Azure OpenAI: expected "key" or "token"`,
  );
}

/**
 * The driver of Ollama, registered as `DriverId.Ollama`.
 *
 * Without a `baseUrl` it talks to `http://localhost:11434/v1`, and needs no key there.
 *
 * @example
 * ```ts
 * import { ollamaDriver } from "@everruns/runtime/openai";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(ollamaDriver().permissions({}), { net: ["localhost:11434"] });
 * ```
 */
export function ollamaDriver(options: OllamaDriverOptions = {}): DriverDescriptor {
  return describeProvider({
    id: DriverId.Ollama,
    apis: ["completions", "responses"],
    api: options.api,
    endpoint: (config) => ollamaEndpoint(config.baseUrl),
    dialect: () => DIALECTS.ollama,
    credentials: bearer,
  }, options);
}

function ollamaEndpoint(baseUrl: string | undefined): Endpoint {
  const endpoint = new Endpoint(baseUrl, OLLAMA);
  return new URL(endpoint.baseUrl).pathname === "/" ? new Endpoint(`${endpoint.baseUrl}/v1`, OLLAMA) : endpoint;
}
