/** Whole turns against a server that speaks the Messages API. */

import assert from "node:assert/strict";
import { defineCapability, defineTool, DriverId, DriverRegistry, InProcessRuntimeBuilder } from "../../../mod.ts";
import { registerDriver } from "../../../src/drivers/anthropic/mod.ts";
import {
  blockDelta,
  blockStart,
  blockStop,
  CALLS,
  messageEnd,
  messageStart,
  MODEL,
  TEXT,
} from "../../src/drivers/anthropic/recordings.ts";
import { KEY } from "../../src/drivers/anthropic/requests.ts";
import { type WireReply, WireServer } from "../../_support/wire_server.ts";

const HEADERS = { "content-type": "text/event-stream" };
const FORMAT = {
  name: "city",
  schema: {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  },
};

const tools = defineCapability({
  id: "tools",
  name: "Tools",
  tools: ["weather", "clock"].map((name) =>
    defineTool({ name, description: name, parameters: { type: "object" }, execute: () => `${name} says so` })
  ),
});

async function runtimeOn(origin: string) {
  const drivers = new DriverRegistry();
  registerDriver(drivers);
  return await new InProcessRuntimeBuilder()
    .driverRegistry(drivers)
    .capability(tools)
    .defaultModel({ model: MODEL, providerType: DriverId.Anthropic, apiKey: KEY, baseUrl: origin })
    .providerRetryConfig({ maxRetries: 1, initialBackoffMs: 1 })
    .singleSession((s) => s.harness("test", "Be brief.").withCapability("tools"))
    .build();
}

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly thinking?: string;
  readonly signature?: string;
}

async function sentBy(server: WireServer, index: number) {
  const { body } = await server.exchange(index).request;
  const parsed: {
    readonly messages: readonly { readonly role: string; readonly content: readonly Block[] }[];
    readonly output_config?: object;
  } = JSON.parse(new TextDecoder().decode(body));
  return parsed;
}

function textReply(text: string): WireReply {
  return {
    headers: HEADERS,
    pieces: [
      messageStart(),
      blockStart(0, { type: "text", text: "" }),
      blockDelta(0, { type: "text_delta", text }),
      blockStop(0),
      ...messageEnd("end_turn"),
    ],
  };
}

Deno.test("a turn with thinking and two calls sends the thinking back where it stood, under the runtime's ids", async () => {
  const replies = [CALLS.pieces, TEXT.pieces];
  await using server = await WireServer.start((index) => ({ headers: HEADERS, pieces: replies[index] ?? [] }));
  await using runtime = await runtimeOn(server.origin);
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "How is it?");
  assert.deepEqual([turn.success, turn.response, turn.toolCallsCount], [true, "Grüße, 世界 👋", 2]);
  assert.deepEqual(
    [turn.usage.inputTokens, turn.usage.outputTokens, turn.usage.cacheReadTokens],
    [1400, 40, 1000],
  );
  assert.ok((turn.usage.estimatedCostUsd ?? 0) > 0);
  const { messages } = await sentBy(server, 1);
  const [, assistant, results] = messages;
  assert.deepEqual(assistant?.content.map(({ type }) => type), [
    "thinking",
    "redacted_thinking",
    "text",
    "tool_use",
    "thinking",
    "tool_use",
  ]);
  const [first] = assistant?.content ?? [];
  assert.deepEqual([first?.thinking, first?.signature], ["First, the weather.", "c2ln"]);
  const ids = assistant?.content.flatMap(({ id }) => id === undefined ? [] : [id]);
  assert.deepEqual(results?.content.map((block) => block.tool_use_id), ids);
});

Deno.test("a broken stream is tried again and its half of the answer is not kept", async () => {
  await using server = await WireServer.start((index) =>
    index === 0 ? { headers: HEADERS, end: "cut", pieces: TEXT.pieces.slice(0, 4) } : textReply("Whole.")
  );
  await using runtime = await runtimeOn(server.origin);
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Hello?");
  assert.deepEqual([turn.response, server.count], ["Whole.", 2]);
});

Deno.test("an answer of a form is asked for by the provider's own member", async () => {
  await using server = await WireServer.start(textReply('{"name":"Bern"}'));
  await using runtime = await runtimeOn(server.origin);
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  assert.deepEqual(turn.output, { name: "Bern" });
  const { output_config, messages } = await sentBy(server, 0);
  assert.deepEqual(output_config, { format: { type: "json_schema", schema: FORMAT.schema } });
  assert.equal(messages.length, 1);
});

Deno.test("a wrong answer is asked for again in a turn of the user", async () => {
  await using server = await WireServer.start((index) => textReply(index === 0 ? "Bern." : '{"name":"Bern"}'));
  await using runtime = await runtimeOn(server.origin);
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Where?", { responseFormat: FORMAT });
  assert.deepEqual(turn.output, { name: "Bern" });
  const { messages } = await sentBy(server, 1);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "assistant", "user"]);
  assert.match(JSON.stringify(messages.at(-1)), /Your last answer cannot be used: The answer is not JSON/);
});

Deno.test("an overloaded provider is asked again, a refused key is not", async () => {
  const error = (type: string): readonly string[] => [JSON.stringify({ type: "error", error: { type, message: "x" } })];
  const json = { "content-type": "application/json" };
  await using busy = await WireServer.start((index) =>
    index === 0
      ? { status: 529, headers: json, framing: "length", pieces: error("overloaded_error") }
      : textReply("Here I am.")
  );
  await using patient = await runtimeOn(busy.origin);
  assert.equal((await patient.runTextTurn(patient.defaultSessionId, "Hello?")).response, "Here I am.");
  await using closed = await WireServer.start({
    status: 401,
    headers: json,
    framing: "length",
    pieces: error("authentication_error"),
  });
  await using refused = await runtimeOn(closed.origin);
  const turn = await refused.runTextTurn(refused.defaultSessionId, "Hello?");
  assert.deepEqual([turn.success, turn.error?.code, closed.count], [false, "provider_misconfigured", 1]);
});
