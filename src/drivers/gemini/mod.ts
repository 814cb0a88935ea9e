/**
 * The driver of Google's Gemini models, registered as `DriverId.Gemini`.
 *
 * It speaks the native API (`generateContent`) over `fetch` alone. Thinking is shown and its signatures are sent back,
 * which the models of generation 3 insist on; prefixes are cached by the API itself, or in a cache the host made and names
 * in `providerMetadata.cachedContent` of the model.
 *
 * **Permissions:** `--allow-net=generativelanguage.googleapis.com:443`, or the `HOST:PORT` of another base URL, and nothing
 * else. Importing this module needs no permission and loads no npm package; that happens when the first driver is made.
 *
 * @example Register the driver
 * ```ts
 * import { registerDriver } from "@everruns/runtime/gemini";
 * import assert from "node:assert/strict";
 *
 * const ids: string[] = [];
 * registerDriver({ register: (driver) => ids.push(driver.id) });
 * assert.deepEqual(ids, ["gemini"]);
 * ```
 *
 * @module
 */

import type { DriverRegistrar } from "../../kit/provider/registrar.ts";
import { geminiDriver } from "./descriptor.ts";
import type { GeminiDriverOptions } from "./options.ts";

export { geminiDriver } from "./descriptor.ts";
export type { GeminiDriverOptions } from "./options.ts";
export type { DriverRegistrar } from "../../kit/provider/registrar.ts";
export type { FetchFunction } from "../../kit/provider/transport.ts";

/** Registers the driver. */
export function registerDriver(drivers: DriverRegistrar, options: GeminiDriverOptions = {}): void {
  drivers.register(geminiDriver(options));
}
