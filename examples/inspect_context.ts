// deno run --no-prompt examples/inspect_context.ts

/**
 * Looking at the merged context and at the exact provider request before anything is sent.
 *
 * @module
 */

import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";

await using runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.fixed("You have one appointment today."))
  .singleSession((s) =>
    s
      .harness("assistant", "You are a concise, helpful assistant.")
      .withCapability("current_time")
      .withCapability("session_file_system")
      .agent("secretary", "You keep the calendar in /workspace/calendar.md.")
      .agentInitialFile({ path: "/workspace/calendar.md", content: "09:00 dentist\n" })
      .sessionTitle("Calendar")
      .locale("en-GB")
  )
  .build();

const sessionId = runtime.defaultSessionId;

console.log("Before the first turn");
const context = await runtime.loadContext(sessionId);
console.log(`messages = ${context.messages.length}`);
console.log(`model = ${context.runtimeAgent.model}`);
console.log(`tools = ${context.runtimeAgent.tools.length}`);

console.log("\nLayers");
console.log(`harness chain = ${context.harnessChain.map((harness) => harness.name).join(" -> ")}`);
console.log(`agent = ${context.agent?.name}`);
console.log(`session = ${context.session.title}`);
console.log(`capabilities = ${context.resolvedCapabilityConfigs.map((capability) => capability.ref).join(", ")}`);
console.log(`tool names = ${context.runtimeAgent.tools.map((tool) => tool.name).join(", ")}`);
console.log(`locale = ${context.resolvedLocale}`);

console.log("\nSystem prompt");
console.log(context.runtimeAgent.systemPrompt);

console.log("\nThe request the first turn would send");
const preview = await runtime.previewRequest(sessionId, "What is on today?");
console.log(`${preview.method} ${preview.url}`);
console.log(JSON.stringify({ ...JSON.parse(preview.body), system: "..." }, undefined, 2));

await runtime.runTextTurn(sessionId, "What is on today?");

console.log("\nAfter it");
console.log(`messages = ${(await runtime.loadContext(sessionId)).messages.length}`);
