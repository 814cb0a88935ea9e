import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import type { DriverDescriptor, ModelRequest } from "../../../src/ports/driver.ts";
import { openAICompletionsDriver, openAIResponsesDriver } from "../../../src/drivers/openai/mod.ts";
import { COMPLETIONS_TEXT, RESPONSES_TEXT } from "../../src/drivers/openai/recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { collect } from "../fault_table.ts";

const KEY = "sk-test-0123456789abcdef";

const REQUEST: ModelRequest = requestOf({
  systemPrompt: 'Say "Grüezi", 世界 👋\n\u0000\u2028',
  tools: [{ type: "builtin", name: "clock", description: "é", parameters: { type: "object", properties: {} } }],
  reasoningEffort: "low",
  temperature: 1e-7,
  maxTokens: 4096,
  metadata: { session: "s" },
  messages: [
    { role: "user", content: [{ type: "text", text: "half a character: \ud83d" }, { type: "image", base64: "AAAA" }] },
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "call_1", name: "clock", arguments: { at: 9_007_199_254_740_993, "": [null, -0, 1e21] } }],
      reasoning: [{ type: "reasoning", provider: "openai", itemId: "rs_1", encryptedContent: "x".repeat(100_000) }],
    },
    { role: "tool", toolCallId: "call_1", toolName: "clock", content: "x".repeat(200_000), isError: false },
  ],
});

const DRIVERS: readonly [descriptor: DriverDescriptor, path: string, pieces: readonly string[]][] = [
  [openAIResponsesDriver(), "/gateway/v9/responses", RESPONSES_TEXT.pieces],
  [openAICompletionsDriver(), "/gateway/v9/chat/completions", COMPLETIONS_TEXT.pieces],
];

for (const [descriptor, path, pieces] of DRIVERS) {
  for (const dialect of ["openai", "openrouter", "ollama", "generic"]) {
    Deno.test(`${descriptor.id} in dialect ${dialect} sends byte for byte what prepare() shows`, async () => {
      await using server = await WireServer.start({ headers: { "content-type": "text/event-stream" }, pieces });
      const driver = await descriptor.create({
        apiKey: new Secret(KEY),
        baseUrl: `${server.origin}/gateway/v9/`,
        providerMetadata: { dialect },
      });
      const prepared = driver.prepare(REQUEST);
      const { thrown } = await collect(driver, REQUEST);
      assert.equal(thrown, undefined);
      const sent = await server.exchange(0).request;
      assert.deepEqual(
        { method: sent.method, url: server.origin + sent.target },
        { method: prepared.method, url: prepared.url },
      );
      assert.equal(sent.target, path);
      assert.deepEqual(sent.body, new TextEncoder().encode(prepared.body));
      JSON.parse(prepared.body);
    });
  }

  Deno.test(`${descriptor.id} sends the headers prepare() shows and none of the library's`, async () => {
    await using server = await WireServer.start({ headers: { "content-type": "text/event-stream" }, pieces });
    const driver = await descriptor.create({ apiKey: new Secret(KEY), baseUrl: server.origin });
    await collect(driver, REQUEST);
    const sent = Object.fromEntries((await server.exchange(0).request).headers);
    // Added by fetch itself.
    for (const name of ["host", "content-length", "accept-encoding", "accept-language"]) delete sent[name];
    const shown = driver.prepare(REQUEST).headers;
    assert.deepEqual(sent, { ...shown, authorization: `Bearer ${KEY}` });
    assert.equal(shown["authorization"], "Bearer [secret]");
  });
}

Deno.test("a key the provider echoes stays out of the failure", async () => {
  await using server = await WireServer.start({
    status: 401,
    headers: { "x-request-id": KEY },
    pieces: [`{"error":{"message":"Incorrect API key provided: ${KEY}","code":"${KEY}"}}`],
  });
  const driver = await openAIResponsesDriver().create({ apiKey: new Secret(KEY), baseUrl: server.origin });
  const { thrown } = await collect(driver, REQUEST);
  assert.match(String(thrown), /Incorrect API key provided: \[secret\]/);
  assert.ok(!Deno.inspect(thrown, { depth: 20, showHidden: true }).includes(KEY));
});

Deno.test("listModels() asks the server below the base URL", async () => {
  await using server = await WireServer.start({
    headers: { "content-type": "application/json" },
    framing: "length",
    pieces: ['{"object":"list","data":[{"id":"m-1","object":"model"}]}'],
  });
  const driver = await openAICompletionsDriver().create({ baseUrl: `${server.origin}/v1` });
  assert.deepEqual(await driver.listModels?.({ signal: new AbortController().signal }), ["m-1"]);
  const sent = await server.exchange(0).request;
  assert.deepEqual([sent.method, sent.target], ["GET", "/v1/models"]);
});

Deno.test("an abort ends listModels() with its reason and closes the connection", async () => {
  await using server = await WireServer.start({
    headers: { "content-type": "application/json" },
    end: "stall",
    pieces: ["{"],
  });
  const driver = await openAICompletionsDriver().create({ baseUrl: server.origin });
  const abort = new AbortController();
  const reason = new Error("not wanted any more");
  const listed = assert.rejects(async () => await driver.listModels?.({ signal: abort.signal }), reason);
  await server.exchange(0).request;
  abort.abort(reason);
  await listed;
  await server.exchange(0).closed;
});
