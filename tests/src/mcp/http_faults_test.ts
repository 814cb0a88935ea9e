/** Servers over HTTP that restart, cut their streams, or refuse without a word. */

import assert from "node:assert/strict";
import { mcpHttp } from "../../../src/mcp/mod.ts";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { until } from "../_support/faults.ts";
import { type Connected, connected } from "./_servers.ts";

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Answers a message of the older era; undefined is answered as a plain server would. */
type Answer = (request: Request, headers: Headers) => Response | undefined;

/** A server that answers its GET as it likes, by default with a 405. */
function serve(answer: Answer, get: () => Response = () => new Response(null, { status: 405 })) {
  return (_: string | URL, init?: RequestInit): Promise<Response> => {
    if (init?.method === "GET" || init?.method === undefined) return Promise.resolve(get());
    if (init.method !== "POST") return Promise.resolve(new Response(null, { status: 405 }));
    const request: Request = JSON.parse(String(init.body));
    return Promise.resolve(answer(request, new Headers(init.headers)) ?? plainAnswer(request));
  };
}

function plainAnswer({ id, method, params }: Request): Response {
  if (id === undefined) return new Response(null, { status: 202 });
  const result = resultOf(method, params);
  if (method !== "initialize") return Response.json({ jsonrpc: "2.0", id, result });
  return Response.json({ jsonrpc: "2.0", id, result }, { headers: { "mcp-session-id": "s" } });
}

function resultOf(method: string, params: Request["params"]): unknown {
  switch (method) {
    case "initialize": {
      const { protocolVersion } = params;
      return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "x", version: "1" } };
    }
    case "tools/list":
      return { tools: [{ name: "work", inputSchema: { type: "object" } }] };
    default:
      return { content: [{ type: "text", text: "done" }] };
  }
}

function connect(
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>,
  config: McpServerConfig = {},
): Promise<Connected> {
  const connector = mcpHttp({ fetch, lookup: () => Promise.resolve(["93.184.215.14"]) });
  return connected(connector, { url: "https://mcp.example.com/mcp", protocolMode: "legacy", ...config });
}

const DONE = { type: "success", value: { result: "done" } };

for (
  const [status, words] of [
    [404, "Session not found"],
    [400, "Bad Request: No valid session ID provided"],
    [400, "Bad Request: Unknown Mcp-Session-Id header"],
    [400, "Bad Request: Server not initialized"],
  ] as const
) {
  Deno.test(`a restarted server that answers ${status} "${words}" gets a new session, and its list is asked for again`, async () => {
    let living = 0;
    const error = { jsonrpc: "2.0", id: null, error: { code: -32000, message: words } };
    const server = serve((request, headers) => {
      if (request.method === "initialize") {
        const result = resultOf("initialize", request.params);
        return Response.json({ jsonrpc: "2.0", id: request.id, result }, {
          headers: { "mcp-session-id": `s${living}` },
        });
      }
      return headers.get("mcp-session-id") === `s${living}` ? undefined : Response.json(error, { status });
    });
    await using client = await connect(server);
    await client.tools();
    const before = client.source.revision;
    living++;
    assert.deepEqual(await client.call("work"), DONE);
    assert.notEqual(client.source.revision, before);
  });
}

Deno.test("a request that is refused with 400 for another reason is not made again", async () => {
  let calls = 0;
  await using client = await connect(serve(({ method }) => {
    if (method !== "tools/call") return undefined;
    calls++;
    return new Response("no such thing", { status: 400 });
  }));
  const outcome = await client.call("work");
  assert.match(outcome.type === "error" ? outcome.message : "", /no such thing/);
  assert.equal(calls, 1);
});

Deno.test("a call whose stream ends without an answer fails at once", async () => {
  const sse = { headers: { "content-type": "text/event-stream" } };
  await using client = await connect(serve(({ method }) => {
    if (method !== "tools/call") return undefined;
    return new Response("event: message\ndata: \n\n", sse);
  }));
  assert.deepEqual(await client.call("work"), {
    type: "error",
    message: 'MCP server "test" failed: it ended its answer without saying what came of the request',
  });
});

Deno.test("a call whose connection breaks while its stream lasts fails at once", async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new TypeError("connection reset")) });
  await using client = await connect(serve(({ method }) => {
    if (method !== "tools/call") return undefined;
    return new Response(broken, { headers: { "content-type": "text/event-stream" } });
  }));
  const outcome = await client.call("work");
  assert.match(outcome.type === "error" ? outcome.message : "", /without saying what came of the request/);
});

/** A server of the older transport; its streams are ended by `cut`. */
class SseServer {
  readonly #encoder = new TextEncoder();
  streams = 0;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #answers: (request: Request) => boolean;

