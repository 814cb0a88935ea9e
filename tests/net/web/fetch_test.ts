/** What web_fetch makes of what servers answer. */

import assert from "node:assert/strict";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { sessionFiles } from "../../src/capabilities/_tool_context.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { EXPIRED, GOOD_EXAMPLE, LOOPBACK, OTHER_EXAMPLE, TEST_CA } from "../../_support/certificates.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { fetched, fetchedFrom, leadingTo, PUBLIC_ADDRESS, Site } from "./_web.ts";

const html = { "content-type": "text/html; charset=utf-8" };
const url = "http://site.example/docs/page";

Deno.test("web_fetch gives a page as markdown with absolute links, and says that it is untrusted", async () => {
  const page = "<title>A &amp; B</title><h1>Hello</h1><p>See <a href='../x?y=1'>this</a>.<script>evil()</script>";
  await using site = new Site(() =>
    new Response(page, { headers: { ...html, "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT" } })
  );
  const { provenance, ...rest } = await fetchedFrom(site, { url });
  assert.deepEqual(rest, {
    url,
    status_code: 200,
    content_type: "text/html",
    size: page.length,
    last_modified: "Thu, 01 Jan 1970 00:00:00 GMT",
    title: "A & B",
    format: "markdown",
    total_length: 47,
    start_index: 0,
    content: "# Hello\n\nSee [this](http://site.example/x?y=1).",
    truncated: false,
  });
  assert.match(String(provenance), /^Untrusted/);
});

Deno.test("web_fetch sends the name it was asked for, and nothing that tells who asks", async () => {
  const seen: { readonly url: string; readonly headers: readonly string[] }[] = [];
  await using site = new Site(({ url, headers }) => {
    seen.push({ url, headers: [...headers.keys()].sort() });
    return new Response("ok", { headers: { "set-cookie": "id=1" } });
  });
  await fetchedFrom(site, { url: `${url}?q=1#part` });
  await fetchedFrom(site, { url });
  const [first, second] = seen;
  assert.equal(first?.url, "http://site.example/docs/page?q=1");
  assert.deepEqual(second?.headers, [
    "accept",
    "accept-encoding",
    "connection",
    "host",
    "user-agent",
  ]);
});

Deno.test("web_fetch proves the name of an encrypted page, not its address", async () => {
  await using site = new Site(() => new Response("secret"), GOOD_EXAMPLE);
  const options = { caCerts: [TEST_CA] };
  const result = await fetchedFrom(site, { url: "https://good.example/" }, options);
  assert.equal(result["content"], "secret");
  const other = await fetchedFrom(site, { url: "https://other.example/" }, options);
  assert.match(
    String(other["error"]),
    /over TLS: Hostname\/IP does not match certificate's altnames: Host: other.example/,
  );
  const unknown = await fetchedFrom(site, { url: "https://good.example/" });
  assert.match(String(unknown["error"]), /unable to verify/);
  assert.equal(site.requests, 1);
});

Deno.test("web_fetch takes no certificate that has expired, and none of a name for an address", async () => {
  const options = { caCerts: [TEST_CA], allowLoopback: true };
  await using expired = new Site(() => new Response("secret"), EXPIRED);
  const late = await fetchedFrom(expired, { url: "https://good.example/" }, options);
  assert.match(String(late["error"]), /unable to verify|has expired/);
  await using named = new Site(() => new Response("secret"), GOOD_EXAMPLE);
  const other = await fetched({ ...options, ports: [named.port] }, { url: `https://127.0.0.1:${named.port}/` });
  assert.match(String(other["error"]), /IP: 127.0.0.1 is not in the cert's list/);
  assert.deepEqual([expired.requests, named.requests], [0, 0]);
});

Deno.test("web_fetch takes the certificate of an address for it", async () => {
  await using site = new Site(() => new Response("hello"), LOOPBACK);
  const options = { caCerts: [TEST_CA], allowLoopback: true, ports: [site.port] };
  const result = await fetched(options, { url: `https://127.0.0.1:${site.port}/` });
  assert.deepEqual([result["content"], result["error"]], ["hello", undefined]);
});

Deno.test("web_fetch proves the name anew after a redirect, and gives up no encryption", async () => {
  await using other = new Site(() => Response.redirect("http://other.example/", 302), OTHER_EXAMPLE);
  await using site = new Site(() => Response.redirect("https://other.example/", 302), GOOD_EXAMPLE);
  const sites = [site, other];
  const connect = leadingTo(() => sites.shift()?.port ?? 0);
  const result = await fetchedFrom(site, { url: "https://good.example/" }, { caCerts: [TEST_CA], connect });
  assert.match(
    String(result["error"]),
    /Cannot follow the redirect to "http:\/\/other.example\/": it gives up encryption/,
  );
  assert.equal(other.requests, 1);
});

const CODINGS = [
  ["gzip", (data: string | Uint8Array) => new Uint8Array(gzipSync(data))],
  [
    "br",
    (data: string | Uint8Array) =>
      new Uint8Array(brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })),
  ],
] as const;

