/** What is registered: the drivers of both APIs. */

import { ProviderError } from "../../errors.ts";
import { DriverId } from "../../records/model.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../ports/driver.ts";
import { Client } from "./client.ts";
import { CompletionsReply } from "./completions_reply.ts";
import { CompletionsRequests } from "./completions_request.ts";
import { detectDialect, type Dialect, dialectNamed } from "./dialect.ts";
import { Endpoint } from "../../kit/provider/endpoint.ts";
import { Failures } from "../../kit/provider/failures.ts";
import { profileOf } from "./models.ts";
import type { OpenAIDriverOptions } from "./options.ts";
import { Redactor } from "../../kit/provider/redactor.ts";
import { ResponsesReply } from "./responses_reply.ts";
import { ResponsesRequests } from "./responses_request.ts";
import { Transport } from "../../kit/provider/transport.ts";
import { type WireApi, WireDriver } from "../../kit/provider/wire_driver.ts";
import { requestHeaders, secretsIn, shownHeaders } from "../../kit/provider/headers.ts";
import { fieldsOf, textOf } from "../../kit/provider/narrow.ts";

/** OpenAI itself. */
const DEFAULT_BASE_URL = "https://api.openai.com/v1";
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

/** A kind of descriptor: one API and what its lines may hold. */
interface Kind {
  readonly id: DriverId;
  /** The last event of the Responses API repeats the instructions, the tools and the whole reply in one line. */
  readonly maxLineBytes: number;
  api(dialect: Dialect, failures: Failures): WireApi;
}

/**
 * The driver of the Responses API, registered as `DriverId.OpenAI`.
 *
 * It needs no key for servers that take none, so a missing key shows when a driver is made.
 */
export function openAIResponsesDriver(options: OpenAIDriverOptions = {}): DriverDescriptor {
  // Kept with the descriptor: drivers come and go, the encoded history of a session stays.
  const requests = perDialect((dialect) => new ResponsesRequests(dialect, DriverId.OpenAI));
  return describe(options, {
    id: DriverId.OpenAI,
    maxLineBytes: 8 * 1024 * 1024,
    api: (dialect, failures) => ({
      path: () => "/responses",
      body: (request) => requests(dialect).body(request),
      reply: () => new ResponsesReply(DriverId.OpenAI, failures),
      models: MODELS,
    }),
  });
}

/**
 * The driver of the Chat Completions API, registered as `DriverId.OpenAICompletions`.
 *
 * It needs no key for servers that take none, so a missing key shows when a driver is made.
 */
export function openAICompletionsDriver(options: OpenAIDriverOptions = {}): DriverDescriptor {
  const requests = perDialect((dialect) => new CompletionsRequests(dialect));
  return describe(options, {
    id: DriverId.OpenAICompletions,
    maxLineBytes: 1024 * 1024,
    api: (dialect, failures) => ({
      path: () => "/chat/completions",
      body: (request) => requests(dialect).body(request),
      reply: () => new CompletionsReply(dialect, failures),
      models: MODELS,
    }),
  });
}

function describe(options: OpenAIDriverOptions, kind: Kind): DriverDescriptor {
  return {
    id: kind.id,
    requiresApiKey: false,
    permissions: (config): PermissionNeeds => ({ net: [new Endpoint(config.baseUrl, DEFAULT_BASE_URL).netTarget] }),
    profile: profileOf,
    create: (config) => create(options, kind, config),
  };
}

async function create(options: OpenAIDriverOptions, kind: Kind, config: DriverConfig): Promise<Driver> {
  const endpoint = new Endpoint(config.baseUrl, DEFAULT_BASE_URL);
  const named = config.providerMetadata?.["dialect"] ?? options.dialect;
  const dialect = named === undefined ? detectDialect(endpoint.baseUrl) : dialectNamed(named);
  const key = config.apiKey?.reveal().trim() ?? "";
  if (key === "" && dialect.keyRequired) {
    throw new ProviderError(
      "provider_misconfigured",
      `Cannot use driver "${kind.id}" with "${endpoint.netTarget}": no API key was given (set apiKey of the model)`,
    );
  }
  const headers = requestHeaders({ authorization: `Bearer ${key === "" ? DUMMY_KEY : key}` }, options.headers);
  const secrets = secretsIn(headers);
  const failures = new Failures(endpoint, new Redactor(key === "" ? secrets : [key, ...secrets]));
  const transport = new Transport({
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    headers,
    maxLineBytes: kind.maxLineBytes,
    failures,
  });
  return new WireDriver({
    id: kind.id,
    api: kind.api(dialect, failures),
    endpoint,
    client: await Client.open(endpoint.baseUrl, transport),
    failures,
    shownHeaders: shownHeaders(headers),
  });
}

function perDialect<T>(make: (dialect: Dialect) => T): (dialect: Dialect) => T {
  const made = new Map<Dialect, T>();
  return (dialect) => {
    let one = made.get(dialect);
    if (one === undefined) {
      one = make(dialect);
      made.set(dialect, one);
    }
    return one;
  };
}
