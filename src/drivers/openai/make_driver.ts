/** From a provider's ways to a registered driver. */

import { ProviderError } from "../../errors.ts";
import type { DriverId, ModelProfile } from "../../records/model.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Driver, DriverConfig, DriverDescriptor, ModelRequest } from "../../ports/driver.ts";
import type { Endpoint } from "../../kit/provider/endpoint.ts";
import { Failures } from "../../kit/provider/failures.ts";
import { requestHeaders, secretsIn, shownHeaders, type WireHeaders } from "../../kit/provider/headers.ts";
import { fieldsOf, textOf } from "../../kit/provider/narrow.ts";
import { Redactor } from "../../kit/redactor.ts";
import { Transport } from "../../kit/provider/transport.ts";
import { type WireApi, WireDriver } from "../../kit/provider/wire_driver.ts";
import { withoutNative } from "../../kit/provider/without_native.ts";
import { withoutReasoning } from "../../kit/provider/without_reasoning.ts";
import type { Additions } from "./additions.ts";
import { Client } from "./client.ts";
import { CompletionsReply } from "./completions_reply.ts";
import { CompletionsRequests } from "./completions_request.ts";
import type { Dialect } from "./dialect.ts";
import { nativeOf, profileOf } from "./models.ts";
import type { ApiName, TransportOptions } from "./options.ts";
import { withReasoningText } from "./reasoning_text.ts";
import { ResponsesReply } from "./responses_reply.ts";
import { ResponsesRequests } from "./responses_request.ts";

/** Sent where no key is needed: the library and some local servers insist on one. */
const DUMMY_KEY = "no-key";

/** The list of models of both APIs; some servers send it without its envelope. */
const MODELS: NonNullable<WireApi["models"]> = {
  path: "/models",
  names(answer) {
    const models = Array.isArray(answer) ? answer : fieldsOf(answer)["data"];
    return Array.isArray(models) ? models.map((model) => textOf(fieldsOf(model)["id"])) : undefined;
  },
};

/** A provider that speaks one or both of OpenAI's APIs. */
export interface Provider {
  /** The id its driver is registered under. */
  readonly id: DriverId;
  /** The APIs a model may ask for in `providerMetadata.api`. */
  readonly apis: readonly [ApiName, ...ApiName[]];
  /** The API when a model asks for none. @default {the first of `apis`} */
  readonly api?: ApiName | undefined;
  /** Where it listens. */
  endpoint(config: DriverConfig): Endpoint;
  /** What it understands. */
  dialect(config: DriverConfig, endpoint: Endpoint): Dialect;
  /** The headers with a key. */
  credentials(key: string, config: DriverConfig): WireHeaders;
  /** What it wants beyond the API. */
  additions?(config: DriverConfig): Additions;
}

/** The usual place of a key. */
export function bearer(key: string): WireHeaders {
  return { authorization: `Bearer ${key}` };
}

/** The descriptor of a provider's driver. */
export function describeProvider(provider: Provider, options: TransportOptions): DriverDescriptor {
  // Kept with the descriptor: drivers come and go, the encoded history of a session stays.
  const requests = new Requests(provider.id);
  return {
    id: provider.id,
    requiresApiKey: false,
    permissions: (config): PermissionNeeds => ({ net: [provider.endpoint(config).netTarget] }),
    profile: (model, config) => profileFor(provider, model, config ?? {}),
    create: (config) => create(provider, requests, options, config),
  };
}

