/**
 * A server on loopback that answers as every provider does, with their recorded streams.
 *
 * @module
 */

import type { RecordedStream } from "../net/fault_table.ts";
import { TEXT } from "../src/drivers/anthropic/recordings.ts";
import { GEMINI_TEXT } from "../src/drivers/gemini/recordings.ts";
import { COMPLETIONS_TEXT, RESPONSES_TEXT } from "../src/drivers/openai/recordings.ts";

/** A running server; it stops when it goes out of scope. */
export interface FakeProviders extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** The variables that point every provider to it. */
  readonly env: Readonly<Record<string, string>>;
}

const ROUTES: readonly (readonly [path: RegExp, reply: RecordedStream])[] = [
  [/\/responses$/, RESPONSES_TEXT],
  [/\/chat\/completions$/, COMPLETIONS_TEXT],
  [/\/messages$/, TEXT],
  [/:streamGenerateContent$/, GEMINI_TEXT],
];

/** Starts the server. Needs `--allow-net=127.0.0.1`. */
export function serveFakeProviders(): FakeProviders {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "GET") return Response.json({ data: [{ id: "local-model" }] });
    const reply = ROUTES.find(([path]) => path.test(pathname))?.[1];
    if (reply === undefined) return new Response(null, { status: 404 });
    return new Response(reply.pieces.join(""), { headers: { "content-type": "text/event-stream" } });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const origin = `http://${host}`;
  return {
    host,
    env: {
      OPENAI_API_KEY: "key-of-the-fake",
      OPENAI_BASE_URL: `${origin}/v1`,
      ANTHROPIC_API_KEY: "key-of-the-fake",
      ANTHROPIC_BASE_URL: origin,
      GEMINI_API_KEY: "key-of-the-fake",
      GEMINI_BASE_URL: origin,
      OPENROUTER_API_KEY: "key-of-the-fake",
      OPENROUTER_BASE_URL: `${origin}/api/v1`,
      AZURE_OPENAI_API_KEY: "key-of-the-fake",
      AZURE_OPENAI_ENDPOINT: origin,
      OLLAMA_HOST: host,
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