  constructor(answers: (request: Request) => boolean) {
    this.#answers = answers;
  }

  readonly fetch = (_: string | URL, init?: RequestInit): Promise<Response> => {
    if (init?.method === "POST") return Promise.resolve(this.#post(JSON.parse(String(init.body))));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller;
        this.streams++;
        this.#say(`event: endpoint\ndata: /message?session=${this.streams}\n\n`);
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };

  cut(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }

  #post(request: Request): Response {
    if (this.#stream === undefined) return new Response(null, { status: 405 });
    const { id, method, params } = request;
    if (id !== undefined && this.#answers(request)) {
      this.#say(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: resultOf(method, params) })}\n\n`);
    }
    return new Response(null, { status: 202 });
  }

  #say(text: string): void {
    this.#stream?.enqueue(this.#encoder.encode(text));
  }
}

Deno.test("a call over the older transport fails as soon as its stream is gone, and the next one has a new stream", async () => {
  let isCut = false;
  const server = new SseServer(({ method }) => {
    if (method !== "tools/call" || isCut) return true;
    isCut = true;
    queueMicrotask(() => server.cut());
    return false;
  });
  await using client = await connect(server.fetch);
  const before = client.source.revision;
  const outcome = await client.call("work");
  assert.deepEqual(outcome, { type: "error", message: 'MCP server "test" lost its stream of events' });
  assert.notEqual(client.source.revision, before);
  assert.deepEqual(await client.call("work"), DONE);
  assert.equal(server.streams, 2);
});

for (
  const [what, get, message] of [
    ["says why and is no older one", 405, /^Error POSTing to endpoint: X-Api-Key is missing \(HTTP 400\); .*405/],
    ["says why, whatever its stream is", 200, /^Error POSTing to endpoint: X-Api-Key is missing \(HTTP 400\); /],
  ] as const
) {
  Deno.test(`a server that refuses the handshake and ${what} is skipped with its reason`, async () => {
    const refuse = () => new Response("X-Api-Key is missing", { status: 400 });
    await using client = await connect(serve(refuse, () => new Response("<html>", { status: get })));
    await assert.rejects(client.tools(), { code: "mcp_server_unreachable", message });
  });
}

Deno.test("a server that refuses without a word is skipped with its status", async () => {
  await using client = await connect(serve(() => new Response(null, { status: 503 })));
  await assert.rejects(client.tools(), { message: "Error POSTing to endpoint (HTTP 503)" });
});

/** A server that lists these tools. */
function listing(...tools: readonly Readonly<Record<string, unknown>>[]) {
  return serve(({ id, method }) =>
    method === "tools/list" ? Response.json({ jsonrpc: "2.0", id, result: { tools } }) : undefined
  );
}

Deno.test("a slash in the name of a tool escapes no list", async () => {
  const named = ["files/read", "files/drop", "admin/drop/all"].map((name) => ({
    name,
    inputSchema: { type: "object" },
  }));
  await using client = await connect(listing(...named), { denyTools: ["*/all", "adm*"], approveTools: ["*drop"] });
  const tools = (await client.tools()).map(({ definition }) => [definition.name, definition.policy]);
  assert.deepEqual(tools, [["mcp_test__files_read", undefined], ["mcp_test__files_drop", "requires_approval"]]);
});

Deno.test("a tool that can only run as a task is reported and not offered", async () => {
  const tools = [
    { name: "study", inputSchema: { type: "object" }, execution: { taskSupport: "required" } },
    { name: "ask", inputSchema: { type: "object" }, execution: { taskSupport: "optional" } },
  ];
  await using client = await connect(listing(...tools));
  assert.deepEqual((await client.tools()).map(({ definition }) => definition.name), ["mcp_test__ask"]);
  assert.deepEqual(client.reports, [
    'mcp_tool_skipped: Tool "study" of MCP server "test" is skipped: it runs only as a task, which is not supported',
  ]);
});

const ODD: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "a schema without a type": { inputSchema: { properties: {} } },
  "no schema": { inputSchema: undefined },
  "null for what it does not have": {
    description: null,
    title: null,
    annotations: null,
    outputSchema: null,
    _meta: null,
  },
  "hints that are none": { annotations: { readOnlyHint: "yes", destructiveHint: null, title: 7 } },
  "a title that is no text": { title: { en: "Work" }, icons: "none", execution: 5 },
};
for (const [what, change] of Object.entries(ODD)) {
  Deno.test(`a tool with ${what} is offered, and takes no other along`, async () => {
    const plain = { name: "plain", inputSchema: { type: "object" } };
    await using client = await connect(listing({ name: "odd", inputSchema: { type: "object" }, ...change }, plain));
    const tools = await client.tools();
    assert.deepEqual(tools.map(({ definition }) => definition.name), ["mcp_test__odd", "mcp_test__plain"]);
    assert.equal(tools[0]?.definition.parameters["type"], "object");
    assert.deepEqual(await client.call("odd"), DONE);
  });
}

