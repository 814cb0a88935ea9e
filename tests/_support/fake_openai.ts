/**
 * A server on loopback that speaks as much of the OpenAI Responses API as one streamed text needs.
 *
 * @module
 */

/** A running server; it stops when it goes out of scope. */
export interface FakeOpenai extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What to set `OPENAI_BASE_URL` to. */
  readonly baseUrl: string;
  /** The only key it accepts. */
  readonly apiKey: string;
  /** Bodies of the accepted requests so far. */
  readonly requests: readonly unknown[];
}

/** Answers every request with the same text, a word a delta. Needs `--allow-net=127.0.0.1`. */
export function serveFakeOpenai(text: string): FakeOpenai {
  const apiKey = "key-of-the-fake";
  const requests: unknown[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      if (request.method !== "POST" || path !== "/v1/responses") {
        return refusal(404, `no such route: ${request.method} ${path}`);
      }
      if (request.headers.get("authorization") !== `Bearer ${apiKey}`) {
        return refusal(401, "wrong key");
      }
      const body = await request.json();
      if (body?.stream !== true) return refusal(400, "this server only streams");
      requests.push(body);
      return new Response(eventStream(responseEvents(String(body.model), text)), {
        headers: { "content-type": "text/event-stream", "x-request-id": "req_1" },
      });
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    baseUrl: `http://${host}/v1`,
    apiKey,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface ResponseEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The events of one response, in the order of the real API. */
function responseEvents(model: string, text: string): ResponseEvent[] {
  const item = { id: "msg_1", type: "message", role: "assistant" };
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  const done = { ...item, status: "completed", content: [part] };
  const base = { id: "resp_1", object: "response", created_at: 1_700_000_000, model, error: null };
  const open = { ...base, status: "in_progress", output: [], usage: null };
  const at = { item_id: item.id, output_index: 0, content_index: 0 };
  const words = text.match(/\S+\s*/g) ?? [];
  return [
    { type: "response.created", response: open },
    { type: "response.in_progress", response: open },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
    ...words.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    { type: "response.output_item.done", output_index: 0, item: done },
    {
      type: "response.completed",
      response: { ...base, status: "completed", output: [done], usage: usage(words.length) },
    },
  ];
}

function usage(outputTokens: number): Record<string, unknown> {
  const inputTokens = 12;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

/** Server-sent events, numbered from 0 as the API does. */
function eventStream(events: readonly ResponseEvent[]): string {
  return events.map((event, index) =>
    `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`
  ).join("");
}

function refusal(status: number, message: string): Response {
  const error = { message, type: "invalid_request_error", code: null, param: null };
  return Response.json({ error }, { status });
}
