import assert from "node:assert/strict";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { guardFetch, type GuardOptions } from "../../../src/mcp/guarded_fetch.ts";

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "example.com": ["93.184.215.14", "2606:2800:21f::1"],
  "sneaky.example": ["93.184.215.14", "127.0.0.1"],
  "inside.example": ["10.0.0.7"],
  "nowhere.example": [],
};

function guarded(options: Partial<GuardOptions> = {}): { visited: string[]; fetch: ReturnType<typeof guardFetch> } {
  const visited: string[] = [];
  const fetch = guardFetch({
    fetch: (url) => {
      visited.push(String(url));
      return Promise.resolve(new Response("ok"));
    },
    lookup: (name) => Promise.resolve(HOSTS[name] ?? []),
    allowLoopback: false,
    allowPrivate: false,
    connectMs: 1_000,
    clock: new FakeClock(),
    ...options,
  });
  return { visited, fetch };
}

const REFUSED = [
  "https://127.0.0.1/",
  "https://localhost/",
  "https://a.localhost/",
  "https://LOCALHOST./",
  "https://[::1]/",
  "https://2130706433/",
  "https://0/",
  "https://169.254.169.254/latest/meta-data",
  "https://10.1.2.3/",
  "https://[fe80::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://inside.example/",
  "https://sneaky.example/",
  "http://example.com/",
  "ftp://example.com/",
  "file:///etc/passwd",
];
for (const url of REFUSED) {
  Deno.test(`a guarded fetch refuses ${url} before anything is sent`, async () => {
    const { fetch, visited } = guarded();
    await assert.rejects(fetch(url), { code: "mcp_address_refused" });
    assert.deepEqual(visited, []);
  });
}

Deno.test("a guarded fetch lets a public address over TLS through", async () => {
  const { fetch, visited } = guarded();
  assert.equal(await (await fetch("https://example.com/mcp")).text(), "ok");
  assert.deepEqual(visited, ["https://example.com/mcp"]);
});

Deno.test("a guarded fetch that allows this machine allows nothing else", async () => {
  const { fetch } = guarded({ allowLoopback: true });
  await (await fetch("http://127.0.0.1:8000/")).text();
  await (await fetch("http://localhost:8000/")).text();
  await assert.rejects(fetch("https://inside.example/"), { code: "mcp_address_refused" });
  await assert.rejects(fetch("http://example.com/"), { code: "mcp_address_refused" });
});

Deno.test("a guarded fetch that allows private networks still wants TLS on the open internet", async () => {
  const { fetch } = guarded({ allowPrivate: true });
  await (await fetch("http://inside.example/")).text();
  await (await fetch("http://127.0.0.1/")).text();
  await assert.rejects(fetch("http://example.com/"), { code: "mcp_address_refused" });
});

Deno.test("a guarded fetch says which grant the resolver lacks, and which name leads nowhere", async () => {
  const denied = guarded({ lookup: () => Promise.reject(Object.assign(new Error("no"), { code: "EPERM" })) });
  await assert.rejects(denied.fetch("https://example.com/"), /run with --allow-net=example\.com/);
  await assert.rejects(guarded().fetch("https://nowhere.example/"), { code: "mcp_server_unreachable" });
});

function bodyOf(chunks: number, type: string, chunk: string): Response {
  let left = chunks;
  const bytes = new TextEncoder().encode(chunk);
  const body = new ReadableStream({
    pull: (controller) => left-- > 0 ? controller.enqueue(bytes) : controller.close(),
  });
  return new Response(body, { headers: { "content-type": type } });
}

Deno.test("a guarded fetch cuts off an answer that never ends", async () => {
  const big = "x".repeat(1024 * 1024);
  for (const type of ["application/json", "text/event-stream"]) {
    const { fetch } = guarded({ fetch: () => Promise.resolve(bodyOf(1000, type, big)) });
    const response = await fetch("https://example.com/");
    await assert.rejects(response.text(), /an answer has more than \d+ bytes/);
  }
});

Deno.test("a guarded fetch cuts off an event of endlessly many lines", async () => {
  const lines = "data: x\r\n".repeat(100_000);
  const { fetch } = guarded({ fetch: () => Promise.resolve(bodyOf(100, "text/event-stream", lines)) });
  await assert.rejects((await fetch("https://example.com/")).text(), /an answer has more than \d+ bytes/);
});

Deno.test("a guarded fetch finds the end of an event wherever its blank line is parted", async () => {
  const pieces = [`data: ${"x".repeat(3 * 1024 * 1024)}\r`, "\n\r", "\n"].map((piece) =>
    new TextEncoder().encode(piece)
  );
  const body = ReadableStream.from([...pieces, ...pieces]);
  const { fetch } = guarded({
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
  assert.equal((await (await fetch("https://example.com/")).text()).length, 2 * (3 * 1024 * 1024 + 10));
});

Deno.test("a guarded fetch lets a stream of many small events go on", async () => {
  const event = `data: ${"x".repeat(1024 * 1024)}\n\n`;
  const { fetch } = guarded({ fetch: () => Promise.resolve(bodyOf(20, "text/event-stream", event)) });
  const text = await (await fetch("https://example.com/")).text();
  assert.equal(text.length, 20 * event.length);
});

Deno.test("a guarded fetch follows no redirect by itself", async () => {
  const modes: unknown[] = [];
  const { fetch } = guarded({
    fetch: (_, init) => {
      modes.push(init?.redirect);
      return Promise.resolve(new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }));
    },
  });
  assert.equal((await fetch("https://example.com/", { redirect: "follow" })).status, 302);
  assert.deepEqual(modes, ["manual"]);
});
