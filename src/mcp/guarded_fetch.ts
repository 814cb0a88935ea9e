/** A fetch for servers: it vets where it goes and bounds what comes back. */

import { addressKind } from "../kit/private_address.ts";
import { mcpError } from "./failure.ts";

/** A function like `fetch`. */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** The addresses of a host name. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** Options of {@linkcode guardFetch}. */
export interface GuardOptions {
  /** Makes the requests. */
  readonly fetch: McpFetch;
  /** Finds addresses. */
  readonly lookup: HostLookup;
  /** Whether this machine may be reached, also without TLS. */
  readonly allowLoopback: boolean;
  /** Whether private networks may be reached, also without TLS. */
  readonly allowPrivate: boolean;
}

/** Longest message of a stream, and longest answer that is none, in bytes. */
const MAX_EVENT = 4 * 1024 * 1024;
const MAX_BODY = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;

/**
 * Wraps a fetch: every request, also one that authorization needs, goes to a public address over TLS.
 *
 * A name is resolved and every address it has is vetted before each request. The connection resolves it again, so a
 * name that changes within that moment is not caught; a `--deny-net` of the private blocks catches it.
 */
export function guardFetch(options: GuardOptions): McpFetch {
  return async (target, init) => {
    const url = new URL(target);
    await vetAddress(url, options);
    // Whoever asked decides about a redirect, and comes back here with it.
    return capResponse(await options.fetch(url, { ...init, redirect: "manual" }));
  };
}

/**
 * Refuses an address that leads somewhere it must not.
 *
 * @throws {RuntimeError} `mcp_address_refused` or `permission_missing`
 */
export async function vetAddress(url: URL, options: Omit<GuardOptions, "fetch">): Promise<void> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(url, `${url.protocol} is no web address`);
  const { hostname } = url;
  const literal = isLocalName(hostname) ? "loopback" : addressKind(hostname);
  const kinds = literal === undefined ? (await resolve(url, options.lookup)).map(addressKind) : [literal];
  if (kinds.length === 0) throw mcpError("mcp_server_unreachable", `Cannot reach ${hostname}: the name has no address`);
  for (const kind of kinds) {
    if (kind === "loopback" && !options.allowLoopback && !options.allowPrivate) {
      throw refused(url, "it leads to this machine (allow it with allowLoopback)");
    }
    if (kind !== "public" && kind !== "loopback" && !options.allowPrivate) {
      throw refused(url, "it leads to a private address (allow it with allowPrivate)");
    }
    if (kind === "public" && url.protocol === "http:") throw refused(url, "it is not encrypted (use https)");
  }
}

/** The addresses of a name, as the system finds them; needs `--allow-net=HOST` without a port. */
export async function systemLookup(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

async function resolve({ hostname }: URL, lookup: HostLookup): Promise<readonly string[]> {
  try {
    return await lookup(hostname);
  } catch (error) {
    // Deno 2.9.6 reports a missing grant as this code of the system.
    if (error instanceof Error && "code" in error && error.code === "EPERM") {
      throw mcpError(
        "permission_missing",
        `Cannot resolve ${hostname}: net access is not granted (run with --allow-net=${hostname})`,
        error,
      );
    }
    throw mcpError("mcp_server_unreachable", `Cannot reach ${hostname}: its name cannot be resolved`, error);
  }
}

function isLocalName(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(hostname);
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
