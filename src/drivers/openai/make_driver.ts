/** From a provider's ways to a registered driver. */

import { ProviderError } from "../../errors.ts";
import type { DriverId } from "../../records/model.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../ports/driver.ts";
import type { Additions } from "./additions.ts";
import { Client } from "./client.ts";
import { CompletionsReply } from "./completions_reply.ts";
import { CompletionsRequests } from "./completions_request.ts";
import type { Dialect } from "./dialect.ts";
import { type Api, OpenAIDriver } from "./driver.ts";
import type { Endpoint } from "./endpoint.ts";
import { Failures } from "./failures.ts";
import { profileOf } from "./models.ts";
import type { ApiName, TransportOptions } from "./options.ts";
import { Redactor } from "./redactor.ts";
import { ResponsesReply } from "./responses_reply.ts";
import { ResponsesRequests } from "./responses_request.ts";
import { Transport } from "./transport.ts";

/** Sent where no key is needed: the library and some local servers insist on one. */
const DUMMY_KEY = "no-key";
const CREDENTIAL = /auth|key|token|secret|cookie|password/i;

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
  credentials(key: string, config: DriverConfig): Readonly<Record<string, string>>;
  /** What it wants beyond the API. */
  additions?(config: DriverConfig): Additions;
}

/** The usual place of a key. */
export function bearer(key: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${key}` };
}

/** The descriptor of a provider's driver. */
export function describeProvider(provider: Provider, options: TransportOptions): DriverDescriptor {
  const apis = new Apis(provider.id);
  return {
    id: provider.id,
    requiresApiKey: false,
    permissions: (config): PermissionNeeds => ({ net: [provider.endpoint(config).netTarget] }),
    profile: profileOf,
    create: (config) => create(provider, apis, options, config),
  };
}

async function create(
  provider: Provider,
  apis: Apis,
  options: TransportOptions,
  config: DriverConfig,
): Promise<Driver> {
  const api = apiOf(provider, config);
  const endpoint = provider.endpoint(config);
  const dialect = provider.dialect(config, endpoint);
  const key = config.apiKey?.reveal().trim() ?? "";
  if (key === "" && dialect.keyRequired) {
    throw new ProviderError(
      "provider_misconfigured",
      `Cannot use driver "${provider.id}" with "${endpoint.netTarget}": no API key was given (set apiKey of the model)`,
    );
  }
  const headers = headersOf(options, provider.credentials(key === "" ? DUMMY_KEY : key, config));
  const secrets = Object.entries(headers).filter(([name]) => CREDENTIAL.test(name)).map(([, value]) => value);
  const failures = new Failures(endpoint, new Redactor(key === "" ? secrets : [key, ...secrets]));
  const transport = new Transport({
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    headers,
    // The last event of the Responses API repeats the instructions, the tools and the whole reply in one line.
    maxLineBytes: (api === "responses" ? 8 : 1) * 1024 * 1024,
    failures,
  });
  const additions = provider.additions?.(config);
  return new OpenAIDriver({
    id: provider.id,
    api: apis.of(api, dialect, failures),
    endpoint,
    client: await Client.open(endpoint.baseUrl, transport),
    failures,
    shownHeaders: shown(headers),
    ...(additions === undefined ? {} : { additions }),
  });
}

/** The two APIs of one driver; kept with the descriptor: drivers come and go, the encoded history of a session stays. */
class Apis {
  readonly #id: DriverId;
  readonly #responses = new Map<Dialect, ResponsesRequests>();
  readonly #completions = new Map<Dialect, CompletionsRequests>();

  constructor(id: DriverId) {
    this.#id = id;
  }

  of(api: ApiName, dialect: Dialect, failures: Failures): Api {
    if (api === "responses") {
      const requests = kept(this.#responses, dialect, () => new ResponsesRequests(dialect, this.#id));
      return {
        path: "/responses",
        body: (request, members) => requests.body(request, members),
        reply: () => new ResponsesReply(dialect, this.#id, failures),
      };
    }
    const requests = kept(this.#completions, dialect, () => new CompletionsRequests(dialect, this.#id));
    return {
      path: "/chat/completions",
      body: (request, members) => requests.body(request, members),
      reply: () => new CompletionsReply(dialect, this.#id, failures),
    };
  }
}

function kept<T>(all: Map<Dialect, T>, dialect: Dialect, make: () => T): T {
  const known = all.get(dialect) ?? make();
  all.set(dialect, known);
  return known;
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

function headersOf(
  options: TransportOptions,
  credentials: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  try {
    const headers = new Headers({ accept: "application/json", "user-agent": "everruns-runtime", ...credentials });
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    return Object.fromEntries(headers);
  } catch {
    // The error of Headers repeats the value.
    throw new ProviderError(
      "provider_misconfigured",
      "Cannot send the API key or a configured header: it has characters that no header may have (paste it again)",
    );
  }
}

function shown(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    if (!CREDENTIAL.test(name)) return [name, value];
    return [name, value.startsWith("Bearer ") ? "Bearer [secret]" : "[secret]"];
  });
  return Object.fromEntries(entries);
}
