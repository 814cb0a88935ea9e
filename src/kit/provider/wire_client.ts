/** What a driver sends its requests through. */

import type { Heartbeat } from "./heartbeat.ts";

/** An answer that began to arrive. */
export interface Incoming {
  /** Its events, parsed and otherwise untouched; they may just end when the signal is aborted or the peer is gone. */
  readonly events: AsyncIterable<unknown>;
  /** Its other signs of life. */
  readonly heartbeat: Heartbeat;
}

/** Sends the requests of one driver; what it throws is made a ProviderError by the driver. */
export interface WireClient {
  /** Posts a body as it is, with headers of its own; resolves when the headers of a stream arrived. */
  post(
    url: string,
    body: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Incoming>;
  /** Gets a JSON document. */
  get(url: string, signal: AbortSignal): Promise<unknown>;
}
