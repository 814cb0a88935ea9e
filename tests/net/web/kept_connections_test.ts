/** Which connections serve a second request, and which do not. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../../src/kit/clock.ts";
import { ConnectionPool } from "../../../src/kit/web/connection_pool.ts";
import type { HttpConnection } from "../../../src/kit/web/http_connection.ts";
import { type PinnedAnswer, pinnedFetch, type PinnedFetchOptions } from "../../../src/kit/web/pinned_fetch.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { GOOD_EXAMPLE, TEST_CA } from "../../_support/certificates.ts";
import { ok, type RawReply, RawServer, until } from "./_raw_server.ts";

const clock = systemClock();

/** A pool for which time stands still, so that nothing but what is tested closes a connection. */
function newPool(): ConnectionPool<HttpConnection> {
  return new ConnectionPool<HttpConnection>({ clock: new FakeClock() });
}

/** Asks for an answer of a host that has some addresses at the moment. */
async function ask(
  pool: ConnectionPool<HttpConnection>,
  { port }: { readonly port: number },
  options: Partial<PinnedFetchOptions> & { readonly addresses?: string[]; readonly scheme?: string } = {},
): Promise<PinnedAnswer> {
  const { addresses = ["127.0.0.1"], scheme = "http", ...rest } = options;
  const host = { name: "good.example", addresses, isPublic: true };
  return await pinnedFetch(new URL(`${scheme}://good.example:${port}/`), host, {
    clock,
    connectMs: 10_000,
    caCerts: [TEST_CA],
    pool,
    ...rest,
  });
}

async function read(...asked: Parameters<typeof ask>): Promise<string> {
  return await new Response((await ask(...asked)).body).text();
}

const post = { method: "POST", body: new TextEncoder().encode("{}") };

for (const scheme of ["http", "https"]) {
  const certificate = scheme === "https" ? GOOD_EXAMPLE : undefined;

  Deno.test(`a hundred requests over ${scheme}, one after another, use one connection`, async () => {
    await using server = new RawServer((request) => ({ bytes: ok(`answer ${request}`) }), certificate);
    using pool = newPool();
    for (let place = 0; place < 100; place++) {
      assert.equal(await read(pool, server, { scheme, ...post }), `answer ${place}`);
    }
    assert.deepEqual([server.connections, pool.size], [1, 1]);
  });

  Deno.test(`requests over ${scheme} at the same time use several connections, of which four stay`, async () => {
    const all = Promise.withResolvers<void>();
    await using server = new RawServer(async (request) => {
      if (request === 5) all.resolve();
      await all.promise;
      return { bytes: ok("ok") };
    }, certificate);
    using pool = newPool();
    await Promise.all(Array.from({ length: 6 }, () => read(pool, server, { scheme, ...post })));
    await until(() => server.open === 4);
    assert.deepEqual([server.connections, pool.size], [6, 4]);
    await Promise.all(Array.from({ length: 4 }, () => read(pool, server, { scheme, ...post })));
    assert.deepEqual([server.connections, pool.size], [6, 4]);
  });

  Deno.test(`a connection over ${scheme} that the server hung up on is not used again`, async () => {
    await using server = new RawServer(() => ({ bytes: ok("ok") }), certificate);
    using pool = newPool();
    await read(pool, server, { scheme, ...post });
    server.hangUp();
    await until(() => pool.size === 0);
    assert.equal(await read(pool, server, { scheme, ...post }), "ok");
    assert.equal(server.connections, 2);
  });

  Deno.test(`a connection over ${scheme} on which the server speaks without being asked is closed`, async () => {
    await using server = new RawServer(() => ({ bytes: ok("ok") }), certificate);
    using pool = newPool();
    await read(pool, server, { scheme, ...post });
    await server.say(ok("an answer to the next request"));
    await until(() => pool.size === 0 && server.open === 0);
    assert.equal(await read(pool, server, { scheme, ...post }), "ok");
  });
}

