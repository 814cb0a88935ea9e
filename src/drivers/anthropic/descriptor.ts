/** What is registered: the driver of the Messages API. */

import { ProviderError } from "../../errors.ts";
import { DriverId, type ModelProfile } from "../../records/model.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../ports/driver.ts";
import { Endpoint } from "../../kit/provider/endpoint.ts";
import { Failures } from "../../kit/provider/failures.ts";
import { FetchClient } from "../../kit/provider/fetch_client.ts";
import { requestHeaders, secretsIn, shownHeaders } from "../../kit/provider/headers.ts";
import { fieldsOf, textOf } from "../../kit/provider/narrow.ts";
import { Redactor } from "../../kit/redactor.ts";
import { Transport } from "../../kit/provider/transport.ts";
import { type WireApi, WireDriver } from "../../kit/provider/wire_driver.ts";
import { amended } from "./amend.ts";
import { ThinkingBinding } from "./thinking_binding.ts";
import { betaHeader } from "./hosted.ts";
import { nativeOf, profileOf } from "./models.ts";
import type { AnthropicDriverOptions } from "./options.ts";
import { MessagesReply } from "./reply.ts";
import { MessagesRequests } from "./request.ts";

const DEFAULT_BASE_URL = "https://api.anthropic.com";
const API_VERSION = "2023-06-01";
/** A thinking block that must not be shown comes as one line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** The first page is as long as the API makes them, and longer than the list. */
const MODELS: NonNullable<WireApi["models"]> = {
  path: "/v1/models?limit=1000",
  names(answer) {
    const models = fieldsOf(answer)["data"];
    return Array.isArray(models) ? models.map((model) => textOf(fieldsOf(model)["id"])) : undefined;
  },
};

/**
 * The driver of the Messages API, registered as `DriverId.Anthropic`.
 *
 * It needs no key for servers other than Anthropic's, so a missing key shows when a driver is made.
 */
export function anthropicDriver(options: AnthropicDriverOptions = {}): DriverDescriptor {
  // Kept with the descriptor: drivers come and go, the encoded history of a session stays.
  const requests = new MessagesRequests();
  return {
    id: DriverId.Anthropic,
    requiresApiKey: false,
    permissions: (config): PermissionNeeds => ({ net: [endpointOf(config).netTarget] }),
    profile: (model, config) => profileFor(model, config ?? {}),
    create: (config) => create(options, requests, config),
  };
}

function create(options: AnthropicDriverOptions, requests: MessagesRequests, config: DriverConfig): Driver {
  const endpoint = endpointOf(config);
  const key = config.apiKey?.reveal().trim() ?? "";
  if (key === "" && endpoint.baseUrl === DEFAULT_BASE_URL) {
    throw new ProviderError(
      "provider_misconfigured",
      `Cannot use driver "${DriverId.Anthropic}" with "${endpoint.netTarget}": no API key was given (set apiKey of the model)`,
    );
  }
  const credentials: Record<string, string> = key === "" ? {} : { "x-api-key": key };
  const configured = requestHeaders({ "anthropic-version": API_VERSION, ...credentials }, options.headers);
  // Each request adds its own betas to these.
  const { "anthropic-beta": betas, ...headers } = configured;
  const failures = new Failures(endpoint, new Redactor(secretsIn(headers)));
  const transport = new Transport({
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    headers,
    maxLineBytes: MAX_LINE_BYTES,
    failures,
  });
  const binding = new ThinkingBinding();
  return new WireDriver({
    id: DriverId.Anthropic,
    api: {
      path: () => "/v1/messages",
      body: (request) => requests.body(request, binding.dropsBlocksOf(request)),
      headers: (request) => betaHeader(request, betas, binding.dropsBlocksOf(request)),
      reply: (request) => new MessagesReply(request.model, failures),
      amend(request, refusal) {
        binding.learn(refusal);
        return amended(request, refusal);
      },
      models: MODELS,
    },
    endpoint,
    client: new FetchClient(transport),
    failures,
    shownHeaders: shownHeaders(headers),
  });
}

/** What is known about a model; what others who serve it do themselves is for the host to say. */
function profileFor(model: string, config: DriverConfig): ModelProfile | undefined {
  const native = config.providerMetadata?.["native"] ?? endpointOf(config).baseUrl === DEFAULT_BASE_URL;
  const profile = profileOf(model);
  return native === true && profile !== undefined ? { ...profile, native: nativeOf(model) ?? {} } : profile;
}

/** The address with or without the version, as both are handed around. */
function endpointOf(config: DriverConfig): Endpoint {
  return new Endpoint(config.baseUrl?.replace(/\/v1\/*$/, ""), DEFAULT_BASE_URL);
}
