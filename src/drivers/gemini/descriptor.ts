/** What is registered for Gemini. */

import { ProviderError } from "../../errors.ts";
import { DriverId } from "../../records/model.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../ports/driver.ts";
import { Endpoint } from "../../kit/provider/endpoint.ts";
import { Failures } from "../../kit/provider/failures.ts";
import { requestHeaders, secretsIn, shownHeaders } from "../../kit/provider/headers.ts";
import { fieldsOf, listOf, textOf } from "../../kit/provider/narrow.ts";
import { Redactor } from "../../kit/redactor.ts";
import { Transport } from "../../kit/provider/transport.ts";
import { type WireApi, WireDriver } from "../../kit/provider/wire_driver.ts";
import { profileOf } from "./models.ts";
import { type GeminiDriverOptions, settingsOf } from "./options.ts";
import { GeminiReply } from "./reply.ts";
import { GeminiRequests } from "./request.ts";

const BASE_URL = "https://generativelanguage.googleapis.com/v1beta";
/** An image the model made comes in one line. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The list of models, without those that do not generate content. */
const MODELS: NonNullable<WireApi["models"]> = {
  path: "/models?pageSize=1000",
  names(answer) {
    const { models } = fieldsOf(answer);
    if (!Array.isArray(models)) return undefined;
    return models.map(fieldsOf)
      .filter((model) => listOf(model["supportedGenerationMethods"]).includes("generateContent"))
      .map((model) => textOf(model["name"]).replace(/^models\//, ""));
  },
};

/** The driver of Gemini's native API; a base URL without a path is taken for one of version `v1beta`. */
export function geminiDriver(options: GeminiDriverOptions = {}): DriverDescriptor {
  // Kept with the descriptor: drivers come and go, the encoded history of a session stays.
  const requests = new GeminiRequests();
  return {
    id: DriverId.Gemini,
    requiresApiKey: true,
    permissions: (config): PermissionNeeds => ({ net: [endpointOf(config).netTarget] }),
    profile: profileOf,
    create: (config) => create(options, requests, config),
  };
}

async function create(options: GeminiDriverOptions, requests: GeminiRequests, config: DriverConfig): Promise<Driver> {
  const endpoint = endpointOf(config);
  const settings = settingsOf(options, config);
  const key = config.apiKey?.reveal().trim() ?? "";
  if (key === "") {
    throw new ProviderError(
      "provider_misconfigured",
      `Cannot use driver "gemini" with "${endpoint.netTarget}": no API key was given (set apiKey of the model)`,
    );
  }
  const headers = requestHeaders({ "x-goog-api-key": key }, options.headers);
  const failures = new Failures(endpoint, new Redactor([key, ...secretsIn(headers)]));
  const transport = new Transport({
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    headers,
    maxLineBytes: MAX_LINE_BYTES,
    failures,
  });
  // New projects store what they are sent unless told otherwise (https://ai.google.dev/gemini-api/docs/logs-datasets,
  // 2026-10-26). Other servers may not know the member.
  let unstored = endpoint.baseUrl.startsWith(BASE_URL);
  const { FetchClient } = await import("../../kit/provider/fetch_client.ts");
  return new WireDriver({
    id: DriverId.Gemini,
    api: {
      path: ({ model }) => `/${pathOf(model)}:streamGenerateContent?alt=sse`,
      body: (request) =>
        requests.body(request, unstored ? { ...settings, members: { ...settings.members, store: false } } : settings),
      reply: ({ model }) => new GeminiReply(failures, profileOf(model)?.price),
      amend(request, { status, message }) {
        if (!unstored || status !== 400 || !/\bstore\b/.test(message)) return undefined;
        unstored = false;
        return request;
      },
      models: MODELS,
    },
    endpoint,
    client: new FetchClient(transport),
    failures,
    shownHeaders: shownHeaders(headers),
  });
}

function endpointOf({ baseUrl }: DriverConfig): Endpoint {
  const endpoint = new Endpoint(baseUrl, BASE_URL);
  return new URL(endpoint.baseUrl).pathname === "/" ? new Endpoint(`${endpoint.baseUrl}/v1beta`, BASE_URL) : endpoint;
}

/** A model's place; tuned ones have a folder of their own. */
function pathOf(model: string): string {
  const name = model.includes("/") ? model : `models/${model}`;
  return name.split("/").map(encodeURIComponent).join("/");
}
