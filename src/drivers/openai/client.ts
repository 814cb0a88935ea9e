/** The library, asked for as little as possible: building requests and parsing event streams. */

import type { OpenAI } from "openai";
import { messageOf, ProviderError } from "../../errors.ts";
import { ownHeaders, type Transport } from "../../kit/provider/transport.ts";
import type { Incoming, WireClient } from "../../kit/provider/wire_client.ts";

/** Longest delay a timer takes; deadlines are the kernel's, which aborts the signal. */
const NO_TIMEOUT = 2_147_483_647;

/** Sends requests through the library. */
export class Client implements WireClient {
  readonly #library: OpenAI;
  readonly #transport: Transport;

  private constructor(library: OpenAI, transport: Transport) {
    this.#library = library;
    this.#transport = transport;
  }

  /**
   * Loads the library and makes a client.
   *
   * @throws {ProviderError} `dependency_unavailable` when the library cannot be loaded
   */
  static async open(baseUrl: string, transport: Transport): Promise<Client> {
    let library: typeof import("openai");
    try {
      library = await import("openai");
    } catch (error) {
      throw new ProviderError(
        "dependency_unavailable",
        `Cannot load npm:openai: ${messageOf(error)} (run "deno cache" where the registry can be reached)`,
        { cause: error },
      );
    }
    // Every member keeps the library from reading an environment variable or from acting on its own; with all of them
    // it still tries OPENAI_CUSTOM_HEADERS, whose effect the transport undoes. The key is the transport's alone.
    const client = new library.OpenAI({
      apiKey: "[secret]",
      baseURL: baseUrl,
      organization: null,
      project: null,
      adminAPIKey: null,
      webhookSecret: null,
      logLevel: "off",
      maxRetries: 0,
      timeout: NO_TIMEOUT,
      fetch: transport.fetch,
      defaultHeaders: { Authorization: "Bearer [secret]" },
    });
    return new Client(client, transport);
  }

  /** Posts a body as it is; resolves when the headers of a stream arrived. */
  async post(
    url: string,
    body: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Incoming> {
    // A string with a content type is sent verbatim, where an object would be encoded a second time.
    const sent = this.#library.post<AsyncIterable<unknown>>(url, {
      body,
      headers: { "content-type": "application/json", ...ownHeaders(headers) },
      stream: true,
      signal,
    });
    const { data, response } = await sent.withResponse();
    return { events: data, heartbeat: this.#transport.heartbeatOf(response) };
  }

  /** Gets a JSON document. */
  async get(url: string, signal: AbortSignal): Promise<unknown> {
    return await this.#library.get<unknown>(url, { signal });
  }
}
