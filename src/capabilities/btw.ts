/** The `btw` capability: a question beside the conversation. */

import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";

const PROMPT =
  "The last message is a question beside the conversation. Answer it briefly from what you know. You have no tools " +
  "now, and neither question nor answer becomes part of the conversation: do not carry on with its work.";

/**
 * The command `btw`: asks the session's model a question with the conversation before it, and stores nothing.
 *
 * The model gets no tools, at most 2,000 tokens to answer and 60 seconds. What it used is in the result's `data`.
 * Without a question the command throws a `TypeError`; when the provider fails, a `ProviderError`.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Tuesday."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("btw"))
 *   .build();
 * const { output } = await runtime.executeCommand(runtime.defaultSessionId, "btw", "What day is it?");
 * assert.equal(output, "Tuesday.");
 * assert.deepEqual(await runtime.messages(runtime.defaultSessionId), []);
 * ```
 */
export const btw: Capability = defineCapability({
  id: "btw",
  name: "By the way",
  description: "Answers a question beside the conversation, which stays as it is.",
  category: "conversation",
  riskLevel: "low",
  commands: [{
    name: "btw",
    description: "Asks a question beside the conversation.",
    usage: "<question>",
    execute: async (args, context) => {
      const text = args.trim();
      if (text === "") throw new TypeError("Cannot run /btw: it requires a question, such as `/btw what is a fence?`");
      const { text: output, usage } = await context.complete({
        asSession: true,
        systemPrompt: PROMPT,
        messages: [{ role: "user", content: [{ type: "text", text }] }],
      });
      return { output, ...(usage === undefined ? {} : { data: { usage: { ...usage } } }) };
    },
  }],
  permissions: {},
});
