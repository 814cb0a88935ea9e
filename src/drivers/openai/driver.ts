/** The driver of both APIs. */

import { ProviderError } from "../../errors.ts";
import type { DriverId } from "../../records/model.ts";
import type { Driver, ModelCallOptions, ModelEvent, ModelRequest, PreparedRequest } from "../../ports/driver.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Additions } from "./additions.ts";
import type { Client, Incoming } from "./client.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Failures } from "./failures.ts";
import { BEAT } from "./heartbeat.ts";
import { fieldsOf, listOf, textOf } from "./narrow.ts";
import { ALIVE, type ReplyReader } from "./reply.ts";

/** What tells the two APIs apart. */
export interface Api {
  /** Where requests are posted, below the base URL. */
  readonly path: string;
  /** The body of a request, with further members; the same text for the same request. */
  body(request: ModelRequest, members: JsonObject): string;
  /** A reader for one reply. */
  reply(): ReplyReader;
}

/** What a driver is made of. */
export interface DriverParts {
  /** The id it is registered under. */
  readonly id: DriverId;
  /** The API it speaks. */
  readonly api: Api;
  /** Where the provider listens. */
  readonly endpoint: Endpoint;
  /** Sends the requests. */
  readonly client: Client;
  /** Makes the errors. */
  readonly failures: Failures;
  /** The headers of every request, as they may be shown. */
  readonly shownHeaders: Readonly<Record<string, string>>;
  /** What the provider wants beyond the API. @default {nothing} */
  readonly additions?: Additions;
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/** Speaks one of OpenAI's APIs with one endpoint. */
export class OpenAIDriver implements Driver {
  /** The id it was registered under. */
  readonly id: DriverId;
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
      url: endpoint.url(api.path),
      headers: { ...this.#ownHeaders(request), ...shownHeaders, "content-type": "application/json" },
      body: api.body(request, this.#parts.additions?.members(request) ?? NOTHING),
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
    const { url, body } = this.prepare(request);
    // Whoever stops reading, by `break` or because the reply is complete, closes the connection.
    const left = new AbortController();
    try {
      const incoming = await this.#guarded(
        () =>
          this.#parts.client.post(url, body, {
            headers: this.#ownHeaders(request),
            signal: AbortSignal.any([signal, left.signal]),
          }),
        signal,
      );
      yield* this.#events(incoming, signal);
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
    const { client, endpoint, failures } = this.#parts;
    options.signal.throwIfAborted();
    const body = await this.#guarded(() => client.get(endpoint.url("/models"), options.signal), options.signal);
    const models = Array.isArray(body) ? body : fieldsOf(body)["data"];
    if (!Array.isArray(models)) throw failures.unavailable("it sent no list of models");
    return listOf(models).map((model) => textOf(fieldsOf(model)["id"])).filter((id) => id !== "");
  }

  #ownHeaders(request: ModelRequest): Readonly<Record<string, string>> {
    return this.#parts.additions?.headers(request) ?? NOTHING;
  }

  async *#events(incoming: Incoming, signal: AbortSignal): AsyncGenerator<ModelEvent, void, void> {
    const reply = this.#parts.api.reply();
    const source = incoming.events[Symbol.asyncIterator]();
    while (true) {
      const next = source.next();
      let step = await this.#guarded(() => incoming.heartbeat.either(next), signal);
      while (step === BEAT) {
        yield ALIVE;
        step = await this.#guarded(() => incoming.heartbeat.either(next), signal);
      }
      // An aborted stream just ends, and so does one whose peer is gone: neither may pass for a complete reply.
      signal.throwIfAborted();
      const events = step.done === true ? reply.end() : reply.read(step.value);
      if (events.length === 0) throw this.#parts.failures.unavailable("the stream ended before the reply was complete");
      for (const event of events) {
        yield event;
        if (event.type === "done") return;
      }
    }
  }

  /** Runs something of the library's: what it throws becomes the reason of the abort or a ProviderError. */
  async #guarded<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ProviderError ? error : this.#parts.failures.ofThrown(error);
    }
  }
}
