// deno run --no-prompt --allow-net=127.0.0.1 examples/web_server.ts

/**
 * A server of many conversations over plain HTTP, and a browser's part of the talk with it.
 *
 * Events go out as server-sent events and a client that was cut off goes on where it was; a message joins the turn that
 * runs, or starts one; what only the browser knows is a client-side tool, whose result comes in another request. Over
 * `LocalRuntimeBuilder` all of it would survive a restart as well. Who may see which session is left to you.
 *
 * @module
 */

import {
  createHarness,
  defineClientTool,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  NotFoundError,
  parseId,
  RuntimeError,
  type SessionId,
} from "@everruns/runtime";

const harness = createHarness({ name: "guide", systemPrompt: "You know the way." });
const whereAmI = defineClientTool({ name: "where_am_i", description: "Where the user's browser is." });

await using runtime = await new InProcessRuntimeBuilder()
  .harness(harness)
  .llmSim(
    LlmSimConfig.fixed("It is around the corner.").withChunks(3)
      .withConditionalToolCalls("post office", [{ name: "where_am_i" }]),
  )
  .build();

async function answer(request: Request): Promise<Response> {
  const [, , id, what] = new URL(request.url).pathname.split("/");
  if (id === undefined) {
    return Response.json(await runtime.createSession({ harnessId: harness.id, tools: [whereAmI] }));
  }
  const sessionId = parseId("session", id);
  if (what === "events") return eventStream(sessionId, Number(request.headers.get("last-event-id") ?? 0));
  if (what === "cancel") return Response.json({ cancelled: await runtime.cancelTurn(sessionId) });
  const body = await request.json();
  if (what === "answers") return Response.json(await runtime.resumeTurn(sessionId, body));
  // The client's key makes a request that it repeats, since it heard no answer, one message all the same.
  await runtime.deliver(sessionId, body.text, { idempotencyKey: body.key });
  return new Response(null, { status: 202 });
}

function eventStream(sessionId: SessionId, after: number): Response {
  // Not inside of the generator: what is wrong with the request has to be known before the stream begins.
  const events = runtime.subscribe(sessionId, { after });
  async function* lines(): AsyncGenerator<string> {
    for await (const event of events) {
      // Live events have no place to go on from.
      const place = event.sequence === undefined ? "" : `id: ${event.sequence}\n`;
      yield `${place}data: ${JSON.stringify({ type: event.type, data: event.data })}\n\n`;
    }
  }
  // A client that leaves cancels the stream, which ends the subscription.
  const body = ReadableStream.from(lines()).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** Whose fault it was: the client's mistakes have words for it, ours do not. */
function refusal(error: unknown): Response {
  if (error instanceof RuntimeError) {
    const { code, message } = error;
    return Response.json({ code, message }, { status: error instanceof NotFoundError ? 404 : 409 });
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return Response.json({ message: error.message }, { status: 400 });
  }
  return new Response(null, { status: 500 });
}

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  (request) => answer(request).catch(refusal),
);

// From here on: the browser.

const base = `http://127.0.0.1:${server.addr.port}/sessions`;

async function post(path: string, body: unknown = {}): Promise<Response> {
  return await fetch(base + path, { method: "POST", body: JSON.stringify(body) });
}

/** Follows a session to an event of a type and returns that one's data and the last id seen. */
async function follow(id: string, until: string, lastEventId = 0): Promise<{ data: unknown; lastEventId: number }> {
  const response = await fetch(`${base}/${id}/events`, { headers: { "last-event-id": String(lastEventId) } });
  let text = "";
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const messages = (text + chunk).split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) {
      lastEventId = Number(/^id: (\d+)/.exec(message)?.[1] ?? lastEventId);
      const { type, data } = JSON.parse(message.replace(/^(id: \d+\n)?data: /, ""));
      if (type === "output.message.delta") console.log(`  ${data.delta}`);
      if (type === until) return { data, lastEventId };
    }
  }
  throw new Error(`The stream ended before ${until}`);
}

const { id } = await (await post("")).json();
console.log((await post(`/${id}/messages`, { text: "Where is the post office?", key: "1" })).status);
const { data, lastEventId } = await follow(id, "turn.waiting");
console.log(lastEventId, data);

const refused = await post(`/${id}/messages`, { text: "Hurry!", key: "2" });
console.log(refused.status, (await refused.json()).code);

// The connection was lost meanwhile: it goes on after the last event it saw.
const rest = follow(id, "turn.completed", lastEventId);
const { waitingFor } = await (await post(`/${id}/answers`)).json();
const toolResults = waitingFor.map((call: { id: string }) => ({ toolCallId: call.id, result: "Main Street" }));
const { status, response } = await (await post(`/${id}/answers`, { toolResults })).json();
console.log(status, response, (await rest).lastEventId);
await server.shutdown();
