/** A made-up web on loopback: names with public addresses, of which connections lead to servers here. */

import type { ConnectTcp, HostLookup, WebFetchOptions } from "../../../src/capabilities/web_fetch/mod.ts";
import { createWebFetch } from "../../../src/capabilities/web_fetch/mod.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import { call, toolContext, toolOf } from "../../src/capabilities/_tool_context.ts";
import type { TestCertificate } from "../../_support/certificates.ts";

/** A public address that belongs to the made-up web. */
export const PUBLIC_ADDRESS = "93.184.216.34";

/** A server that counts connections, whether or not a request comes over them. */
export class Site implements AsyncDisposable {
  readonly #server: Deno.HttpServer;
  readonly #conns = new Set<Deno.Conn>();
  readonly #relay: Deno.TcpListener;
  readonly #done: Promise<void>;
  /** Connections so far. */
  connections = 0;
  /** Requests so far. */
  requests = 0;

  constructor(handler: (request: Request) => Response | Promise<Response>, certificate?: TestCertificate) {
    // What is counted are connections, so they pass a relay before the server sees them.
    this.#relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let port = 0;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: (address) => void (port = address.port),
      onError: () => new Response("broken", { status: 500 }),
      ...(certificate === undefined ? {} : certificate),
    }, (request) => {
      this.requests++;
      return handler(request);
    });
    this.#done = this.#accept(() => port);
  }

  /** Where it listens. */
  get port(): number {
    return this.#relay.addr.port;
  }

  async #accept(port: () => number): Promise<void> {
    const relays: Promise<void>[] = [];
    for await (const conn of this.#relay) {
      this.connections++;
      relays.push(this.#pass(conn, port()));
    }
    await Promise.all(relays);
  }

  async #pass(conn: Deno.TcpConn, port: number): Promise<void> {
    const inner = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#conns.add(conn).add(inner);
    const pipe = (from: Deno.Conn, to: Deno.Conn) => from.readable.pipeTo(to.writable).catch(() => {});
    await Promise.all([pipe(conn, inner), pipe(inner, conn)]);
    this.#conns.delete(conn);
    this.#conns.delete(inner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#relay.close();
    for (const conn of this.#conns) closeQuietly(conn);
    await this.#server.shutdown();
    await this.#done;
  }
}

/** Connections to the made-up address lead to a port here; all others go where they say. */
export function leadingTo(port: () => number): ConnectTcp {
  return ({ hostname, port: asked, signal }) =>
    hostname === PUBLIC_ADDRESS
      ? Deno.connect({ hostname: "127.0.0.1", port: port(), signal })
      : Deno.connect({ hostname, port: asked, signal });
}

/** Every name has the made-up address. */
export const everyName: HostLookup = () => Promise.resolve([PUBLIC_ADDRESS]);

/** Fetches with `web_fetch`. */
export async function fetched(
  options: WebFetchOptions,
  args: JsonObject,
  context: Partial<ToolContext> = {},
): Promise<JsonObject> {
  return await call(toolOf(createWebFetch(options), "web_fetch"), args, { ...toolContext(), ...context });
}

/** Fetches from a site as if it were on the open internet, under any name. */
export function fetchedFrom(
  site: { readonly port: number },
  args: JsonObject,
  options: WebFetchOptions = {},
  context: Partial<ToolContext> = {},
): Promise<JsonObject> {
  return fetched({ lookup: everyName, connect: leadingTo(() => site.port), ...options }, args, context);
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}
