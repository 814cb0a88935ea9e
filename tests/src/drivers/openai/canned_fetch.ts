/**
 * A `fetch` that answers from memory, and drivers over it.
 *
 * @module
 */

import { Secret } from "../../../../src/records/secret.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../../../src/ports/driver.ts";
import {
  type FetchFunction,
  openAICompletionsDriver,
  type OpenAIDriverOptions,
  openAIResponsesDriver,
} from "../../../../src/drivers/openai/mod.ts";

/** The key of every test. */
export const KEY = "sk-test-0123456789abcdef";

/** A body that gives these chunks one by one. */
export function bodyOf(chunks: Iterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks);
}

/** A stream of events with status 200. */
export function streamOf(chunks: Iterable<Uint8Array<ArrayBuffer>>): Response {
  return new Response(bodyOf(chunks), { headers: { "content-type": "text/event-stream" } });
}

/** A stream of events given as text. */
export function textStream(...pieces: readonly string[]): Response {
  return streamOf(pieces.map((piece) => new TextEncoder().encode(piece)));
}

/** A driver of the Responses API over a fetch function. */
export function responses(fetch: FetchFunction, config: Partial<DriverConfig> = {}): Promise<Driver> {
  return create(openAIResponsesDriver, { fetch }, config);
}

/** A driver of the Chat Completions API over a fetch function. */
export function completions(fetch: FetchFunction, config: Partial<DriverConfig> = {}): Promise<Driver> {
  return create(openAICompletionsDriver, { fetch }, config);
}

async function create(
  describe: (options: OpenAIDriverOptions) => DriverDescriptor,
  options: OpenAIDriverOptions,
  config: Partial<DriverConfig>,
): Promise<Driver> {
  return await describe(options).create({ apiKey: new Secret(KEY), ...config });
}
