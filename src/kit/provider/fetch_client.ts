/** Requests over `fetch` alone, for providers without a library that keeps to the network grant. */

import { createParser } from "eventsource-parser";
import { ownHeaders, type Transport } from "./transport.ts";
import type { Incoming, WireClient } from "./wire_client.ts";

/** Sends requests through a transport and parses its event streams as JSON. */
export class FetchClient implements WireClient {
  readonly #transport: Transport;

  /** Makes a client over a transport. */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Posts a body as it is; resolves when the headers of a stream arrived. */
  async post(
    url: string,
    body: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Incoming> {
    const response = await this.#transport.fetch(url, { method: "POST", body, headers: ownHeaders(headers), signal });
    return { events: jsonEvents(response), heartbeat: this.#transport.heartbeatOf(response) };
  }

  /** Gets a JSON document. */
  async get(url: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#transport.fetch(url, { signal });
    return await response.json();
  }
}

/**
 * The `data` of every event of a stream, parsed; `[DONE]` ends it.
 *
 * By the format's rule an event counts when its blank line has arrived; what a stream that was cut off left behind is
 * dropped. Lines are bounded by the transport.
 *
 * @throws {SyntaxError} when the data of an event is not JSON
 */
async function* jsonEvents(response: Response): AsyncGenerator<unknown, void, void> {
  if (response.body === null) return;
  let arrived: string[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event.data) });
  // Not a stream of decoded text: piping would read ahead of whoever reads the events.
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const events = arrived;
    arrived = [];
    for (const data of events) {
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}
