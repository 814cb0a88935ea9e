/** The `parallel_tool_calls` capability: whether calls of one reply may run at the same time. */

import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, flag } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";

const SETTINGS = defineSettings({
  enabled: about("Whether calls of one reply may run at the same time, or the model makes one at a time.", flag(true)),
});

/**
 * Asks the provider for several calls in one reply (`enabled: true`, the default) or for one at a time, and runs them so.
 *
 * What a layer says about `parallelToolCalls` wins. Without either the provider decides and calls run side by side.
 * A configuration that cannot be read counts as `false`.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("worker", "Work.").withCapability({ ref: "parallel_tool_calls", config: { enabled: false } }))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.equal(runtimeAgent.parallelToolCalls, false);
 * ```
 */
export const parallelToolCalls: Capability = defineCapability({
  id: "parallel_tool_calls",
  name: "Parallel tool calls",
  description: "Sets whether calls of one reply may run at the same time.",
  category: "execution",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  parallelToolCalls: (config) => SETTINGS.problem(config) === undefined && SETTINGS.read(config).enabled,
});