async function create(
  provider: Provider,
  requests: Requests,
  options: TransportOptions,
  config: DriverConfig,
): Promise<Driver> {
  const name = apiOf(provider, config);
  const endpoint = provider.endpoint(config);
  const dialect = provider.dialect(config, endpoint);
  const key = config.apiKey?.reveal().trim() ?? "";
  if (key === "" && dialect.keyRequired) {
    throw new ProviderError(
      "provider_misconfigured",
      `Cannot use driver "${provider.id}" with "${endpoint.netTarget}": no API key was given (set apiKey of the model)`,
    );
  }
  const headers = requestHeaders(provider.credentials(key === "" ? DUMMY_KEY : key, config), options.headers);
  const secrets = secretsIn(headers);
  const failures = new Failures(endpoint, new Redactor(key === "" ? secrets : [key, ...secrets]));
  const transport = new Transport({
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    headers,
    maxLineBytes: maxLineBytes(name, dialect),
    failures,
  });
  const additions = provider.additions?.(config);
  // What the server itself says about its habits.
  let tuned = dialect;
  const Reply = name === "responses" ? ResponsesReply : CompletionsReply;
  return new WireDriver({
    id: provider.id,
    api: {
      path: () => name === "responses" ? "/responses" : "/chat/completions",
      body: (request) => requests.of(name, tuned).body(request, additions?.members(request)),
      headers: (request) => additions?.headers(request) ?? {},
      reply: (request) =>
        new Reply({ dialect, provider: provider.id, model: request.model, failures, price: priceOf(request, dialect) }),
      amend(request, refusal) {
        const learned = habitsIn(refusal);
        if (learned === undefined) {
          return withoutNative(request, refusal) ?? withReasoningText(request, refusal, provider.id) ??
            (isAboutItems(refusal) ? withoutReasoning(request) : undefined);
        }
        tuned = { ...tuned, ...learned };
        return request;
      },
      models: MODELS,
    },
    endpoint,
    client: await Client.open(endpoint.baseUrl, transport),
    failures,
    shownHeaders: shownHeaders(headers),
  });
}

/**
 * What a refusal tells of a server beyond its dialect; undefined for nothing.
 *
 * OpenAI gives summaries to verified organizations only, and of some models none. Mistral's rules come with its models,
 * whoever serves them.
 */
function habitsIn({ status, message }: ProviderError): Partial<Dialect> | undefined {
  if (status !== undefined && status < 500 && status !== 400 && status !== 422) return undefined;
  if (/reasoning.summar/i.test(message)) return { reasoningSummary: false };
  const isMistral = /Tool call id was .{0,200}length of 9|Unexpected role '?user'? after role '?tool/i.test(message);
  return isMistral ? { mistralRules: true } : undefined;
}

/** Reasoning of another account, parted from what it led to, or without its proof. */
function isAboutItems({ status, message, fields }: ProviderError): boolean {
  return status === 400 &&
    (fields["providerCode"] === "invalid_encrypted_content" ||
      /encrypted.content.{0,200}could not be|of type 'reasoning' was provided without|signature.{0,40}thinking/is
        .test(message));
}

/** What is known about a model, and what the server at hand does itself for it. */
function profileFor(provider: Provider, model: string, config: DriverConfig): ModelProfile | undefined {
  const profile = profileOf(model);
  if (profile === undefined || apiOf(provider, config) !== "responses") return profile;
  const { hosted } = provider.dialect(config, provider.endpoint(config));
  return hosted ? { ...profile, native: nativeOf(model) } : profile;
}

/** The builders of one driver, one for each API and dialect. */
class Requests {
  readonly #provider: DriverId;
  readonly #made = new Map<string, ResponsesRequests | CompletionsRequests>();

  constructor(provider: DriverId) {
    this.#provider = provider;
  }

  of(api: ApiName, dialect: Dialect): ResponsesRequests | CompletionsRequests {
    const key = `${api} ${dialect.name} ${dialect.reasoningSummary} ${dialect.mistralRules}`;
    const Builder = api === "responses" ? ResponsesRequests : CompletionsRequests;
    const made = this.#made.get(key) ?? new Builder(dialect, this.#provider);
    this.#made.set(key, made);
    return made;
  }
}

/** The last event of the Responses API repeats the instructions, the tools and the whole reply in one line. */
function maxLineBytes(api: ApiName, { imageReplies }: Dialect): number {
  return (api === "responses" ? 8 : imageReplies ? 32 : 1) * 1024 * 1024;
}

/** OpenAI's price of a model; none where others serve it, or for the tiers that have prices of their own. */
function priceOf({ model, speed = "default" }: ModelRequest, dialect: Dialect): ModelProfile["price"] {
  return dialect.name === "openai" && speed === "default" ? profileOf(model)?.price : undefined;
}

function apiOf({ id, apis, api }: Provider, config: DriverConfig): ApiName {
  const named = config.providerMetadata?.["api"] ?? api ?? apis[0];
  const found = apis.find((name) => name === named);
  if (found !== undefined) return found;
  throw new ProviderError(
    "provider_misconfigured",
    `Cannot use API ${JSON.stringify(named)} with driver "${id}": expected one of ${apis.join(", ")}`,
  );
}