Deno.test("a tool that cannot be made sense of is reported and takes no other along", async () => {
  const tools = [
    { name: "list", inputSchema: { type: "array" } },
    { name: 5, inputSchema: { type: "object" } },
    null,
    { name: "plain", inputSchema: { type: "object" } },
  ];
  await using client = await connect(listing(...tools as Readonly<Record<string, unknown>>[]));
  assert.deepEqual((await client.tools()).map(({ definition }) => definition.name), ["mcp_test__plain"]);
  assert.deepEqual(client.reports, [
    'mcp_tool_skipped: Tool "list" of MCP server "test" is skipped: its schema does not describe an object',
    'mcp_tool_skipped: Tool "5" of MCP server "test" is skipped: it has no name',
    'mcp_tool_skipped: Tool "null" of MCP server "test" is skipped: it is no object',
  ]);
});

Deno.test("a tool that carries a credential of its server in its name is not offered", async () => {
  const key = "key-0123456789abcdef";
  const tools = [{ name: `leak_${key}`, inputSchema: { type: "object" } }, {
    name: "a",
    inputSchema: { type: "object" },
  }];
  await using client = await connect(listing(...tools), { headers: { Authorization: `Bearer ${key}` } });
  assert.deepEqual((await client.tools()).map(({ definition }) => definition.name), ["mcp_test__a"]);
  assert.deepEqual(client.reports, [
    'mcp_tool_skipped: Tool "leak_[secret]" of MCP server "test" is skipped: its name holds a credential',
  ]);
});

const PNG = "iVBORw0KGgo=";
const BLOCKS: Readonly<Record<string, readonly [answer: unknown, value: unknown, images?: number]>> = {
  "an image as a data URL": [{
    content: [{ type: "image", data: `data:image/png;base64,${PNG}`, mimeType: "image/png" }],
  }, {
    result: "[1 image]",
  }, 1],
  "an image that is no base64": [{ content: [{ type: "image", data: "%%", mimeType: "image/png" }] }, {
    result: '{"type":"image","data":"%%","mimeType":"image/png"}',
  }],
  "a kind of block nobody knows beside a text": [
    { content: [{ type: "text", text: "a" }, { type: "hologram", x: 1 }] },
    {
      content: [{ type: "text", text: "a" }, { type: "text", text: '{"type":"hologram","x":1}' }],
    },
  ],
  "null for what it does not have": [
    { content: [{ type: "text", text: "a", annotations: null, _meta: null }], structuredContent: null },
    { result: "a" },
  ],
  "a link without a name": [{ content: [{ type: "resource_link", uri: "x://y" }] }, {
    content: [{ type: "resource_link", uri: "x://y", name: "x://y" }],
  }],
  "structured content that is a list": [{ structuredContent: [1, 2] }, { result: "[1,2]" }],
  "structured content that is a list beside its text": [
    { content: [{ type: "text", text: "[1, 2]" }], structuredContent: [1, 2] },
    { result: "[1, 2]" },
  ],
  "no content at all": [{ content: null }, { result: "" }],
};
for (const [what, [result, value, images]] of Object.entries(BLOCKS)) {
  Deno.test(`an answer with ${what} is not lost`, async () => {
    await using client = await connect(
      serve(({ id, method }) => method === "tools/call" ? Response.json({ jsonrpc: "2.0", id, result }) : undefined),
    );
    const outcome = await client.call("work");
    assert.deepEqual(JSON.parse(JSON.stringify(outcome.type === "success" ? outcome.value : outcome)), value);
    assert.equal(outcome.type === "success" ? outcome.images?.length : undefined, images);
  });
}

for (const [retry, waitMs] of [[0, 500], [2_000, 2_000], [86_400_000, 30_000]] as const) {
  Deno.test(`a server that has its news asked for again after ${retry} ms is asked after ${waitMs}`, async () => {
    let asked = 0;
    const server = serve(() => undefined, () => {
      asked++;
      return new Response(`retry: ${retry}\n\n`, { headers: { "content-type": "text/event-stream" } });
    });
    const clock = new FakeClock();
    const connector = mcpHttp({ clock, fetch: server, lookup: () => Promise.resolve(["93.184.215.14"]) });
    await using client = await connected(connector, { url: "https://mcp.example.com/mcp", protocolMode: "legacy" });
    await client.tools();
    await until(() => asked === 1 && clock.pending === 1);
    await clock.advanceAsync(waitMs - 1);
    assert.equal(asked, 1);
    await clock.advanceAsync(1);
    await until(() => asked === 2);
  });
}
