/**
 * An HTTP/1.1 server on a raw socket that does what it is told, wrong things included.
 *
 * It serves one request per connection. Needs `--allow-net=127.0.0.1`. The sockets are those of `node:net`: closing a
 * `Deno.TcpConn` always sends FIN first, so that a reset connection cannot be had from it (Deno 2.9.6).
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The raw body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What the server does with one request. */
export interface WireReply {
  /** What happens when the request has arrived. @default {"answer"} */
  readonly begin?: "answer" | "close" | "stall";
  /** @default {200} */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How the body is delimited. @default {"chunked"} */
  readonly framing?: "chunked" | "close" | "length";
  /** The body, each piece in a write and chunk of its own; may be endless, writing stops when the client is gone. */
  readonly pieces?: Iterable<string | Uint8Array>;
  /**
   * What follows the last piece: the end of the framing, a connection closed without it (a clean end where the framing
   * is `close`), a connection that is reset, or nothing while the connection stays open.
   *
   * @default {"complete"}
   */
  readonly end?: "complete" | "cut" | "reset" | "stall";
}

/** One request and what became of it, to be awaited. */
export interface WireExchange {
  /** The request, when all of it has arrived. */
  readonly request: Promise<WireRequest>;
  /** Resolves when the client has closed the connection of a reply that stalls or is endless. */
  readonly closed: Promise<void>;
}

interface OpenExchange {
  readonly request: PromiseWithResolvers<WireRequest>;
  readonly closed: PromiseWithResolvers<void>;
}

/** A scripted server; dispose of it to end everything it does. */
export class WireServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #reply: (index: number) => WireReply;
  readonly #exchanges: OpenExchange[] = [];
  readonly #sockets = new Set<Socket>();
  #count = 0;

  private constructor(reply: (index: number) => WireReply) {
    this.#reply = reply;
    this.#server = createServer((socket) => void this.#serve(socket, this.#count++));
  }

  /** Starts a server with one reply for every request, or one that depends on how many came before. */
  static async start(reply: WireReply | ((index: number) => WireReply)): Promise<WireServer> {
    const server = new WireServer(typeof reply === "function" ? reply : () => reply);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  /** Where it listens. */
  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** How many requests have begun to arrive. */
  get count(): number {
    return this.#count;
  }

  /** The request of an index, also before it comes. */
  exchange(index: number): WireExchange {
    const { request, closed } = this.#exchange(index);
    return { request: request.promise, closed: closed.promise };
  }

  /** Closes every connection and waits until that is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #exchange(index: number): OpenExchange {
    return this.#exchanges[index] ??= { request: Promise.withResolvers(), closed: Promise.withResolvers() };
  }

  async #serve(socket: Socket, index: number): Promise<void> {
    const reply = this.#reply(index);
    const { request, closed } = this.#exchange(index);
    this.#sockets.add(socket);
    socket.setNoDelay();
    // A client that goes away is what many tests are about.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      closed.resolve();
    });
    request.resolve(await readRequest(socket));
    if (reply.begin === "stall") return;
    if (reply.begin !== "close") await answer(socket, reply);
    if (reply.end === "reset") socket.resetAndDestroy();
    else if (reply.end !== "stall") socket.end();
  }
}

async function answer(socket: Socket, reply: WireReply): Promise<void> {
  const framing = reply.framing ?? "chunked";
  const pieces = framing === "length" ? [...reply.pieces ?? []].map(bytesOf) : reply.pieces ?? [];
  let head = `HTTP/1.1 ${reply.status ?? 200} Scripted\r\nconnection: close\r\n`;
  for (const [name, value] of Object.entries(reply.headers ?? {})) head += `${name}: ${value}\r\n`;
  if (framing === "chunked") head += "transfer-encoding: chunked\r\n";
  if (framing === "length") {
    head += `content-length: ${[...pieces].reduce((sum, piece) => sum + bytesOf(piece).length, 0)}\r\n`;
  }
  if (!await write(socket, bytesOf(`${head}\r\n`))) return;
  for (const piece of pieces) {
    const bytes = bytesOf(piece);
    if (bytes.length > 0 && !await write(socket, framing === "chunked" ? chunk(bytes) : bytes)) return;
  }
  if (framing === "chunked" && (reply.end ?? "complete") === "complete") await write(socket, bytesOf("0\r\n\r\n"));
}

/** Resolves when the bytes are handed to the system; to false when the client is gone. */
function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    socket.once("close", gone);
    socket.write(bytes, (error) => {
      socket.off("close", gone);
      resolve(error === null || error === undefined);
    });
    function gone(): void {
      resolve(false);
    }
  });
}

/** Pending for ever when the client goes away first: then there is nothing to answer. */
function readRequest(socket: Socket): Promise<WireRequest> {
  let bytes = new Uint8Array(0);
  return new Promise((resolve) => {
    socket.on("data", (data: Uint8Array) => {
      bytes = concat(bytes, data);
      const request = parseRequest(bytes);
      if (request !== undefined) resolve(request);
    });
  });
}

/** The request in the bytes; undefined while some of it is missing. */
function parseRequest(bytes: Uint8Array): WireRequest | undefined {
  const headEnd = findHeadEnd(bytes);
  if (headEnd < 0) return undefined;
  const [requestLine = "", ...lines] = new TextDecoder().decode(bytes.subarray(0, headEnd)).split("\r\n");
  const [method = "", target = ""] = requestLine.split(" ");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const body = bytes.slice(headEnd + 4);
  return body.length < Number(headers.get("content-length") ?? 0) ? undefined : { method, target, headers, body };
}

function chunk(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(concat(bytesOf(`${bytes.length.toString(16)}\r\n`), bytes), bytesOf("\r\n"));
}

function findHeadEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
}
