/**
 * A server on loopback that speaks the OpenAI Responses API and answers by a script, one reply a request.
 *
 * @module
 */

/** What the model says next. */
export interface ScriptedReply {
  readonly thinking?: string;
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
  /** The stream stays open until it resolves. */
  readonly until?: Promise<void>;
  /** Answers with this HTTP status instead. */
  readonly status?: number;
}

/** A tool call. */
export interface ScriptedCall {
  readonly name: string;
  readonly arguments: object;
}

/** A reply, or how it follows from the request. */
export type ScriptedStep = string | ScriptedReply | ((request: ProviderRequest) => ScriptedReply);

/** A request as the API gets it. */
export interface ProviderRequest {
  readonly model: string;
  readonly instructions?: string;
  readonly input: readonly Readonly<Record<string, unknown>>[];
  readonly tools?: readonly { readonly name: string; readonly description?: string }[];
  readonly reasoning?: { readonly effort?: string };
}

/** A running server; it stops when it goes out of scope. */
export interface ScriptedProvider extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What `--base-url` or `OPENAI_BASE_URL` has to be. */
  readonly baseUrl: string;
  /** The requests so far. */
  readonly requests: readonly ProviderRequest[];
  /** Resolves with the request of a number, from 1, when it has come. */
  request(number: number): Promise<ProviderRequest>;
}

/** Starts the server; a request after the last step gets "(the script is over)". Needs `--allow-net=127.0.0.1`. */
export function serveScript(steps: readonly ScriptedStep[]): ScriptedProvider {
  const requests: ProviderRequest[] = [];
  const waiting = new Map<number, PromiseWithResolvers<ProviderRequest>>();
  const gone = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (http) => {
    if (!new URL(http.url).pathname.endsWith("/responses")) return new Response(null, { status: 404 });
    const request: ProviderRequest = await http.json();
    const step = steps[requests.length] ?? "(the script is over)";
    requests.push(request);
    waiting.get(requests.length)?.resolve(request);
    const reply = typeof step === "string" ? { text: step } : typeof step === "function" ? step(request) : step;
    if (reply.status !== undefined) {
      return Response.json({ error: { message: "scripted failure", type: "x" } }, { status: reply.status });
    }
    const body = ReadableStream.from(eventsOf(reply, `resp_${requests.length}`, request.model, gone.signal));
    return new Response(body.pipeThrough(new TextEncoderStream()), {
      headers: { "content-type": "text/event-stream" },
    });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    baseUrl: `http://${host}/v1`,
    requests,
    request: (number) => {
      const come = requests[number - 1];
      if (come !== undefined) return Promise.resolve(come);
      const next = waiting.get(number) ?? Promise.withResolvers<ProviderRequest>();
      waiting.set(number, next);
      return next.promise;
    },
    [Symbol.asyncDispose]: async () => {
      gone.abort();
      await server.shutdown();
    },
  };
}

async function* eventsOf(reply: ScriptedReply, id: string, model: string, gone: AbortSignal): AsyncGenerator<string> {
  const base = { id, object: "response", created_at: 1_700_000_000, model, error: null };
  yield event("response.created", { response: { ...base, status: "in_progress", output: [] } });
  const output: object[] = [];
  if (reply.thinking !== undefined) {
    const item = { type: "reasoning", id: `rs_${id}`, summary: [{ type: "summary_text", text: reply.thinking }] };
    yield event("response.output_item.added", { output_index: 0, item: { ...item, summary: [] } });
    yield event("response.reasoning_summary_text.delta", { summary_index: 0, delta: reply.thinking });
    yield event("response.output_item.done", { output_index: 0, item });
    output.push(item);
  }
  if (reply.text !== undefined) {
    const part = { type: "output_text", text: reply.text, annotations: [] };
    const item = { id: `msg_${id}`, type: "message", role: "assistant" };
    const at = { item_id: item.id, output_index: output.length, content_index: 0 };
    yield event("response.output_item.added", { output_index: output.length, item: { ...item, content: [] } });
    for (const delta of reply.text.match(/\S+\s*|\s+/g) ?? []) {
      yield event("response.output_text.delta", { ...at, delta });
    }
    yield event("response.output_text.done", { ...at, text: reply.text });
    const done = { ...item, status: "completed", content: [part] };
    yield event("response.output_item.done", { output_index: output.length, item: done });
    output.push(done);
  }
  if (reply.until !== undefined) await Promise.race([reply.until, aborted(gone)]);
  for (const [index, call] of (reply.calls ?? []).entries()) {
    const item = {
      type: "function_call",
      id: `fc_${id}_${index}`,
      call_id: `call_${id}_${index}`,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
      status: "completed",
    };
    yield event("response.output_item.added", { output_index: output.length, item: { ...item, arguments: "" } });
    yield event("response.output_item.done", { output_index: output.length, item });
    output.push(item);
  }
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 110,
  };
  yield event("response.completed", { response: { ...base, status: "completed", output, usage } });
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