for (const [coding, compress] of CODINGS) {
  Deno.test(`web_fetch undoes ${coding}`, async () => {
    await using site = new Site(() => new Response(compress("hello"), { headers: { "content-encoding": coding } }));
    assert.equal((await fetchedFrom(site, { url }))["content"], "hello");
  });

  Deno.test(`web_fetch keeps the start of a ${coding} bomb and decompresses little more`, async () => {
    const bomb = compress(new Uint8Array(256 * 1024 * 1024));
    await using site = new Site(() =>
      new Response(bomb, { headers: { "content-encoding": coding, "content-type": "text/css" } })
    );
    const before = Deno.memoryUsage().rss;
    const result = await fetchedFrom(site, { url, max_length: 10 }, { maxBytes: 1024 * 1024 });
    assert.deepEqual([result["size"], result["incomplete"], result["truncated"]], [1024 * 1024, "size", true]);
    assert.ok(Deno.memoryUsage().rss - before < 64 * 1024 * 1024);
  });
}

Deno.test("web_fetch says that compressed data broke off", async () => {
  const whole = new Uint8Array(gzipSync(crypto.getRandomValues(new Uint8Array(40_000)).toHex()));
  const headers = { "content-encoding": "gzip" };
  await using site = new Site(() => new Response(whole.subarray(0, 30_000), { headers }));
  assert.equal((await fetchedFrom(site, { url }))["incomplete"], "interrupted");
});

Deno.test("web_fetch takes no endless compressed body that becomes nothing", async () => {
  const nothing = new Uint8Array(gzipSync("")).subarray(0, 20);
  function* endless(): Generator<Uint8Array> {
    const many = new Uint8Array(nothing.length * 5_000);
    for (let place = 0; place < many.length; place += nothing.length) many.set(nothing, place);
    while (true) yield many;
  }
  await using server = await WireServer.start({ headers: { "content-encoding": "gzip" }, pieces: endless() });
  const result = await fetchedFrom({ port: Number(new URL(server.origin).port) }, { url }, { maxBytes: 10_000 });
  assert.match(String(result["error"]), /over 1058576 bytes/);
  await server.exchange(0).closed;
});

Deno.test("web_fetch refuses a coding nobody asked for", async () => {
  await using site = new Site(() => new Response("x", { headers: { "content-encoding": "gzip, gzip" } }));
  assert.match(String((await fetchedFrom(site, { url }))["error"]), /content coding "gzip, gzip"/);
});

Deno.test("web_fetch stops an endless body at its cap and hangs up", async () => {
  function* endless(): Generator<string> {
    while (true) yield "x".repeat(1_000);
  }
  await using server = await WireServer.start({ pieces: endless() });
  const port = Number(new URL(server.origin).port);
  const result = await fetchedFrom({ port }, { url, max_length: 5 }, { maxBytes: 10_000 });
  assert.deepEqual([result["content"], result["size"], result["incomplete"]], ["xxxxx", 10_000, "size"]);
  await server.exchange(0).closed;
});

