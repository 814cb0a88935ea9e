/** A fetch for servers: it vets where it goes and bounds what comes back. */

import { RuntimeError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { lazy } from "../kit/lazy.ts";
import type { ConnectionPool } from "../kit/web/connection_pool.ts";
import type { HttpConnection } from "../kit/web/http_connection.ts";
import { type HostLookup, vetHost, type VettedHost } from "../kit/web/vetted_address.ts";
import { mcpError, type McpFailureCode } from "./failure.ts";

/** A function like `fetch`. */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Options of {@linkcode guardFetch}. */
export interface GuardOptions {
  /** Makes the requests. @default {over connections to the vetted addresses} */
  readonly fetch?: McpFetch;
  /** Finds addresses. */
  readonly lookup: HostLookup;
  /** Whether this machine may be reached, also without TLS. */
  readonly allowLoopback: boolean;
  /** Whether private networks may be reached, also without TLS. */
  readonly allowPrivate: boolean;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs: number;
  /** Time. */
  readonly clock: Clock;
  /** Keeps connections for further requests. @default {a connection for each request} */
  readonly pool?: ConnectionPool<HttpConnection>;
}

/** Longest message of a stream, and longest answer that is none, in bytes. */
const MAX_EVENT = 4 * 1024 * 1024;
const MAX_BODY = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;

const CODES: ReadonlyMap<string, McpFailureCode> = new Map([
  ["address_refused", "mcp_address_refused"],
  ["host_unreachable", "mcp_server_unreachable"],
]);

const loadPinned = lazy(() => import("../kit/web/pinned_fetch.ts"));

/**
 * Makes a fetch of which every request, also one that authorization needs, goes to a public address over TLS.
 *
 * A name is resolved once for each request and every address it has is vetted; the connection goes to such an address,
 * whatever the name means by then. A `fetch` of the host resolves the name once more: what changes within that moment
 * it does not catch.
 */
export function guardFetch(options: GuardOptions): McpFetch {
  return async (target, init) => {
    const url = new URL(target);
    try {
      const host = await vet(url, options);
      // Whoever asked decides about a redirect, and comes back here with it.
      const asked: RequestInit = { ...init, redirect: "manual" };
      return capResponse(await (options.fetch?.(url, asked) ?? fetchPinned(url, host, asked, options)));
    } catch (error) {
      const code = error instanceof RuntimeError ? CODES.get(error.code) : undefined;
      throw code === undefined || !(error instanceof Error) ? error : mcpError(code, error.message, error);
    }
  };
}

async function vet(url: URL, options: GuardOptions): Promise<VettedHost> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(url, `${url.protocol} is no web address`);
  const host = await vetHost(url, options);
  if (host.isPublic && url.protocol === "http:") throw refused(url, "it is not encrypted (use https)");
  return host;
}

async function fetchPinned(url: URL, host: VettedHost, init: RequestInit, options: GuardOptions): Promise<Response> {
  const { pinnedFetch } = await loadPinned();
  const request = new Request(url, init);
  const body = request.body === null ? undefined : await request.bytes();
  const { status, headers, body: answer } = await pinnedFetch(url, host, {
    clock: options.clock,
    connectMs: options.connectMs,
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    ...(options.pool === undefined ? {} : { pool: options.pool }),
    ...(body === undefined ? {} : { body }),
  });
  if (status < 200 || status > 599) {
    await answer.cancel();
    throw mcpError(
      "mcp_server_unreachable",
      `Cannot read the answer of ${url.host}: nobody knows its status ${status}`,
    );
  }
  const hasNone = status === 204 || status === 205 || status === 304;
  if (hasNone) await answer.cancel();
  const response = new Response(hasNone ? null : answer, { status, headers });
  Object.defineProperty(response, "url", { value: url.href });
  return response;
}

function refused(url: URL, reason: string): Error {
  return mcpError("mcp_address_refused", `Cannot reach ${url.host}: ${reason}`);
}

/** Cuts off a body that grows beyond its cap: a stream's single event, or the whole of anything else. */
function capResponse(response: Response): Response {
  const { body } = response;
  if (body === null) return response;
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const max = isStream ? MAX_EVENT : MAX_BODY;
  let bytes = 0;
  let isBlank = true;
  const capped = body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller): void {
        bytes += chunk.length;
        if (isStream) {
          // An event ends at a blank line, and is collected until then however many lines it has.
          for (let place = 0; place < chunk.length; place++) {
            const byte = chunk[place];
            if (byte === CR) continue;
            if (byte === LF && isBlank) bytes = chunk.length - place - 1;
            isBlank = byte === LF;
          }
        }
        if (bytes > max) controller.error(mcpError("mcp_server_unreachable", `an answer has more than ${max} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  const wrapped = new Response(capped, { status, statusText, headers });
  // Redirects and relative addresses are judged by it; a response made by hand has none.
  Object.defineProperty(wrapped, "url", { value: response.url });
  return wrapped;
}
