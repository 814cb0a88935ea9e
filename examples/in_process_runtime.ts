// deno run --no-prompt examples/in_process_runtime.ts

/**
 * The smallest useful host, then a turn with a tool. Simulated model, in-memory stores: no key, no network, no permission.
 *
 * @module
 */

import {
  CapabilityRegistry,
  defineCapability,
  defineTool,
  DriverId,
  DriverRegistry,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  PlatformDefinition,
} from "@everruns/runtime";

console.log("1. The smallest useful host");
{
  const platform = new PlatformDefinition({ capabilities: new CapabilityRegistry(), drivers: new DriverRegistry() });

  await using runtime = await new InProcessRuntimeBuilder()
    .platformDefinition(platform)
    .llmSim(LlmSimConfig.fixed("hello from everruns-runtime"))
    .defaultModel({ model: "llmsim-model", providerType: DriverId.LlmSim, apiKey: "fake-key" })
    .singleSession((s) => s.harness("assistant", "You are a concise, helpful assistant."))
    .build();

  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Say hello.");
  console.log("   user: Say hello.");
  console.log(`   agent: ${turn.response}`);
}

console.log("\n2. A turn that calls a tool");
{
  const stock: Readonly<Record<string, number>> = { apples: 12, pears: 0 };
  const shop = defineCapability({
    id: "shop",
    name: "Shop",
    systemPrompt: "Look every number up; never guess one.",
    tools: [defineTool({
      name: "count_stock",
      description: "Tells how many of an item are in stock.",
      parameters: { type: "object", properties: { item: { type: "string" } }, required: ["item"] },
      effect: "pure",
      execute: ({ item }) => ({ item, count: stock[String(item)] ?? 0 }),
    })],
  });

  await using runtime = await new InProcessRuntimeBuilder()
    .capability(shop)
    // A live model decides by itself when to call a tool; the simulated one plays a script.
    .llmSim(LlmSimConfig.scripted([
      { type: "tool_calls", toolCalls: [{ name: "count_stock", arguments: { item: "apples" } }] },
      "There are 12 apples in stock.",
    ]))
    .singleSession((s) => s.harness("shopkeeper", "You run a small shop.").withCapability("shop"))
    .build();

  const sessionId = runtime.defaultSessionId;
  const turn = await runtime.runTextTurn(sessionId, "How many apples are left?");

  for (const message of await runtime.messages(sessionId)) {
    for (const part of message.content) {
      if (part.type === "text") console.log(`   ${message.role}: ${part.text}`);
      if (part.type === "tool_call") console.log(`   ${message.role}: ${part.name}(${JSON.stringify(part.arguments)})`);
      if (part.type === "tool_result") console.log(`   ${message.role}: ${JSON.stringify(part.result)}`);
    }
  }
  console.log(
    `   -> ${turn.status} after ${turn.iterations} model calls and ${turn.toolCallsCount} tool call, ` +
      `${turn.usage.inputTokens} tokens in, ${turn.usage.outputTokens} out`,
  );
}