Deno.test("web_fetch stops an endless encrypted body at its cap and hangs up", async () => {
  const isOver = Promise.withResolvers<void>();
  const piece = new Uint8Array(16 * 1024).fill(120);
  await using site = new Site(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(piece),
        cancel: () => isOver.resolve(),
      }),
    ), GOOD_EXAMPLE);
  const options = { caCerts: [TEST_CA], maxBytes: 100_000 };
  const result = await fetchedFrom(site, { url: "https://good.example/", max_length: 5 }, options);
  assert.deepEqual([result["content"], result["size"], result["incomplete"]], ["xxxxx", 100_000, "size"]);
  await isOver.promise;
});

for (const end of ["cut", "reset"] as const) {
  Deno.test(`web_fetch keeps what came before a ${end} and says that it is a part`, async () => {
    await using server = await WireServer.start({ pieces: ["first half"], end });
    const port = Number(new URL(server.origin).port);
    const result = await fetchedFrom({ port }, { url });
    assert.equal(result["truncated"] ?? result["error"] !== undefined, true);
    if (end === "cut") assert.deepEqual([result["content"], result["incomplete"]], ["first half", "interrupted"]);
  });
}

Deno.test("web_fetch waits no longer for an answer than it was told", async () => {
  const clock = new FakeClock();
  await using server = await WireServer.start({ begin: "stall" });
  const port = Number(new URL(server.origin).port);
  const fetching = fetchedFrom({ port }, { url }, { clock, idleMs: 5_000, connectMs: 1_000 });
  await server.exchange(0).request;
  clock.advance(6_000);
  assert.match(String((await fetching)["error"]), /silent for over 6000 ms/);
  await server.exchange(0).closed;
});

Deno.test("web_fetch waits no longer for a resolver that does not answer", async () => {
  const clock = new FakeClock();
  const asked = Promise.withResolvers<void>();
  const lookup = () => {
    asked.resolve();
    return new Promise<never>(() => {});
  };
  const fetching = fetchedFrom({ port: 1 }, { url }, { clock, lookup });
  await asked.promise;
  clock.advance(20_000);
  assert.match(String((await fetching)["error"]), /silent/);
});

Deno.test("web_fetch waits no longer for a handshake than for a connection", async () => {
  const clock = new FakeClock();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = listener.accept();
  const fetching = fetchedFrom({ port: listener.addr.port }, { url: "https://site.example/" }, {
    clock,
    connectMs: 1_000,
  });
  using conn = await silent;
  await conn.read(new Uint8Array(4_096));
  clock.advance(1_000);
  assert.match(String((await fetching)["error"]), /no answer in 1000 ms/);
  // It hung up too.
  while (await conn.read(new Uint8Array(4_096)).catch(() => null) !== null);
  listener.close();
});

