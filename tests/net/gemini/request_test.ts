import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import { geminiDriver } from "../../../src/drivers/gemini/mod.ts";
import { GEMINI_TEXT } from "../../src/drivers/gemini/recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { collect } from "../fault_table.ts";

const KEY = "AIza-test-0123456789abcdef";

const REQUEST = requestOf({
  model: "gemini-x",
  systemPrompt: 'Say "Grüezi", 世界 👋\n\u0000\u2028',
  messages: [
    { role: "user", content: [{ type: "text", text: "half a character: \ud83d" }, { type: "image", base64: "AAAA" }] },
  ],
});

Deno.test("gemini sends byte for byte what prepare() shows, with its headers and no others", async () => {
  await using server = await WireServer.start({
    headers: { "content-type": "text/event-stream" },
    pieces: GEMINI_TEXT.pieces,
  });
  const driver = await geminiDriver().create({ apiKey: new Secret(KEY), baseUrl: `${server.origin}/gateway/v9/` });
  const prepared = driver.prepare(REQUEST);
  assert.deepEqual(await collect(driver, REQUEST), { events: GEMINI_TEXT.events });
  const sent = await server.exchange(0).request;
  assert.equal(sent.target, "/gateway/v9/models/gemini-x:streamGenerateContent?alt=sse");
  assert.deepEqual([sent.method, server.origin + sent.target], [prepared.method, prepared.url]);
  assert.deepEqual(sent.body, new TextEncoder().encode(prepared.body));
  const headers = Object.fromEntries(sent.headers);
  // Added by fetch itself.
  for (const name of ["host", "content-length", "accept-encoding", "accept-language"]) delete headers[name];
  assert.deepEqual(headers, { ...prepared.headers, "x-goog-api-key": KEY });
  assert.equal(prepared.headers["x-goog-api-key"], "[secret]");
});

Deno.test("a key Gemini echoes stays out of the failure", async () => {
  await using server = await WireServer.start({
    status: 400,
    pieces: [
      `{"error":{"code":400,"message":"API key not valid: ${KEY}","status":"INVALID_ARGUMENT",` +
      '"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}',
    ],
  });
  const driver = await geminiDriver().create({ apiKey: new Secret(KEY), baseUrl: server.origin });
  const { thrown } = await collect(driver, REQUEST);
  assert.match(String(thrown), /API key not valid: \[secret\].*check the API key/);
  assert.ok(!Deno.inspect(thrown, { depth: 20, showHidden: true }).includes(KEY));
});

Deno.test("listModels() of Gemini names those that generate content", async () => {
  const models = [
    { name: "models/gemini-x", supportedGenerationMethods: ["generateContent", "countTokens"] },
    { name: "models/gemini-embedding", supportedGenerationMethods: ["embedContent"] },
    { name: "tunedModels/mine", supportedGenerationMethods: ["generateContent"] },
    null,
  ];
  await using server = await WireServer.start({
    headers: { "content-type": "application/json" },
    framing: "length",
    pieces: [JSON.stringify({ models })],
  });
  const driver = await geminiDriver().create({ apiKey: new Secret(KEY), baseUrl: server.origin });
  const signal = new AbortController().signal;
  assert.deepEqual(await driver.listModels?.({ signal }), ["gemini-x", "tunedModels/mine"]);
  const sent = await server.exchange(0).request;
  assert.deepEqual([sent.method, sent.target], ["GET", "/v1beta/models?pageSize=1000"]);
  assert.equal(sent.headers.get("x-goog-api-key"), KEY);
});
