/** One connection that serves one request after another. */

import { Agent, type IncomingMessage, request, type RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectionPool, IdleConnection } from "./connection_pool.ts";
import type { PinnedConnection } from "./pinned_connection.ts";

/** What is asked over a connection. */
export interface HttpQuestion {
  /** The head. */
  readonly head: RequestOptions;
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** Ends the request, also while its answer is read; it has no say once the answer has been read. */
  readonly signal: AbortSignal | undefined;
}

/** Where a connection goes when it is free. */
export interface ConnectionHome {
  /** The pool. */
  readonly pool: ConnectionPool<HttpConnection>;
  /** What the pool knows it by. */
  readonly origin: string;
}

/**
 * A connection as an agent of Node's HTTP client, which tells by its documented methods when it is free.
 *
 * It is free when the request was written and the answer read to its end, and both ends want to go on. Whatever comes
 * while nothing is asked, or after the end of an answer, belongs to no request: the connection is closed.
 */
export class HttpConnection extends Agent implements IdleConnection {
  readonly address: string;
  readonly #conn: Deno.TcpConn;
  readonly #stream: Duplex;
  readonly #home: ConnectionHome | undefined;
  #isAsked = false;
  #isAnswering = false;
  #answer: IncomingMessage | undefined;
  #release: () => void = () => {};

  constructor({ address, conn, stream }: PinnedConnection, home?: ConnectionHome) {
    super({ keepAlive: home !== undefined, maxSockets: 1 });
    this.address = address;
    this.#conn = conn;
    this.#stream = stream;
    this.#home = home;
    // Head and body are written apart: the second would wait for the first to be acknowledged, 40 ms on Linux.
    conn.setNoDelay();
    // First in the row, before the parser of an answer sees the same bytes.
    stream.on("data", () => {
      if (!this.#isAsked || this.#answer?.complete === true) stream.destroy();
      else this.#isAnswering = true;
    });
    stream.on("end", () => {
      if (!this.#isAsked) stream.destroy();
    });
    stream.once("close", () => {
      this.#release();
      home?.pool.drop(this);
    });
  }

  get isUsable(): boolean {
    const { destroyed, readable, writable } = this.#stream;
    return !destroyed && readable && writable;
  }

  /** Whether a byte of the last answer has come. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  close(): void {
    this.#stream.destroy();
  }

  /**
   * Sends a request and gives the head of its answer; one at a time.
   *
   * @throws what ended the connection
   */
  ask({ head, body, signal }: HttpQuestion): Promise<IncomingMessage> {
    this.#answer = undefined;
    this.#isAnswering = false;
    const abort = (): void => void this.#stream.destroy(signal?.reason instanceof Error ? signal.reason : undefined);
    signal?.addEventListener("abort", abort, { once: true });
    this.#release = () => signal?.removeEventListener("abort", abort);
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({ ...head, agent: this });
      sent.once("socket", () => this.#isAsked = true);
      sent.once("response", (answer) => {
        this.#answer = answer;
        // Who has answered may never read the rest.
        answer.once("end", () => sent.writableFinished || this.close());
        resolve(answer);
      });
      sent.once("error", reject);
      sent.once("upgrade", () => reject(new Error("it wants to speak another protocol")));
      sent.once("close", () => reject(new Error("the connection was closed")));
      // What fails later, the body tells.
      sent.on("error", () => {});
      if (signal?.aborted) abort();
      sent.end(body);
    }).catch((error) => {
      this.close();
      throw error;
    });
  }

  override createConnection(): Duplex {
    return this.#stream;
  }

  override keepSocketAlive(): boolean {
    this.#release();
    this.#isAsked = false;
    const answer = this.#answer;
    if (this.#home === undefined || !this.isUsable || answer?.complete !== true || answer.httpVersion !== "1.1") {
      return false;
    }
    if (!this.#home.pool.put(this.#home.origin, this, patienceOf(answer))) return false;
    // Somebody has to listen for the other end, but not for longer than the process has something to do.
    this.#conn.unref();
    this.#stream.resume();
    return true;
  }

  override reuseSocket(stream: Duplex, asked: Parameters<Agent["reuseSocket"]>[1]): void {
    this.#conn.ref();
    super.reuseSocket(stream, asked);
    // Or Deno 2.9.6 repeats the request by itself when the connection is lost, whatever its method.
    asked.reusedSocket = false;
  }
}

/** Milliseconds from a header that servers like to send (RFC 2068, 19.7.1.1). */
function patienceOf({ headers }: IncomingMessage): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(String(headers["keep-alive"] ?? ""))?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1_000;
}