for (const head of ["content-length: 2\r\n\r\nok", "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]) {
  Deno.test(`web_fetch hangs up after a whole answer of ${head.split(":", 1)[0]}, whatever the server does`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = (async () => {
      using conn = await listener.accept();
      const buffer = new Uint8Array(65_536);
      await conn.read(buffer);
      await conn.write(new TextEncoder().encode(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${head}`));
      return await conn.read(buffer);
    })();
    const { content } = await fetchedFrom(listener.addr, { url });
    assert.deepEqual([content, await served], ["ok", null]);
  });
}

Deno.test("web_fetch ends when its call does, and hangs up", async () => {
  const ending = new AbortController();
  await using server = await WireServer.start({ pieces: ["first half"], end: "stall" });
  const port = Number(new URL(server.origin).port);
  const fetching = fetchedFrom({ port }, { url }, {}, { signal: ending.signal });
  await server.exchange(0).request;
  ending.abort(new Error("enough"));
  await assert.rejects(fetching, /enough/);
  await server.exchange(0).closed;
});

Deno.test("web_fetch tells of a file with HEAD, also of one whose status no Response has", async () => {
  const head = {
    "content-type": "video/mp4",
    "content-length": "123",
    "content-disposition": 'attachment; filename="a.mp4"',
  };
  await using server = await WireServer.start({ status: 999, headers: head, framing: "close", pieces: [] });
  const port = Number(new URL(server.origin).port);
  assert.deepEqual(await fetchedFrom({ port }, { url, method: "HEAD" }), {
    url,
    status_code: 999,
    content_type: "video/mp4",
    size: 123,
    filename: "a.mp4",
  });
  assert.equal((await server.exchange(0).request).method, "HEAD");
});

Deno.test("web_fetch shows no bytes that are no text, and saves them where it is told to", async () => {
  const bytes = new Uint8Array([0, 1, 2, 255]);
  await using site = new Site(() => new Response(bytes, { headers: { "content-type": "image/png" } }));
  const files = sessionFiles(new InMemoryFileStore());
  const shown = await fetchedFrom(site, { url });
  assert.deepEqual([shown["content"], shown["note"]], [
    "",
    "This is no text. Use save_to to keep it as a file of the session.",
  ]);
  const saved = await fetchedFrom(site, { url, save_to: "/logo.png" }, {}, { files });
  assert.deepEqual([saved["saved_to"], saved["created"], saved["size"]], ["/workspace/logo.png", true, 4]);
  const { content, encoding } = await files.readFile("/logo.png");
  assert.deepEqual([content, encoding], [bytes.toBase64(), "base64"]);
});

Deno.test("web_fetch saves text as text, and no part of a file as a file", async () => {
  await using site = new Site(() => new Response("hällo"));
  const files = sessionFiles(new InMemoryFileStore());
  await fetchedFrom(site, { url, save_to: "/a.txt" }, {}, { files });
  assert.equal((await files.readFile("/a.txt")).content, "hällo");
  const cut = await fetchedFrom(site, { url, save_to: "/b.txt" }, { maxBytes: 3 }, { files });
  assert.match(String(cut["error"]), /over 3 bytes/);
  assert.equal(await files.statFile("/b.txt"), undefined);
  const refused = await fetchedFrom(site, { url, save_to: "/../b.txt" }, {}, { files });
  assert.match(String(refused["error"]), /Cannot save the file/);
});

Deno.test("web_fetch gives a long text in parts that make up the whole", async () => {
  const text = Array.from({ length: 30_000 }, (_, index) => `${index}\u{1f600}"\n`).join("");
  await using site = new Site(() => new Response(text));
  let whole = "";
  for (let start = 0, parts = 0;; parts++) {
    assert.ok(parts < 50);
    const part = await fetchedFrom(site, { url, max_length: 50_000, start_index: start });
    assert.ok(new TextEncoder().encode(JSON.stringify(part)).length < 64 * 1024);
    whole += part["content"];
    if (part["truncated"] === false) break;
    start = Number(part["next_index"]);
  }
  assert.equal(whole, text);
});

Deno.test("web_fetch tries the next address when one does not answer, each of them vetted", async () => {
  await using site = new Site(() => new Response("second"));
  const lead = leadingTo(() => site.port);
  const result = await fetchedFrom(site, { url }, {
    lookup: () => Promise.resolve(["93.184.216.35", PUBLIC_ADDRESS]),
    connect: (to) => to.hostname === PUBLIC_ADDRESS ? lead(to) : Promise.reject(new Error("refused")),
  });
  assert.equal(result["content"], "second");
});

Deno.test("web_fetch tells of a server that speaks no HTTP", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = listener.accept().then(async (conn) => {
    await conn.read(new Uint8Array(1024));
    await conn.write(new TextEncoder().encode("SSH-2.0-OpenSSH\r\n"));
    conn.close();
  });
  const result = await fetchedFrom({ port: listener.addr.port }, { url });
  assert.match(String(result["error"]), /^Cannot read the answer of site.example/);
  await serving;
  listener.close();
});

Deno.test("web_fetch refuses an answer whose head does not end", async () => {
  await using server = await WireServer.start({ headers: { "x-long": "x".repeat(100_000) }, pieces: ["x"] });
  const result = await fetchedFrom({ port: Number(new URL(server.origin).port) }, { url });
  assert.match(String(result["error"]), /^Cannot read the answer/);
});
