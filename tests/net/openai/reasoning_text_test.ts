/** Whole turns against servers that want their thinking back, as DeepSeek and Kimi do. */

import assert from "node:assert/strict";
import { defineCapability, defineTool, DriverRegistry, InProcessRuntimeBuilder, userMessage } from "../../../mod.ts";
import { registerDriver } from "../../../src/drivers/openai/mod.ts";
import { COMPLETIONS_CALLS, COMPLETIONS_TEXT, COMPLETIONS_THOUGHT } from "../../src/drivers/openai/recordings.ts";
import { type WireReply, WireServer } from "../../_support/wire_server.ts";
import type { RecordedStream } from "../fault_table.ts";

const MISSING = "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2";
const OTHER = "model_0000000000007000800000000000000a";

const tools = defineCapability({
  id: "tools",
  name: "Tools",
  tools: ["weather", "clock"].map((name) =>
    defineTool({ name, description: name, parameters: { type: "object" }, execute: () => `${name} says so` })
  ),
});

async function runtimeOn({ origin }: WireServer) {
  const drivers = new DriverRegistry();
  registerDriver(drivers);
  const model = { model: "deepseek-v4-pro", providerType: "openai_completions", baseUrl: `${origin}/v1` };
  return await new InProcessRuntimeBuilder()
    .driverRegistry(drivers)
    .capability(tools)
    .defaultModel(model)
    .model(OTHER, { ...model, model: "another-model" })
    .providerRetryConfig({ maxRetries: 0 })
    .singleSession((s) => s.harness("test", "Be brief.").withCapability("tools"))
    .build();
}

interface Sent {
  readonly role: string;
  readonly reasoning_content?: string;
}

async function answersIn(server: WireServer, index: number): Promise<readonly (string | undefined)[]> {
  const { body } = await server.exchange(index).request;
  const { messages }: { readonly messages: readonly Sent[] } = JSON.parse(new TextDecoder().decode(body));
  return messages.filter(({ role }) => role === "assistant").map(({ reasoning_content }) => reasoning_content);
}

function serve(replies: readonly (RecordedStream | string)[]): Promise<WireServer> {
  return WireServer.start((index): WireReply => {
    const reply = replies[index] ?? COMPLETIONS_TEXT;
    return typeof reply !== "string" ? { headers: { "content-type": "text/event-stream" }, pieces: reply.pieces } : {
      status: 400,
      headers: { "content-type": "application/json" },
      framing: "length",
      pieces: [JSON.stringify({ error: { message: reply, type: "invalid_request_error" } })],
    };
  });
}

Deno.test("thinking that came as reasoning_content goes back to its model, in this turn and in the next", async () => {
  await using server = await serve([COMPLETIONS_THOUGHT]);
  await using runtime = await runtimeOn(server);
  const session = runtime.defaultSessionId;
  for (const question of ["How is it?", "And now?"]) {
    assert.equal((await runtime.runTextTurn(session, question)).error, undefined);
  }
  assert.deepEqual(await answersIn(server, 1), ["Look it up."]);
  assert.deepEqual(await answersIn(server, 2), ["Look it up.", undefined]);
  await runtime.runTurn(session, userMessage("Still?", { controls: { modelId: OTHER } }));
  assert.deepEqual(await answersIn(server, 3), [undefined, undefined, undefined]);
});

Deno.test("a server that misses reasoning_content of another model's calls gets all there is of it", async () => {
  await using server = await serve([COMPLETIONS_CALLS, COMPLETIONS_TEXT, MISSING]);
  await using runtime = await runtimeOn(server);
  const session = runtime.defaultSessionId;
  await runtime.runTurn(session, userMessage("How is it?", { controls: { modelId: OTHER } }));
  assert.equal((await runtime.runTextTurn(session, "And now?")).error, undefined);
  assert.deepEqual(await answersIn(server, 2), [undefined, undefined]);
  assert.deepEqual(await answersIn(server, 3), ["", "Greet."]);
});

Deno.test("a server that takes no reasoning_content gets none", async () => {
  await using server = await serve([COMPLETIONS_THOUGHT, "property 'reasoning_content' is unsupported"]);
  await using runtime = await runtimeOn(server);
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "How is it?")).error, undefined);
  assert.deepEqual(await answersIn(server, 2), [undefined]);
});
