/** Whole turns through drivers over a canned `fetch`: what a reply holds comes back to its provider with the next request. */

import assert from "node:assert/strict";
import { DriverId, DriverRegistry, type InProcessRuntime, InProcessRuntimeBuilder } from "../../../mod.ts";
import { defineCapability, defineTool } from "../../../mod.ts";
import type { DriverDescriptor } from "../../../src/ports/driver.ts";
import { type FetchFunction, geminiDriver } from "../../../src/drivers/gemini/mod.ts";
import { openRouterDriver } from "../../../src/drivers/openai/openrouter.ts";
import type { RecordedStream } from "../../net/fault_table.ts";
import { GEMINI_CALLS, GEMINI_TEXT } from "./gemini/recordings.ts";
import { textStream } from "./openai/canned_fetch.ts";
import { OPENROUTER_COMPLETIONS, OPENROUTER_RESPONSES } from "./openai/openrouter_recordings.ts";
import { COMPLETIONS_TEXT, RESPONSES_TEXT } from "./openai/recordings.ts";

Deno.test("a turn with Gemini sends signatures back in the parts they came in", async () => {
  const wire = new Wire(GEMINI_CALLS, GEMINI_TEXT, GEMINI_TEXT);
  await using runtime = await build(geminiDriver({ fetch: wire.fetch }), DriverId.Gemini, "gemini-3.5-flash");
  const { response, usage } = await runtime.runTextTurn(runtime.defaultSessionId, "What is the weather?");
  assert.equal(response, "Grüße, 世界 👋");
  assert.ok((usage.estimatedCostUsd ?? 0) > 0);
  await runtime.runTextTurn(runtime.defaultSessionId, "Thanks");
  const [, called, results, text] = wire.sent[2]?.["contents"] as Content[];
  const ids = called?.parts.map((part) => part.functionCall?.id);
  assert.deepEqual(called?.parts, [
    { functionCall: { id: ids?.[0], name: "weather", args: { city: "Zürich" } }, thoughtSignature: "c2lnLTA=" },
    { functionCall: { id: ids?.[1], name: "clock", args: {} } },
  ]);
  assert.deepEqual(results?.parts.map((part) => part.functionResponse?.id), ids);
  assert.deepEqual(text?.parts, [{ text: "Grüße, 世界 👋", thoughtSignature: "c2lnLXQ=" }]);
});

Deno.test("a turn with OpenRouter's Chat API sends reasoning details back under the ids of our calls", async () => {
  const wire = new Wire(OPENROUTER_COMPLETIONS, COMPLETIONS_TEXT);
  const driver = openRouterDriver({ fetch: wire.fetch });
  await using runtime = await build(driver, DriverId.OpenRouter, "google/gemini-3-pro");
  const { success } = await runtime.runTextTurn(runtime.defaultSessionId, "What is the weather?");
  assert.equal(success, true);
  const assistant = (wire.sent[1]?.["messages"] as ChatMessage[]).find(({ role }) => role === "assistant");
  assert.match(assistant?.tool_calls?.[0]?.id ?? "", /^call_/);
  assert.equal(assistant?.reasoning_details?.[1]?.id, assistant?.tool_calls?.[0]?.id);
});

Deno.test("a turn with OpenRouter carries the attribution of its session and reports what it cost", async () => {
  const wire = new Wire(OPENROUTER_RESPONSES, RESPONSES_TEXT);
  const driver = openRouterDriver({ api: "responses", fetch: wire.fetch });
  await using runtime = await build(driver, DriverId.OpenRouter, "anthropic/claude-sonnet-4.5");
  const { usage } = await runtime.runTextTurn(runtime.defaultSessionId, "What is the weather?");
  assert.equal(usage.actualCostUsd, 0.00123);
  assert.deepEqual(wire.headers.map((headers) => [headers.get("http-referer"), headers.get("x-title")]), [
    ["https://example.com", "Example"],
    ["https://example.com", "Example"],
  ]);
  assert.equal(wire.sent[0]?.["session_id"], runtime.defaultSessionId);
});

interface Content {
  readonly parts: readonly {
    readonly functionCall?: { readonly id: string };
    readonly functionResponse?: { readonly id: string };
  }[];
}

interface ChatMessage {
  readonly role: string;
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly reasoning_details?: readonly { readonly id?: string }[];
}

/** Plays replies in order and keeps what was sent. */
class Wire {
  readonly sent: Record<string, unknown>[] = [];
  readonly headers: Headers[] = [];
  readonly #replies: RecordedStream[];

  constructor(...replies: RecordedStream[]) {
    this.#replies = replies;
  }

  readonly fetch: FetchFunction = (_url, init) => {
    this.sent.push(JSON.parse(String(init.body)));
    this.headers.push(new Headers(init.headers));
    return Promise.resolve(textStream(...this.#replies.shift()?.pieces ?? []));
  };
}

async function build(driver: DriverDescriptor, providerType: string, model: string): Promise<InProcessRuntime> {
  const tools = ["weather", "clock"].map((name) => defineTool({ name, description: name, execute: () => "fine" }));
  return await new InProcessRuntimeBuilder()
    .driverRegistry(new DriverRegistry().register(driver))
    .defaultModel({ model, providerType, apiKey: "key-0123456789" })
    .capability(defineCapability({ id: "tools", name: "Tools", tools }))
    .singleSession((s) =>
      s.harness("assistant").withCapability("tools").openrouterAttribution("https://example.com", "Example")
    )
    .build();
}