Deno.test("a connection is used only while its address is among those vetted for the request", async () => {
  await using server = new RawServer((_request, connection) => ({ bytes: ok(`over ${connection}`) }));
  using pool = newPool();
  assert.equal(await read(pool, server), "over 0");
  // Nobody listens there, and the connection that is open leads elsewhere.
  const connect = () => Promise.reject(new Error("nobody there"));
  await assert.rejects(read(pool, server, { addresses: ["127.0.0.2"], connect }), { code: "host_unreachable" });
  assert.equal(await read(pool, server, { addresses: ["127.0.0.2", "127.0.0.1"] }), "over 0");
});

Deno.test("a connection is used only for the host, port and scheme it was opened for", async () => {
  await using server = new RawServer((_request, connection) => ({ bytes: ok(`over ${connection}`) }));
  using pool = newPool();
  await read(pool, server);
  const other = { name: "other.example", addresses: ["127.0.0.1"], isPublic: true };
  const url = new URL(`http://other.example:${server.port}/`);
  const answer = await pinnedFetch(url, other, { clock, connectMs: 10_000, pool });
  assert.equal(await new Response(answer.body).text(), "over 1");
  const connect = () => Promise.reject(new Error("nobody there"));
  await assert.rejects(read(pool, server, { scheme: "https", connect }), { code: "host_unreachable" });
});

const notReused: Readonly<Record<string, RawReply>> = {
  "says that it closes the connection": { bytes: ok("ok", "connection: close\r\n") },
  "is of HTTP/1.0": { bytes: ok("ok", "connection: keep-alive\r\n").replace("HTTP/1.1", "HTTP/1.0") },
  "ends with the connection": { bytes: "HTTP/1.1 200 OK\r\n\r\nok", hangsUp: true },
  "is followed by another one": { bytes: ok("ok") + ok("more") },
  "is followed by something else": { bytes: `${ok("ok")}nonsense\r\n\r\n` },
  "says that the server waits for a second": { bytes: ok("ok", "keep-alive: timeout=1\r\n") },
};

for (const [what, reply] of Object.entries(notReused)) {
  Deno.test(`a connection is closed after an answer that ${what}`, async () => {
    await using server = new RawServer(() => reply);
    using pool = newPool();
    for (const connections of [1, 2]) {
      // Whether bytes that follow come early enough to spoil the answer itself is nobody's promise.
      assert.match(await read(pool, server, post).catch((error) => `ok ${error}`), /^ok/);
      await until(() => server.open === 0);
      assert.deepEqual([server.connections, pool.size], [connections, 0]);
    }
  });
}

Deno.test("a connection is closed when an answer is not read to its end", async () => {
  await using server = new RawServer(() => ({ bytes: "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf" }));
  using pool = newPool();
  const reader = (await ask(pool, server, post)).body.getReader();
  await reader.read();
  await reader.cancel();
  await until(() => server.open === 0);
  assert.equal(pool.size, 0);
});

Deno.test("a connection is closed when an answer that has come is not read", async () => {
  await using server = new RawServer(() => ({ bytes: ok("x".repeat(200_000)) }));
  using pool = newPool();
  await (await ask(pool, server, post)).body.cancel();
  await until(() => server.open === 0);
  assert.equal(pool.size, 0);
});

Deno.test("a connection is closed when the answer ends before the request was sent", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using pool = newPool();
  const body = new Uint8Array(64 * 1024 * 1024);
  const asking = read(pool, listener.addr, { method: "POST", body });
  using conn = await listener.accept();
  let bytes = await conn.read(new Uint8Array(1_000)) ?? 0;
  await conn.write(new TextEncoder().encode(ok("too large")));
  assert.equal(await asking, "too large");
  const chunk = new Uint8Array(1024 * 1024);
  // A reset says the same as an end.
  for (let count; (count = await conn.read(chunk).catch(() => null)) !== null;) bytes += count;
  assert.ok(bytes < body.length);
  assert.equal(pool.size, 0);
});

