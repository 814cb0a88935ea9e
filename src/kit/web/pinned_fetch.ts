/** One request to one vetted host: no redirect is followed, no cookie kept, no proxy asked. */

import type { IncomingMessage } from "node:http";
import type { Clock } from "../../ports/clock.ts";
import { messageOf, RuntimeError } from "../../errors.ts";
import { lazy } from "../lazy.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import type { ConnectionHome, HttpConnection, HttpQuestion } from "./http_connection.ts";
import { connectPinned, type ConnectTcp } from "./pinned_connection.ts";
import type { VettedHost } from "./vetted_address.ts";

/** Options of {@linkcode pinnedFetch}. */
export interface PinnedFetchOptions {
  /** Time. */
  readonly clock: Clock;
  /** The method. @default {"GET"} */
  readonly method?: string;
  /** Headers. @default those HTTP demands */
  readonly headers?: Headers;
  /** The body. @default none */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Ends the request, also while its answer is read. */
  readonly signal?: AbortSignal;
  /** Longest wait for the connection, in milliseconds. */
  readonly connectMs: number;
  /** Most bytes of the answer as they come over the wire. @default no limit */
  readonly maxWireBytes?: number;
  /** Certificates (PEM) that are trusted instead of the system's. @default none */
  readonly caCerts?: readonly string[];
  /** Opens TCP connections. @default `Deno.connect` */
  readonly connect?: ConnectTcp;
  /** Keeps the connection for the next request; its other users must trust the same certificates. @default none */
  readonly pool?: ConnectionPool<HttpConnection>;
}

/** An answer; a `Response` would refuse some of the statuses servers send. */
export interface PinnedAnswer {
  /** The status. */
  readonly status: number;
  /** The headers. */
  readonly headers: Headers;
  /** The body, decoded; must be read to its end or cancelled. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What `bodyOf` undoes. */
const CODINGS = "gzip, br";
/** Longest head of an answer, in bytes. */
const MAX_HEAD = 64 * 1024;
/** Methods that mean the same when they are asked twice (RFC 9110, 9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

const loadNode = lazy(async () => {
  const [{ HttpConnection }, { bodyOf }] = await Promise.all([
    import("./http_connection.ts"),
    import("./answer_body.ts"),
  ]);
  return { HttpConnection, bodyOf };
});

/**
 * Asks a host whose addresses were vetted, over a connection to one of these addresses.
 *
 * TLS proves the name of the URL, and the `Host` header carries it. Without a pool, each request has a connection of its
 * own. With one, a kept connection is used whose address is among those vetted for this very request. Where the other end
 * hangs up on it before a byte of the answer, a request that may be repeated is made once more over a new one; a POST is
 * not, since it may have been done. That takes a server which hangs up in the moment the request is on its way: one that
 * did so before is known, and whoever says how long it waits is left a second earlier.
 *
 * @throws {RuntimeError} `host_unreachable`, `address_refused`, `permission_missing` or `coding_unknown`
 */
export async function pinnedFetch(url: URL, host: VettedHost, options: PinnedFetchOptions): Promise<PinnedAnswer> {
  const { body, method = "GET", pool, signal } = options;
  signal?.throwIfAborted();
  const { HttpConnection, bodyOf } = await loadNode();
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const home = pool === undefined ? undefined : { pool, origin: `${url.protocol}//${host.name}:${port}` };
  const head = {
    host: host.name,
    path: `${url.pathname}${url.search}`,
    method,
    headers: headersOf(url, options),
    maxHeaderSize: MAX_HEAD,
  };
  const question: HttpQuestion = { head, body, signal };
  try {
    const answer = await askKept(home, host.addresses, question) ??
      await new HttpConnection(await connectPinned(host, port, isTls, options), home).ask(question);
    const headers = readHeaders(answer.rawHeaders);
    return { status: answer.statusCode ?? 0, headers, body: readBody(answer, headers) };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("host_unreachable", `Cannot read the answer of ${host.name}: ${messageOf(cause)}`, {
      cause,
    });
  }

  function readBody(answer: IncomingMessage, headers: Headers): PinnedAnswer["body"] {
    const coding = headers.get("content-encoding");
    try {
      return bodyOf(answer, { coding, maxWireBytes: options.maxWireBytes ?? Infinity, signal });
    } catch (error) {
      answer.destroy();
      throw error;
    }
  }
}

/** Undefined where no connection is kept, and where it was lost before the answer to what may be asked once more. */
async function askKept(
  home: ConnectionHome | undefined,
  addresses: readonly string[],
  question: HttpQuestion,
): Promise<IncomingMessage | undefined> {
  const kept = home?.pool.take(home.origin, addresses);
  try {
    return await kept?.ask(question);
  } catch (error) {
    const mayRepeat = REPEATABLE.has(question.head.method ?? "");
    if (!mayRepeat || kept?.isAnswering === true || question.signal?.aborted) throw error;
    return undefined;
  }
}

function headersOf(url: URL, { headers, body, pool }: PinnedFetchOptions): Record<string, string> {
  const all = new Headers(headers);
  if (!all.has("accept-encoding")) all.set("accept-encoding", CODINGS);
  all.set("connection", pool === undefined ? "close" : "keep-alive");
  all.set("host", url.host);
  if (body !== undefined) all.set("content-length", String(body.length));
  return Object.fromEntries(all);
}

function readHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let place = 0; place + 1 < raw.length; place += 2) {
    try {
      headers.append(raw[place] ?? "", raw[place + 1] ?? "");
    } catch {
      // Something the parser lets through and nobody can mean.
    }
  }
  return headers;
}
