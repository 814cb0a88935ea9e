/** MCP servers under names that only a test's resolver knows: whoever resolves them again finds nothing. */

import assert from "node:assert/strict";
import { guardFetch, type GuardOptions } from "../../../src/mcp/guarded_fetch.ts";
import { mcpHttp } from "../../../src/mcp/mod.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { addEcho, connected, fetchServer } from "../../src/mcp/_servers.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { Site } from "../web/_web.ts";

function guarded(options: Partial<GuardOptions> = {}): ReturnType<typeof guardFetch> {
  return guardFetch({
    lookup: () => Promise.resolve(["127.0.0.1"]),
    allowLoopback: true,
    allowPrivate: false,
    connectMs: 10_000,
    clock: systemClock(),
    ...options,
  });
}

Deno.test("mcpHttp() lists and calls tools over connections to the addresses it vetted", async () => {
  const { handler } = fetchServer(addEcho);
  await using site = new Site((request) => handler.fetch(request));
  const connector = mcpHttp({ allowLoopback: true, lookup: () => Promise.resolve(["127.0.0.1"]) });
  await using client = await connected(connector, { url: `http://mcp.example:${site.port}/mcp` });
  assert.deepEqual(await client.call("echo", { message: "hi" }), { type: "success", value: { result: "hi" } });
});

Deno.test("mcpHttp() lists and calls tools over one connection beside that of the server's news", async () => {
  const { handler } = fetchServer(addEcho);
  await using site = new Site((request) => handler.fetch(request));
  const connector = mcpHttp({ allowLoopback: true, lookup: () => Promise.resolve(["127.0.0.1"]) });
  {
    await using client = await connected(connector, { url: `http://mcp.example:${site.port}/mcp` });
    for (let times = 0; times < 10; times++) await client.call("echo", { message: "hi" });
  }
  assert.deepEqual([site.connections, site.requests], [2, 22]);
});

Deno.test("a guarded fetch looks a name up once for each request and connects to what it found", async () => {
  await using victim = new Site(() => new Response("secret"));
  let lookups = 0;
  const fetch = guarded({
    lookup: () => Promise.resolve(lookups++ === 0 ? ["192.0.2.1"] : ["127.0.0.1"]),
    allowPrivate: true,
    connectMs: 200,
  });
  // Nobody answers at the first address, and the second one is of a lookup that must not happen.
  await assert.rejects(fetch(`http://rebinding.example:${victim.port}/`), {
    code: /^(mcp_server_unreachable|permission_missing)$/,
  });
  assert.deepEqual([lookups, victim.connections], [1, 0]);
});

Deno.test("a guarded fetch sends method, headers and body, and the name it was asked for", async () => {
  await using server = await WireServer.start({ status: 201, headers: { "x-answer": "yes" }, pieces: ["done"] });
  const { port } = new URL(server.origin);
  const response = await guarded()(`http://mcp.example:${port}/token?a=b`, {
    method: "POST",
    headers: { authorization: "Bearer t" },
    body: new URLSearchParams({ grant_type: "refresh_token" }),
  });
  assert.deepEqual([response.status, response.headers.get("x-answer"), await response.text()], [201, "yes", "done"]);
  assert.equal(response.url, `http://mcp.example:${port}/token?a=b`);
  const { method, target, headers, body } = await server.exchange(0).request;
  assert.deepEqual([method, target, new TextDecoder().decode(body)], [
    "POST",
    "/token?a=b",
    "grant_type=refresh_token",
  ]);
  assert.deepEqual(
    ["host", "authorization", "content-type"].map((name) => headers.get(name)),
    [`mcp.example:${port}`, "Bearer t", "application/x-www-form-urlencoded;charset=UTF-8"],
  );
});

Deno.test("a guarded fetch gives pieces that came together as one", async () => {
  const small = "1\r\na\r\n".repeat(10_000);
  const raw = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = serveOnce(raw, `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${small}0\r\n\r\n`);
  const response = await guarded()(`http://mcp.example:${raw.addr.port}/`);
  let pieces = 0;
  let bytes = 0;
  for await (const piece of response.body!) {
    pieces++;
    bytes += piece.length;
  }
  await served;
  assert.equal(bytes, 10_000);
  assert.ok(pieces < 1_000, `${pieces} pieces`);
});

for (const status of [600, 999]) {
  Deno.test(`a guarded fetch hangs up on an answer of status ${status}`, async () => {
    const raw = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = serveOnce(raw, `HTTP/1.1 ${status} Odd\r\ncontent-length: 100\r\n\r\n`);
    await assert.rejects(guarded()(`http://mcp.example:${raw.addr.port}/`), { code: "mcp_server_unreachable" });
    await served;
  });
}

Deno.test("a guarded fetch gives events as they come, and hangs up when nobody reads them any more", async () => {
  await using server = await WireServer.start({
    headers: { "content-type": "text/event-stream" },
    pieces: ["data: 1\n\n"],
    end: "stall",
  });
  const response = await guarded()(`http://mcp.example:${new URL(server.origin).port}/`);
  const reader = response.body!.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
  await reader.cancel();
  await server.exchange(0).closed;
});

Deno.test("a guarded fetch ends with its signal, before and after the answer began", async () => {
  for (const begin of ["stall", "answer"] as const) {
    await using server = await WireServer.start({ begin, pieces: ["x"], end: "stall" });
    const ending = new AbortController();
    const fetching = guarded()(`http://mcp.example:${new URL(server.origin).port}/`, { signal: ending.signal });
    const reading = begin === "stall" ? fetching : fetching.then((response) => response.text());
    await server.exchange(0).request;
    ending.abort(new Error("enough"));
    await assert.rejects(reading, /enough/);
    await server.exchange(0).closed;
  }
});

for (const status of [204, 304, 302]) {
  Deno.test(`a guarded fetch gives an answer of status ${status} as it is`, async () => {
    await using site = new Site(() => new Response(null, { status, headers: { location: "http://127.0.0.1:1/" } }));
    const response = await guarded()(`http://mcp.example:${site.port}/`);
    assert.deepEqual([response.status, await response.text(), site.requests], [status, "", 1]);
  });
}

/** Answers one request with these words; resolves when the client has hung up. */
async function serveOnce(listener: Deno.TcpListener, answer: string): Promise<void> {
  using conn = await listener.accept();
  listener.close();
  const buffer = new Uint8Array(65_536);
  await conn.read(buffer);
  const bytes = new TextEncoder().encode(answer);
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
  // A client that is gone may also reset the connection.
  while ((await conn.read(buffer).catch(() => null)) !== null);
}