Deno.test("a connection goes on after an answer without a body that nobody reads", async () => {
  await using server = new RawServer(() => ({ bytes: "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n" }));
  using pool = newPool();
  for (let times = 0; times < 5; times++) await (await ask(pool, server, post)).body.cancel();
  assert.equal(server.connections, 1);
});

Deno.test("a connection is closed when its request is aborted in the middle of the answer", async () => {
  await using server = new RawServer(() => ({ bytes: "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf" }));
  using pool = newPool();
  const ending = new AbortController();
  const answer = await ask(pool, server, { ...post, signal: ending.signal });
  ending.abort(new Error("enough"));
  await assert.rejects(new Response(answer.body).text(), /enough/);
  await until(() => server.open === 0);
  assert.equal(pool.size, 0);
});

Deno.test("a signal has no say about a connection after its answer", async () => {
  await using server = new RawServer(() => ({ bytes: ok("ok") }));
  using pool = newPool();
  const ending = new AbortController();
  await read(pool, server, { ...post, signal: ending.signal });
  ending.abort();
  await read(pool, server, post);
  assert.equal(server.connections, 1);
});

Deno.test("a connection goes on after compressed and chunked answers", async () => {
  const packed = gzipSync("packed");
  const head = new TextEncoder().encode(
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`,
  );
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\npieces\r\n0\r\n\r\n";
  await using server = new RawServer((request) => ({
    bytes: request % 2 === 0 ? chunked : new Uint8Array([...head, ...packed]),
  }));
  using pool = newPool();
  const texts = [];
  for (let times = 0; times < 4; times++) texts.push(await read(pool, server, post));
  assert.deepEqual([texts, server.connections], [["pieces", "packed", "pieces", "packed"], 1]);
});

Deno.test("a GET is made once more when the server hangs up before it answers over a kept connection", async () => {
  await using server = new RawServer((request) => request === 1 ? { hangsUp: true } : { bytes: ok("ok") });
  using pool = newPool();
  await read(pool, server);
  assert.equal(await read(pool, server), "ok");
  assert.deepEqual([server.connections, server.requests.length], [2, 3]);
});

Deno.test("a POST is not made once more: it may have been done", async () => {
  await using server = new RawServer((request) => request === 1 ? { hangsUp: true } : { bytes: ok("ok") });
  using pool = newPool();
  await read(pool, server);
  await assert.rejects(read(pool, server, post), { code: "host_unreachable" });
  assert.deepEqual([server.connections, server.requests.length], [1, 2]);
});

Deno.test("a GET is not made once more after a byte of its answer, nor over a new connection", async () => {
  await using partly = new RawServer((request) =>
    request === 0 ? { bytes: ok("ok") } : { bytes: "HTTP/1", hangsUp: true }
  );
  using pool = newPool();
  await read(pool, partly);
  await assert.rejects(read(pool, partly), { code: "host_unreachable" });
  assert.equal(partly.requests.length, 2);
  await using never = new RawServer(() => ({ hangsUp: true }));
  await assert.rejects(read(pool, never), { code: "host_unreachable" });
  assert.equal(never.requests.length, 1);
});

Deno.test("a connection is closed when nobody asked anything for four seconds", async () => {
  const time = new FakeClock();
  await using server = new RawServer(() => ({ bytes: ok("ok") }));
  using pool = new ConnectionPool<HttpConnection>({ clock: time });
  await read(pool, server, post);
  time.advance(3_999);
  assert.equal(pool.size, 1);
  time.advance(1);
  await until(() => server.open === 0);
  assert.equal(pool.size, 0);
});

Deno.test("a pool that was disposed of closes what it kept and keeps nothing more", async () => {
  await using server = new RawServer(() => ({ bytes: ok("ok") }));
  const pool = newPool();
  await read(pool, server, post);
  pool[Symbol.dispose]();
  await until(() => server.open === 0);
  await read(pool, server, post);
  await until(() => server.open === 0);
  assert.deepEqual([server.connections, pool.size], [2, 0]);
});
