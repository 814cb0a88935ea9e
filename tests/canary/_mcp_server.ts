/** A server over HTTP that tells everything it was sent in whatever it answers. */

import { spelled } from "./_echo_server.ts";

/** The tools, each of which tells in another way; the last ones fail. */
export const TOOLS = [
  "text",
  "structured",
  "resource",
  "is_error",
  "rpc_error",
  "http_500",
  "page",
  "garbage",
] as const;

/** A running server; it stops when it goes out of scope. */
export interface TellingServer extends AsyncDisposable {
  /** Where it listens. */
  readonly origin: string;
  /** Everything it was sent. */
  readonly received: string[];
}

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly protocolVersion?: string };
}

/**
 * Starts the server. Needs `--allow-net=127.0.0.1`.
 *
 * Its paths are `/mcp`, `/protected` where a bearer token is needed that it never takes, and `/unlisted`, which fails to
 * list its tools. Requests for tokens are answered as `tokens` says.
 */
export function serveTelling(tokens: (form: string, told: string) => Response): TellingServer {
  const received: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search, origin } = new URL(request.url);
    const body = await request.text();
    const told = spelled([search, ...[...request.headers].map(([, value]) => value)]);
    received.push(`${request.method} ${pathname}${search} ${told} ${body}`);
    switch (pathname) {
      case "/token":
        return tokens(body, spelled([...new URLSearchParams(body).values()]));
      case "/.well-known/oauth-protected-resource/protected":
        return Response.json({ resource: `${origin}/protected`, authorization_servers: [origin] });
      case "/.well-known/oauth-authorization-server":
        return Response.json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          response_types_supported: ["code"],
          code_challenge_methods_supported: ["S256"],
        });
      case "/protected": {
        const metadata = `${origin}/.well-known/oauth-protected-resource/protected`;
        // Without a body: the official client leaves it unread when signing in fails (2.4.0).
        return new Response(null, {
          status: 401,
          headers: {
            "www-authenticate": `Bearer resource_metadata="${metadata}", error_description="${
              told.replace(/[^\w/+=]/g, " ")
            }"`,
          },
        });
      }
      default:
        if (request.method !== "POST") return new Response(told, { status: 405 });
        return answer(JSON.parse(body), told, pathname);
    }
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    received,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function answer({ id, method, params }: Request, told: string, path: string): Response {
  const result = (value: unknown): Response => Response.json({ jsonrpc: "2.0", id, result: value });
  const error = (message: string): Response =>
    Response.json({ jsonrpc: "2.0", id, error: { code: -32603, message, data: told } });
  switch (method) {
    case "initialize":
      return result({
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "telling", version: told },
        instructions: told,
      });
    case "tools/list": {
      if (path === "/unlisted") return error(told);
      const inputSchema = { type: "object", properties: { a: { type: "string", description: told } } };
      return result({
        tools: TOOLS.map((name) => ({ name, title: told, description: told, inputSchema, _meta: { told } })),
      });
    }
    case "tools/call":
      break;
    default:
      return id === undefined ? new Response(null, { status: 202 }) : error(told);
  }
  switch (params?.name) {
    case "structured":
      return result({ content: [], structuredContent: { told: [told, { [told]: told }] } });
    case "resource":
      return result({
        content: [{ type: "resource", resource: { uri: "env://all", text: told } }, { type: "text", text: told }],
      });
    case "is_error":
      return result({ isError: true, content: [{ type: "text", text: told }] });
    case "rpc_error":
      return error(told);
    case "http_500":
      return new Response(told, { status: 500 });
    case "page":
      return new Response(`<html>${told}</html>`, { headers: { "content-type": "text/html" } });
    case "garbage":
      return new Response(`{"jsonrpc": ${told}`, { headers: { "content-type": "application/json" } });
    default:
      return result({ content: [{ type: "text", text: told }] });
  }
}
