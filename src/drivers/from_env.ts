/**
 * Providers as the environment of a program describes them.
 *
 * The one place that knows the names of environment variables. It reads none itself: the program passes a lookup, and so
 * decides what may be read. A variable the program may not read counts as not set.
 *
 * | provider | variables |
 * | --- | --- |
 * | `openai`, `openai_completions` | `OPENAI_API_KEY`, `OPENAI_BASE_URL`; one of them is enough |
 * | `azure_openai` | `AZURE_OPENAI_BASE_URL` or `AZURE_OPENAI_ENDPOINT`; `AZURE_OPENAI_API_KEY` or `AZURE_OPENAI_AD_TOKEN` |
 * | `anthropic` | `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL` |
 * | `gemini` | `GEMINI_API_KEY`, `GEMINI_BASE_URL` |
 * | `openrouter` | `OPENROUTER_API_KEY`, `OPENROUTER_BASE_URL` |
 * | `ollama` | `OLLAMA_BASE_URL`, `OLLAMA_HOST` or `OLLAMA_API_KEY`; one of them is enough |
 *
 * **Permissions:** none of its own. With `Deno.env.get` as the lookup the program needs `--allow-env=` with the names
 * {@linkcode envVariables} gives.
 *
 * @example Take a provider from variables
 * ```ts
 * import { envVariables, providerFromEnv } from "@everruns/runtime/env";
 * import assert from "node:assert/strict";
 *
 * // A program passes `(name) => Deno.env.get(name)`.
 * const variables = new Map([["GEMINI_API_KEY", "AIza..."]]);
 * const provider = providerFromEnv("gemini", (name) => variables.get(name));
 * assert.equal(provider?.providerType, "gemini");
 * assert.equal(`${provider?.apiKey}`, "[secret]");
 *
 * assert.equal(providerFromEnv("openai", (name) => variables.get(name)), undefined);
 * assert.equal(`--allow-env=${envVariables("gemini").join(",")}`, "--allow-env=GEMINI_API_KEY,GEMINI_BASE_URL");
 * ```
 *
 * @module
 */

import { DriverId, type ResolvedModel } from "../records/model.ts";
import { Secret } from "../records/secret.ts";

/** Gives the value of a variable; undefined when it is not set. */
export type EnvLookup = (name: string) => string | undefined;

/** Everything a model needs apart from its name: `{ model: "...", ...provider }`. */
export type ProviderSettings = Omit<ResolvedModel, "model">;

type Read = (name: string) => string;

interface Entry {
  readonly variables: readonly string[];
  read(read: Read, providerType: DriverId): ProviderSettings | undefined;
}

const PROVIDERS: ReadonlyMap<DriverId, Entry> = new Map<DriverId, Entry>([
  [DriverId.OpenAI, plain("OPENAI", true)],
  [DriverId.OpenAICompletions, plain("OPENAI", true)],
  [DriverId.AzureOpenAI, {
    variables: ["API_KEY", "AD_TOKEN", "BASE_URL", "ENDPOINT"].map((name) => `AZURE_OPENAI_${name}`),
    read: readAzure,
  }],
  [DriverId.Anthropic, plain("ANTHROPIC")],
  [DriverId.Gemini, plain("GEMINI")],
  [DriverId.OpenRouter, plain("OPENROUTER")],
  [DriverId.Ollama, { variables: ["OLLAMA_BASE_URL", "OLLAMA_HOST", "OLLAMA_API_KEY"], read: readOllama }],
]);

/** The providers that can be described by variables, as driver ids. */
export const envProviders: readonly DriverId[] = Object.freeze([...PROVIDERS.keys()]);

/**
 * Names of the variables of a provider, for `--allow-env` and for messages.
 *
 * @throws {RangeError} when the provider is not one of {@linkcode envProviders}
 */
export function envVariables(provider: DriverId): readonly string[] {
  return entryOf(provider).variables;
}

/**
 * The credentials and the address of a provider; undefined when the variables do not say enough to call it.
 *
 * Only the variables of {@linkcode envVariables} are looked up, when it is called and never later. An empty one counts as
 * not set, and so does one the lookup refuses with Deno's `NotCapable`; what else it throws comes through.
 *
 * @throws {RangeError} when the provider is not one of {@linkcode envProviders}
 */
export function providerFromEnv(provider: DriverId, lookup: EnvLookup): ProviderSettings | undefined {
  if (typeof lookup !== "function") {
    throw new TypeError("Cannot read a provider: `lookup` is not a function (pass `(name) => Deno.env.get(name)`)");
  }
  return entryOf(provider).read((name) => valueOf(lookup, name), provider);
}

function entryOf(provider: DriverId): Entry {
  const entry = PROVIDERS.get(provider);
  if (entry !== undefined) return entry;
  throw new RangeError(
    `Cannot read provider "${provider}" from the environment: expected one of ${envProviders.join(", ")}`,
  );
}

function valueOf(lookup: EnvLookup, name: string): string {
  try {
    return lookup(name)?.trim() ?? "";
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") return "";
    throw error;
  }
}

function plain(prefix: string, keyless = false): Entry {
  const [key, url] = [`${prefix}_API_KEY`, `${prefix}_BASE_URL`];
  return {
    variables: [key, url],
    read(read, providerType) {
      const [apiKey, baseUrl] = [read(key), read(url)];
      return apiKey === "" && !(keyless && baseUrl !== "") ? undefined : settings(providerType, apiKey, baseUrl);
    },
  };
}

function readAzure(read: Read, providerType: DriverId): ProviderSettings | undefined {
  const baseUrl = read("AZURE_OPENAI_BASE_URL") || read("AZURE_OPENAI_ENDPOINT");
  const apiKey = read("AZURE_OPENAI_API_KEY");
  const token = apiKey === "" ? read("AZURE_OPENAI_AD_TOKEN") : "";
  if (baseUrl === "" || apiKey + token === "") return undefined;
  const found = settings(providerType, apiKey || token, baseUrl);
  return token === "" ? found : { ...found, providerMetadata: { auth: "token" } };
}

function readOllama(read: Read, providerType: DriverId): ProviderSettings | undefined {
  const apiKey = read("OLLAMA_API_KEY");
  const baseUrl = read("OLLAMA_BASE_URL") || ollamaAddress(read("OLLAMA_HOST"));
  if (apiKey + baseUrl === "") return undefined;
  // A key without an address is one for Ollama's own servers.
  return settings(providerType, apiKey, baseUrl || "https://ollama.com/v1");
}

/** `OLLAMA_HOST` is written for the server: a host, perhaps with a port and a scheme, perhaps an address to bind. */
function ollamaAddress(host: string): string {
  if (host === "") return "";
  const url = URL.parse(/^https?:\/\//i.test(host) ? host : `http://${host}`);
  if (url === null) return host;
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "localhost";
  // A port that is the scheme's own does not show in the parsed address.
  if (url.port === "" && url.protocol === "http:" && !/:80(\/|$)/.test(host)) url.port = "11434";
  return url.href.replace(/\/+$/, "");
}

function settings(providerType: DriverId, apiKey: string, baseUrl: string): ProviderSettings {
  return {
    providerType,
    ...(apiKey === "" ? {} : { apiKey: new Secret(apiKey) }),
    ...(baseUrl === "" ? {} : { baseUrl }),
  };
}
