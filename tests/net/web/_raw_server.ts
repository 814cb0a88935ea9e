/** A server that answers many requests over one connection with the very bytes it is told. */

import type { TestCertificate } from "../../_support/certificates.ts";

/** What comes back for a request. */
export interface RawReply {
  /** Bytes; none leave the request without an answer. */
  readonly bytes?: string | Uint8Array<ArrayBuffer>;
  /** Whether the server hangs up afterwards. @default {false} */
  readonly hangsUp?: boolean;
}

/** An answer that leaves the connection open. */
export function ok(text: string, headers: string = ""): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n${headers}\r\n${text}`;
}

/** A server on loopback; dispose of it to end everything it does. */
export class RawServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #reply: (request: number, connection: number) => RawReply | Promise<RawReply>;
  readonly #conns = new Set<Deno.Conn>();
  readonly #done: Promise<void>;
  /** Connections so far. */
  connections = 0;
  /** First lines of the requests so far. */
  readonly requests: string[] = [];

  constructor(
    reply: (request: number, connection: number) => RawReply | Promise<RawReply>,
    certificate?: TestCertificate,
  ) {
    this.#reply = reply;
    const where = { hostname: "127.0.0.1", port: 0 };
    this.#listener = certificate === undefined ? Deno.listen(where) : Deno.listenTls({ ...where, ...certificate });
    this.#done = this.#accept();
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#conns.size;
  }

  /** Says something nobody asked over every open connection. */
  async say(text: string): Promise<void> {
    for (const conn of this.#conns) await write(conn, new TextEncoder().encode(text));
  }

  /** Closes every open connection. */
  hangUp(): void {
    for (const conn of this.#conns) this.#close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.hangUp();
    await this.#done;
  }

  async #accept(): Promise<void> {
    const served: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        served.push(this.#serve(conn, this.connections++).catch(() => {}).finally(() => this.#close(conn)));
      }
    } catch {
      // It was closed with a handshake underway.
    }
    await Promise.all(served);
  }

  async #serve(conn: Deno.Conn, connection: number): Promise<void> {
    const chunk = new Uint8Array(16 * 1024);
    let text = "";
    for (;;) {
      const [head, length] = headOf(text);
      if (head === undefined || text.length < head.length + length) {
        const count = await conn.read(chunk);
        if (count === null) return;
        text += String.fromCharCode(...chunk.subarray(0, count));
        continue;
      }
      text = text.slice(head.length + length);
      const request = this.requests.push(head.slice(0, head.indexOf("\r\n"))) - 1;
      const { bytes = "", hangsUp = false } = await this.#reply(request, connection);
      await write(conn, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
      if (hangsUp) return;
    }
  }

  #close(conn: Deno.Conn): void {
    if (!this.#conns.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // The other end was faster.
    }
  }
}

/** Resolves when something has become so, however many turns of the event loop that takes; throws when it never does. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`It never became so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function headOf(text: string): [head: string | undefined, bodyLength: number] {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return [undefined, 0];
  const head = text.slice(0, end + 4);
  return [head, Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)];
}

async function write(conn: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
