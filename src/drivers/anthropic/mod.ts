/**
 * The driver of Anthropic's Messages API, and of every server that speaks it.
 *
 * It streams, calls tools in parallel, replays thinking with its signatures, marks the stable prefix for the
 * provider's cache, and estimates the cost from a table of list prices. It speaks over `fetch` alone: no library, no
 * environment variable.
 *
 * At Anthropic itself, the capabilities `tool_search` and `compaction` leave their work to the API where the model does
 * it; for another base URL say `providerMetadata: { native: true }` of the model when its server does it too (`false` at
 * Anthropic: never).
 *
 * **Permissions:** `--allow-net=HOST:PORT` of the base URL, which is `--allow-net=api.anthropic.com:443` by default,
 * and nothing else. Importing this module needs none.
 *
 * @example Register the driver
 * ```ts
 * import { registerDriver } from "@everruns/runtime/anthropic";
 * import assert from "node:assert/strict";
 *
 * const ids: string[] = [];
 * registerDriver({ register: (driver) => ids.push(driver.id) });
 * assert.deepEqual(ids, ["anthropic"]);
 * ```
 *
 * @module
 */

import type { DriverRegistrar } from "../../kit/provider/registrar.ts";
import { anthropicDriver } from "./descriptor.ts";
import type { AnthropicDriverOptions } from "./options.ts";

export type { DriverRegistrar } from "../../kit/provider/registrar.ts";
export type { FetchFunction } from "../../kit/provider/transport.ts";
export { anthropicDriver } from "./descriptor.ts";
export type { AnthropicDriverOptions } from "./options.ts";

/** Registers the driver. */
export function registerDriver(drivers: DriverRegistrar, options: AnthropicDriverOptions = {}): void {
  drivers.register(anthropicDriver(options));
}
