/** A driver over HTTP: what every provider's driver does in the same way. */

import { ProviderError } from "../../errors.ts";
import type { DriverId } from "../../records/model.ts";
import type { Driver, ModelCallOptions, ModelEvent, ModelRequest, PreparedRequest } from "../../ports/driver.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Failures } from "./failures.ts";
import { BEAT } from "./heartbeat.ts";
import { ALIVE, type ReplyReader } from "./reply.ts";
import type { Incoming, WireClient } from "./wire_client.ts";
import { withoutFormat } from "./without_format.ts";
import { withoutWish } from "./without_wish.ts";

/** What tells one provider's API from another's. */
export interface WireApi {
  /** Where a request is posted, below the base URL; begins with a slash. */
  path(request: ModelRequest): string;
  /**
   * The body of a request; the same text for the same request.
   *
   * It has to make something of `responseFormat`: the provider's own member, else `instructed()`.
   */
  body(request: ModelRequest): string;
  /** Headers of a request beyond the driver's, which win over them; names in lower case, none of them a credential. */
  headers?(request: ModelRequest): Readonly<Record<string, string>>;
  /** A reader for one reply to a request. */
  reply(request: ModelRequest): ReplyReader;
  /**
   * Another request to send at once, when a refusal says how this one has to be changed; undefined for none.
   *
   * Asked at most once a call. For limits the provider alone knows; what may succeed unchanged is the kernel's to retry.
   */
  amend?(request: ModelRequest, refusal: ProviderError): ModelRequest | undefined;
  /** How the models are listed; absent when they cannot be. */
  readonly models?: {
    /** Where the list is, below the base URL; begins with a slash. */
    readonly path: string;
    /** The names in the answer; undefined when it is no list. */
    names(answer: unknown): readonly string[] | undefined;
  };
}

/** What a driver is made of. */
export interface DriverParts {
  /** The id it is registered under. */
  readonly id: DriverId;
  /** The API it speaks. */
  readonly api: WireApi;
  /** Where the provider listens. */
  readonly endpoint: Endpoint;
  /** Sends the requests. */
  readonly client: WireClient;
  /** Makes the errors. */
  readonly failures: Failures;
  /** The headers of every request, as they may be shown. */
  readonly shownHeaders: Readonly<Record<string, string>>;
}

/** Speaks one API with one endpoint. */
export class WireDriver implements Driver {
  /** The id it was registered under. */
  readonly id: DriverId;
  /** Its API makes the best of a format, natively or in words. */
  readonly takesResponseFormat = true;
  /** It reads messages, and keeps the JSON of each with the message, not with their list. */
  readonly borrowsMessages = true;
  readonly #parts: DriverParts;

  /** Makes a driver. */
  constructor(parts: DriverParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  /** Builds the exact request. */
  prepare(request: ModelRequest): PreparedRequest {
    const { api, endpoint, shownHeaders } = this.#parts;
    return {
      method: "POST",
      url: endpoint.url(api.path(request)),
      headers: { ...api.headers?.(request), ...shownHeaders, "content-type": "application/json" },
      body: api.body(request),
    };
  }

  /**
   * Sends the request and yields the reply.
   *
   * @throws {ProviderError} when the provider refuses, fails, or stops before the reply is complete
   */
  async *stream(request: ModelRequest, options: ModelCallOptions): AsyncGenerator<ModelEvent, void, void> {
    const { signal } = options;
    signal.throwIfAborted();
    // Whoever stops reading, by `break` or because the reply is complete, closes the connection.
    const left = new AbortController();
    try {
      const { incoming, sent } = await this.#send(request, signal, AbortSignal.any([signal, left.signal]));
      yield* this.#events(incoming, this.#parts.api.reply(sent), signal);
    } finally {
      left.abort();
    }
  }

  /**
   * Names of the models the provider offers.
   *
   * @throws {ProviderError} when the provider refuses, fails or answers with something else
   */
  async listModels(options: ModelCallOptions): Promise<readonly string[]> {
    const { api: { models }, client, endpoint, failures } = this.#parts;
    options.signal.throwIfAborted();
    if (models === undefined) throw failures.unavailable("it has no list of models");
    const answer = await this.#guarded(() => client.get(endpoint.url(models.path), options.signal), options.signal);
    const names = models.names(answer);
    if (names === undefined) throw failures.unavailable("it sent no list of models");
    return names.filter((name) => name !== "");
  }

  /** Sends a request, and in its place the one the provider's refusal asks for. */
  async #send(
    request: ModelRequest,
    signal: AbortSignal,
    any: AbortSignal,
  ): Promise<{ readonly incoming: Incoming; readonly sent: ModelRequest }> {
    const { api, client } = this.#parts;
    const post = (sent: ModelRequest, { url, body }: PreparedRequest): Promise<Incoming> =>
      this.#guarded(() => client.post(url, body, any, api.headers?.(sent)), signal);
    const prepared = this.prepare(request);
    try {
      return { incoming: await post(request, prepared), sent: request };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const amended = api.amend?.(request, error) ?? withoutFormat(request, error) ?? withoutWish(request, error);
      const again = amended === undefined ? prepared : this.prepare(amended);
      if (amended === undefined || again.body === prepared.body) throw error;
      return { incoming: await post(amended, again), sent: amended };
    }
  }

  async *#events(
    incoming: Incoming,
    reply: ReplyReader,
    signal: AbortSignal,
  ): AsyncGenerator<ModelEvent, void, void> {
    const source = incoming.events[Symbol.asyncIterator]();
    let waiting = false;
    try {
      while (true) {
        const next = source.next();
        waiting = true;
        let step = await this.#guarded(() => incoming.heartbeat.either(next), signal);
        while (step === BEAT) {
          yield ALIVE;
          step = await this.#guarded(() => incoming.heartbeat.either(next), signal);
        }
        waiting = false;
        // An aborted stream just ends, and so does one whose peer is gone: neither may pass for a complete reply.
        signal.throwIfAborted();
        const events = step.done === true ? reply.end() : reply.read(step.value);
        if (events.length === 0) {
          throw this.#parts.failures.unavailable("the stream ended before the reply was complete");
        }
        for (const event of events) {
          yield event;
          if (event.type === "done") return;
        }
      }
    } finally {
      // What is still being read ends with the connection.
      if (!waiting) await source.return?.();
    }
  }

  /** Runs something of the client's: what it throws becomes the reason of the abort or a ProviderError. */
  async #guarded<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ProviderError ? error : this.#parts.failures.ofThrown(error);
    }
  }
}
