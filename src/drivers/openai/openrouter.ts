/**
 * The driver of OpenRouter, registered as `DriverId.OpenRouter`.
 *
 * It speaks OpenRouter's Chat API, or its Responses API when `api` says `responses`, and knows what only OpenRouter has:
 * who is behind the requests (attribution), which models stand in for another (fallbacks) and which providers serve them
 * (routing). The usage of every reply carries the price OpenRouter charged.
 *
 * **Permissions:** `--allow-net=openrouter.ai:443`, or the `HOST:PORT` of another base URL, and nothing else. Run with
 * `--no-prompt`: the npm package behind it tries to read `OPENAI_CUSTOM_HEADERS`, which Deno would ask about on a
 * terminal; whatever it holds has no effect. Importing this module needs no permission and loads no npm package.
 *
 * @example Name the application and say who may serve its requests
 * ```ts
 * import { registerDriver } from "@everruns/runtime/openrouter";
 * import assert from "node:assert/strict";
 *
 * const ids: string[] = [];
 * registerDriver({ register: (driver) => ids.push(driver.id) }, {
 *   referer: "https://example.com",
 *   title: "Example",
 *   routing: { models: ["anthropic/claude-sonnet-4.5"], provider: { data_collection: "deny" } },
 * });
 * assert.deepEqual(ids, ["openrouter"]);
 * ```
 *
 * @module
 */

import type { DriverRegistrar } from "../../kit/provider/registrar.ts";
import { DriverId } from "../../records/model.ts";
import type { DriverDescriptor } from "../../ports/driver.ts";
import { DIALECTS } from "./dialect.ts";
import { Endpoint } from "../../kit/provider/endpoint.ts";
import { bearer, describeProvider } from "./make_driver.ts";
import { OpenRouterAdditions } from "./openrouter_additions.ts";
import type { OpenRouterDriverOptions } from "./openrouter_options.ts";

export type { OpenRouterDriverOptions, OpenRouterRouting } from "./openrouter_options.ts";
export type { ApiName, TransportOptions } from "./options.ts";
export type { DriverRegistrar } from "../../kit/provider/registrar.ts";
export type { FetchFunction } from "../../kit/provider/transport.ts";

const BASE_URL = "https://openrouter.ai/api/v1";

/** The driver of OpenRouter; its models are named `vendor/model`. */
export function openRouterDriver(options: OpenRouterDriverOptions = {}): DriverDescriptor {
  return describeProvider({
    id: DriverId.OpenRouter,
    apis: ["completions", "responses"],
    api: options.api,
    endpoint: (config) => new Endpoint(config.baseUrl, BASE_URL),
    dialect: () => DIALECTS.openrouter,
    credentials: bearer,
    additions: (config) => new OpenRouterAdditions(options, config),
  }, options);
}

/** Registers the driver. */
export function registerDriver(drivers: DriverRegistrar, options: OpenRouterDriverOptions = {}): void {
  drivers.register(openRouterDriver(options));
}
