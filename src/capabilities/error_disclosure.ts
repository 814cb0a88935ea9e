/** The `error_disclosure` capability: how much a failed turn tells its user. */

import type { ErrorDisclosure } from "../records/message.ts";
import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, choice } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";

const MODES: readonly ErrorDisclosure[] = ["generic", "standard", "detailed"];

const SETTINGS = defineSettings({
  mode: about(
    "What a user is told of a failed turn: one fixed sentence, a sentence for the kind of failure, or the provider's words too.",
    choice("standard", MODES),
  ),
});

/**
 * Sets what a user is told when a turn fails: `generic` (one fixed sentence), `standard` (a sentence for the kind of
 * failure, the default) or `detailed` (the provider's words too).
 *
 * A message may ask for less, never for more. A configuration that cannot be read counts as `generic`.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.error("the disk of host db7 is full"))
 *   .singleSession((s) => s.harness("shop", "Sell.").withCapability({ ref: "error_disclosure", config: { mode: "generic" } }))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Hello");
 * const told = JSON.stringify(await runtime.messages(runtime.defaultSessionId));
 * assert.ok(!told.includes("db7"));
 * ```
 */
export const errorDisclosure: Capability = defineCapability({
  id: "error_disclosure",
  name: "Error disclosure",
  description: "Sets how much a failed turn tells its user.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  errorDisclosure: (config) => SETTINGS.problem(config) === undefined ? SETTINGS.read(config).mode : "generic",
});
