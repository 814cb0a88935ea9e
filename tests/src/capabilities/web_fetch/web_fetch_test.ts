/** What a host and a model may ask of web_fetch, without a network. */

import assert from "node:assert/strict";
import { createWebFetch, type WebFetchOptions } from "../../../../src/capabilities/web_fetch/mod.ts";
import { call, toolContext, toolOf } from "../_tool_context.ts";

const tool = (options: WebFetchOptions = {}) => toolOf(createWebFetch(options), "web_fetch");

Deno.test("createWebFetch() needs the whole network, or the hosts it is given", () => {
  assert.deepEqual(createWebFetch().permissions, { net: true });
  const { permissions } = createWebFetch({ hosts: ["Docs.Example.com.", "2606:4700::1111", "münchen.example"] });
  assert.deepEqual(permissions, { net: ["docs.example.com", "[2606:4700::1111]", "xn--mnchen-3ya.example"] });
});

const wrong: readonly (readonly [options: WebFetchOptions, error: RegExp])[] = [
  [{ hosts: ["*.example.com"] }, /`hosts` is not a list of host names without ports and patterns: "\*\.example\.com"/],
  [{ hosts: ["example.com:80"] }, /without ports/],
  [{ hosts: ["https://example.com"] }, /without ports/],
  [{ hosts: [""] }, /without ports/],
  [{ ports: [0] }, /`ports` is 0, not a whole number from 1 to 65535/],
  [{ maxBytes: 1.5 }, /`maxBytes` is 1.5/],
  [{ userAgent: "a\r\nb" }, /`userAgent` is not a line/],
];

for (const [options, error] of wrong) {
  Deno.test(`createWebFetch() refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => createWebFetch(options), error);
  });
}

Deno.test("web_fetch refuses arguments it does not know, and methods that change something", async () => {
  for (const args of [{}, { url: 1 }, { url: "http://a.example/", method: "POST" }, { url: "x", headers: {} }]) {
    assert.match(String((await call(tool(), args))["error"]), /^invalid arguments/);
  }
});

Deno.test("web_fetch refuses an address without looking its host up", async () => {
  const lookup = () => Promise.reject(new Error("looked up"));
  const refusals = [
    ["example.com", "it is no absolute address"],
    [`http://example.com/${"x".repeat(8_192)}`, "it is no absolute address"],
    ["ftp://example.com/", "only http and https addresses are fetched"],
    ["http://a:b@example.com/", "it holds credentials"],
    ["http://a@example.com/", "it holds credentials"],
    ["http://:b@example.com/", "it holds credentials"],
    ["http://@example.com:22/", "port 22 is not allowed"],
    ["https://example.com:80443/", "it is no absolute address"],
  ];
  for (const [url = "", why = ""] of refusals) {
    const { error } = await call(tool({ lookup }), { url });
    assert.equal(error, `Cannot fetch ${JSON.stringify(url.slice(0, 200))}: ${why}`);
  }
});

Deno.test("web_fetch says which flag is missing", { permissions: "none" }, async () => {
  const unresolved = await call(tool(), { url: "https://example.com/" });
  assert.match(String(unresolved["error"]), /net access is not granted \(run with --allow-net=example\.com\)/);
  const literal = await call(tool(), { url: "https://93.184.216.34/" });
  assert.match(String(literal["error"]), /net access is not granted \(run with --allow-net=93\.184\.216\.34:443\)/);
});

Deno.test("web_fetch ends before it asks anybody when its call is over already", async () => {
  let lookups = 0;
  const lookup = () => Promise.resolve([String(lookups++)]);
  const signal = AbortSignal.abort(new Error("over"));
  await assert.rejects(call(tool({ lookup }), { url: "http://a.example/" }, { ...toolContext(), signal }), /over/);
});
