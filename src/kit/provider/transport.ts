/** What goes out to a provider, and what is let in. */

import { guardBody, readCapped } from "./body_guard.ts";
import type { Failures } from "./failures.ts";
import { Heartbeat } from "./heartbeat.ts";
import { isFields } from "./narrow.ts";

const MAX_STREAM_BYTES = 64 * 1024 * 1024;
/** Enough to find the code in an error; a message shows much less of it. */
const MAX_ERROR_BYTES = 64 * 1024;
const OWN_HEADERS = "x-own-headers";

/** Sends one HTTP request; the shape in which `fetch` is used. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The header that carries the headers of one request through a library, as JSON; it is never sent itself.
 *
 * Among a library's own headers they could not be told from those it takes out of the environment.
 */
export function ownHeaders(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { [OWN_HEADERS]: encodeURIComponent(JSON.stringify(headers)) };
}

/** What a transport is made of. */
export interface TransportParts {
  /** Sends the requests. */
  readonly fetch: FetchFunction;
  /** The headers of every request, credentials included; besides them only a request's own ones are sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Most bytes of one line of a stream. */
  readonly maxLineBytes: number;
  /** Makes the errors. */
  readonly failures: Failures;
}

/**
 * Sends the requests of one driver.
 *
 * Headers are built from nothing rather than taken over: a library that reads the environment, such as
 * `OPENAI_CUSTOM_HEADERS`, would replace even the key.
 */
export class Transport {
  readonly #parts: TransportParts;
  readonly #heartbeats = new WeakMap<Response, Heartbeat>();

  /** Makes a transport. */
  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  /** Sends a request; throws a ProviderError unless the answer is one that can be read. */
  readonly fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { failures, headers } = this.#parts;
    const body = init.body ?? null;
    const sent = new Headers({ ...(body === null ? {} : carried(init.headers)), ...headers });
    if (body !== null) sent.set("content-type", "application/json");
    const response = await this.#parts.fetch(String(url), {
      method: init.method ?? "GET",
      headers: sent,
      body,
      signal: init.signal ?? null,
      redirect: "manual",
    });
    if (!response.ok) throw await this.#refusal(response);
    if (response.body === null) throw failures.unavailable("it sent an empty body", response.status);
    return body === null ? this.#document(response, response.body) : await this.#stream(response, response.body);
  };

  /** The signs of life of an answer this transport returned. */
  heartbeatOf(response: Response): Heartbeat {
    return this.#heartbeats.get(response) ?? new Heartbeat();
  }

  async #refusal(response: Response): Promise<Error> {
    const { failures } = this.#parts;
    if (response.status < 400) {
      await response.body?.cancel();
      return failures.ofRedirect(response.status, response.headers.get("location") ?? "");
    }
    const text = response.body === null ? "" : await readCapped(response.body, MAX_ERROR_BYTES);
    return failures.ofResponse(response.status, response.headers, text);
  }

  /** A stream of events; anything else would be read as a stream without events, and report nothing. */
  async #stream(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Response> {
    const type = mediaType(response);
    if (/html|json|xml/.test(type)) throw await this.#notAStream(type, response.status, body);
    const { failures, maxLineBytes } = this.#parts;
    const heartbeat = new Heartbeat();
    const guarded = guardBody(body, { total: MAX_STREAM_BYTES, line: maxLineBytes }, {
      exceeded: (what, limit) => failures.tooMuch(what, limit),
      comment: () => heartbeat.beat(),
    });
    const checked = new Response(guarded, { status: response.status, headers: response.headers });
    this.#heartbeats.set(checked, heartbeat);
    return checked;
  }

  async #notAStream(type: string, status: number, body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Error> {
    const text = await readCapped(body, MAX_ERROR_BYTES);
    const error = errorIn(text);
    if (error !== undefined) return this.#parts.failures.ofBody(error);
    return this.#parts.failures.unavailable(
      `it sent ${type} instead of an event stream; something between may have answered, or the base URL is wrong`,
      status,
    );
  }

  #document(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>): Response {
    const { failures } = this.#parts;
    const limits = { total: MAX_STREAM_BYTES, line: MAX_STREAM_BYTES };
    const guarded = guardBody(body, limits, { exceeded: (_what, limit) => failures.tooMuch("a document", limit) });
    return new Response(guarded, { status: response.status, headers: response.headers });
  }
}

function carried(headers: HeadersInit | undefined): Readonly<Record<string, string>> {
  const text = new Headers(headers).get(OWN_HEADERS);
  return text === null ? {} : JSON.parse(decodeURIComponent(text));
}

function mediaType(response: Response): string {
  return (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The error of a JSON body that has one. */
function errorIn(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return isFields(body) ? body["error"] ?? undefined : undefined;
  } catch {
    return undefined;
  }
}
