/**
 * Requests and drivers for tests.
 *
 * @module
 */

import { Secret } from "../../../../src/records/secret.ts";
import type { Driver, DriverConfig, ModelRequest } from "../../../../src/ports/driver.ts";
import { anthropicDriver, type FetchFunction } from "../../../../src/drivers/anthropic/mod.ts";
import { MODEL } from "./recordings.ts";

/** The key of every test. */
export const KEY = "sk-ant-test-0123456789abcdef";

/** A request with one question; other members replace its own. */
export function requestOf(members: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: MODEL,
    systemPrompt: "Be brief.",
    messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    tools: [],
    metadata: {},
    ...members,
  };
}

/** A driver over a fetch function. */
export async function driverOver(fetch: FetchFunction, config: Partial<DriverConfig> = {}): Promise<Driver> {
  return await anthropicDriver({ fetch }).create({ apiKey: new Secret(KEY), ...config });
}
