/** One request to one vetted host: no redirect is followed, no cookie kept, no proxy asked. */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Clock } from "../../ports/clock.ts";
import { messageOf, RuntimeError } from "../../errors.ts";
import { lazy } from "../lazy.ts";
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

const loadNode = lazy(async () => {
  const [{ request }, { bodyOf }] = await Promise.all([import("node:http"), import("./answer_body.ts")]);
  return { request, bodyOf };
});

/**
 * Asks a host whose addresses were vetted, over a connection to one of these addresses.
 *
 * TLS proves the name of the URL, and the `Host` header carries it. Each request has a connection of its own.
 *
 * @throws {RuntimeError} `host_unreachable`, `address_refused`, `permission_missing` or `coding_unknown`
 */
export async function pinnedFetch(url: URL, host: VettedHost, options: PinnedFetchOptions): Promise<PinnedAnswer> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { request, bodyOf } = await loadNode();
  const isTls = url.protocol === "https:";
  const stream = await connectPinned(host, Number(url.port || (isTls ? 443 : 80)), isTls, options);
  const sent = request({
    host: host.name,
    path: `${url.pathname}${url.search}`,
    method: options.method ?? "GET",
    headers: headersOf(url, options),
    maxHeaderSize: MAX_HEAD,
    createConnection: () => stream,
  });
  const abort = (): void => void stream.destroy(signal?.reason instanceof Error ? signal.reason : undefined);
  signal?.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal?.removeEventListener("abort", abort));
  if (signal?.aborted) abort();
  try {
    sent.end(options.body);
    const answer = await answerTo(sent);
    // A server that was asked to close the connection need not do it.
    answer.once("end", () => stream.destroy());
    const headers = readHeaders(answer.rawHeaders);
    const coding = headers.get("content-encoding");
    const body = bodyOf(answer, { coding, maxWireBytes: options.maxWireBytes ?? Infinity, signal });
    return { status: answer.statusCode ?? 0, headers, body };
  } catch (cause) {
    stream.destroy();
    signal?.throwIfAborted();
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("host_unreachable", `Cannot read the answer of ${host.name}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function headersOf(url: URL, { headers, body }: PinnedFetchOptions): Record<string, string> {
  const all = new Headers(headers);
  if (!all.has("accept-encoding")) all.set("accept-encoding", CODINGS);
  all.set("connection", "close");
  all.set("host", url.host);
  if (body !== undefined) all.set("content-length", String(body.length));
  return Object.fromEntries(all);
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.once("upgrade", () => reject(new Error("it wants to speak another protocol")));
    sent.once("close", () => reject(new Error("the connection was closed")));
    // What fails later, the body tells.
    sent.on("error", () => {});
  });
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
