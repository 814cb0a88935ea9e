/** The `infinity_context` capability: conversations longer than the model's window. */

import type { Capability } from "../../ports/capability.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { queryHistory } from "./query_history.ts";
import { readWindowSettings, WINDOW_SCHEMA, windowProblem } from "./settings.ts";
import { windowOf } from "./window.ts";

/**
 * Shows the model the newest part of a long conversation, and lets it search the rest with `query_history`.
 *
 * Configuration: `context_budget_tokens` (100,000; a token is taken to be four characters), `min_recent_messages` (10,
 * whatever they take), `max_recent_messages` (none) and `keep_first_messages` (0, at most 16). A notice with the number
 * of hidden messages stands where they are left out. A call and its results stay together, so the numbers may be
 * exceeded by the rest of a batch. What is stored does not change.
 *
 * `query_history` does not exist in a session one of whose capabilities has a `userPromptSubmit` hook: what such a hook
 * took out of a prompt must not come back. Where another capability compacts requests (a model view that `shrinks`),
 * nothing is left out here.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Noted."))
 *   .singleSession((s) =>
 *     s.harness("diary", "Keep a diary.").withCapability({ ref: "infinity_context", config: { context_budget_tokens: 20_000 } })
 *   )
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.ok(runtimeAgent.tools.some(({ name }) => name === "query_history"));
 * ```
 */
export const infinityContext: Capability = defineCapability({
  id: "infinity_context",
  name: "Infinity context",
  description: "Keeps requests within a budget; the model can search what is hidden.",
  category: "context",
  riskLevel: "low",
  configSchema: WINDOW_SCHEMA,
  validateConfig: windowProblem,
  tools: (_, capabilities) =>
    capabilities.some(({ hooks }) => hooks?.userPromptSubmit !== undefined) ? [] : [queryHistory],
  modelView: {
    priority: 20,
    apply: (messages, { config }, { shrinks, tools }) =>
      shrinks ? messages : windowOf(
        messages,
        readWindowSettings(config),
        tools.some(({ name }) => name === "query_history"),
      ),
  },
  permissions: {},
});
