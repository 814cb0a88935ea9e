import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import { openRouterDriver } from "../../../src/drivers/openai/openrouter.ts";
import { OPENROUTER_COMPLETIONS, OPENROUTER_RESPONSES } from "../../src/drivers/openai/openrouter_recordings.ts";
import { requestOf } from "../../src/drivers/openai/requests.ts";
import { WireServer } from "../../_support/wire_server.ts";
import { collect } from "../fault_table.ts";

const KEY = "sk-or-test-0123456789";

const REQUEST = requestOf({
  model: "anthropic/claude-sonnet-4.5",
  reasoningEffort: "low",
  metadata: { session_id: "s1", openrouter_http_referer: "https://example.com", openrouter_x_title: "Example" },
});

for (
  const [api, recording] of [["responses", OPENROUTER_RESPONSES], ["completions", OPENROUTER_COMPLETIONS]] as const
) {
  Deno.test(`openrouter sends byte for byte what prepare() shows, through ${api}`, async () => {
    await using server = await WireServer.start({
      headers: { "content-type": "text/event-stream" },
      pieces: recording.pieces,
    });
    const descriptor = openRouterDriver({ api, routing: { models: ["openai/gpt-5.5"] } });
    const driver = await descriptor.create({ apiKey: new Secret(KEY), baseUrl: `${server.origin}/api/v1` });
    const prepared = driver.prepare(REQUEST);
    assert.deepEqual(await collect(driver, REQUEST), { events: recording.events });
    const sent = await server.exchange(0).request;
    assert.deepEqual([sent.method, server.origin + sent.target], [prepared.method, prepared.url]);
    assert.deepEqual(sent.body, new TextEncoder().encode(prepared.body));
    const headers = Object.fromEntries(sent.headers);
    // Added by fetch itself.
    for (const name of ["host", "content-length", "accept-encoding", "accept-language"]) delete headers[name];
    assert.deepEqual(headers, { ...prepared.headers, authorization: `Bearer ${KEY}` });
    assert.equal(prepared.headers["authorization"], "Bearer [secret]");
  });
}
