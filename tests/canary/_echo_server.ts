/** A provider that fails in every way, and tells in every spelling what it was sent. */

import { Buffer } from "node:buffer";

/** How the provider fails: the first part of the path of a base URL. */
export const FAULTS = [
  "400",
  "401",
  "403",
  "404",
  "413",
  "429",
  "500",
  "529",
  "401-page",
  "502-text",
  "400-empty",
  "redirect",
  "page-200",
  "error-200",
  "garbage-event",
  "error-event",
  "unknown-event",
  "cut-stream",
] as const;

/** How the provider fails. */
export type Fault = typeof FAULTS[number];

/** A running server; it stops when it goes out of scope. */
export interface EchoServer extends AsyncDisposable {
  /** Where it listens. */
  readonly origin: string;
  /** Everything it was sent, for a control: the keys must have arrived. */
  readonly received: string[];
  /** Resolves when a request below `/stall` has arrived, which gets no answer. */
  readonly stalled: Promise<void>;
}

/** Starts the server. Needs `--allow-net=127.0.0.1`. */
export function serveEcho(): EchoServer {
  const received: string[] = [];
  const stalled = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    const values = [url.search, ...[...request.headers].map(([, value]) => value)];
    received.push(values.join("\n"));
    await request.text();
    if (url.pathname.startsWith("/stall/")) {
      stalled.resolve();
      return await gone.promise;
    }
    return answer(url.pathname.split("/")[1] ?? "", spelled(values));
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    received,
    stalled: stalled.promise,
    [Symbol.asyncDispose]: () => {
      gone.resolve(new Response(null, { status: 503 }));
      return server.shutdown();
    },
  };
}

/** Values in every spelling in which a server may give them back. */
export function spelled(values: readonly string[]): string {
  return values.filter((value) => value.length > 6).flatMap((value) => {
    const bare = value.replace(/^Bearer /, "");
    return [
      value,
      bare,
      JSON.stringify(value),
      JSON.stringify(JSON.stringify(value)),
      encodeURIComponent(bare),
      encodeURIComponent(bare).toLowerCase(),
      Buffer.from(bare).toString("base64"),
      Buffer.from(bare).toString("base64url"),
      Buffer.from(`user:${bare}`).toString("base64"),
      Buffer.from(bare).toString("hex"),
      Buffer.from(bare).toString("hex").toUpperCase(),
      bare.replaceAll("/", "\\/"),
    ];
  }).join(" ");
}

function answer(fault: string, echo: string): Response {
  const error = { type: "error", error: { message: echo, type: "some_error", code: echo.slice(0, 300) } };
  const sse = { "content-type": "text/event-stream" };
  const status = Number(/^\d{3}$/.exec(fault)?.[0]);
  if (status > 0) {
    return Response.json(error, { status, headers: { "x-request-id": echo.split(" ")[0] ?? "" } });
  }
  switch (fault) {
    case "401-page":
      return new Response(`<html><body>${echo}</body></html>`, {
        status: 401,
        headers: { "content-type": "text/html" },
      });
    case "502-text":
      return new Response(`Bad gateway: ${echo}`, { status: 502 });
    case "400-empty":
      return Response.json({ detail: echo, unknown: echo }, { status: 400 });
    case "redirect":
      return new Response(null, {
        status: 307,
        headers: { location: `http://127.0.0.1:9/?was=${echo.split(" ")[1]}` },
      });
    case "page-200":
      return new Response(`<html>${echo}</html>`, { headers: { "content-type": "text/html" } });
    case "error-200":
      return Response.json(error);
    case "garbage-event":
      return new Response(`data: {"was": ${echo.split(" ")[1]} nonsense\n\n`, { headers: sse });
    case "error-event":
      return new Response(`event: error\ndata: ${JSON.stringify({ ...error, message: echo, code: echo })}\n\n`, {
        headers: sse,
      });
    case "unknown-event":
      return new Response(`event: ${echo.split(" ")[1]}\ndata: {"type":"unknown"}\n\n`, { headers: sse });
    default:
      return new Response(`: ${echo}\n\n`, { headers: sse });
  }
}
