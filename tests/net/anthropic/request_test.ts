import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import type { ModelRequest } from "../../../src/ports/driver.ts";
import { anthropicDriver } from "../../../src/drivers/anthropic/mod.ts";
import { TEXT } from "../../src/drivers/anthropic/recordings.ts";
import { KEY, requestOf } from "../../src/drivers/anthropic/requests.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { collect } from "../fault_table.ts";

const REQUEST: ModelRequest = requestOf({
  systemPrompt: 'Say "Grüezi", 世界 👋\n\u0000\u2028',
  tools: [{ type: "builtin", name: "clock", description: "é", parameters: { type: "object", properties: {} } }],
  reasoningEffort: "low",
  temperature: 1e-7,
  maxTokens: 4096,
  metadata: { session_id: "s", user_id: "u" },
  messages: [
    { role: "user", content: [{ type: "text", text: "half a character: \ud83d" }, { type: "image", base64: "AAAA" }] },
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "call_1", name: "clock", arguments: { at: 9_007_199_254_740_993, "": [null, -0, 1e21] } }],
    },
    { role: "tool", toolCallId: "call_1", toolName: "clock", content: "x".repeat(200_000), isError: false },
  ],
});

Deno.test("anthropic sends byte for byte what prepare() shows, with its headers and no others", async () => {
  await using server = await WireServer.start({
    headers: { "content-type": "text/event-stream" },
    pieces: TEXT.pieces,
  });
  const driver = await anthropicDriver().create({ apiKey: new Secret(KEY), baseUrl: `${server.origin}/gateway` });
  const prepared = driver.prepare(REQUEST);
  await collect(driver, REQUEST);
  const sent = await server.exchange(0).request;
  assert.deepEqual([sent.method, server.origin + sent.target], [prepared.method, prepared.url]);
  assert.equal(sent.target, "/gateway/v1/messages");
  assert.deepEqual(sent.body, new TextEncoder().encode(prepared.body));
  JSON.parse(prepared.body);
  const headers = Object.fromEntries(sent.headers);
  // Added by fetch itself.
  for (const name of ["host", "content-length", "accept-encoding", "accept-language"]) delete headers[name];
  assert.deepEqual(headers, { ...prepared.headers, "x-api-key": KEY });
  assert.deepEqual(prepared.headers, {
    accept: "application/json",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "user-agent": "everruns-runtime",
    "x-api-key": "[secret]",
  });
});

Deno.test("a key Anthropic echoes stays out of the failure, which names the request", async () => {
  await using server = await WireServer.start({
    status: 401,
    headers: { "request-id": "req_1" },
    pieces: [`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key ${KEY}"}}`],
  });
  const driver = await anthropicDriver().create({ apiKey: new Secret(KEY), baseUrl: server.origin });
  const { thrown } = await collect(driver, REQUEST);
  assert.match(String(thrown), /invalid x-api-key \[secret\]/);
  assert.ok(Deno.inspect(thrown, { depth: 20 }).includes("req_1"));
  assert.ok(!Deno.inspect(thrown, { depth: 20, showHidden: true }).includes(KEY));
});
