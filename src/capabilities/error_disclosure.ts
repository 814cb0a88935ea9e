/** The `error_disclosure` capability: how much a failed turn tells its user. */

import type { JsonObject } from "../records/json.ts";
import type { ErrorDisclosure } from "../records/message.ts";
import type { Capability } from "../ports/capability.ts";
import { ConfigReader, problemOf, readOnce } from "../kit/config_reader.ts";
import { defineCapability } from "../kit/define_capability.ts";

const MODES: readonly ErrorDisclosure[] = ["generic", "standard", "detailed"];

const modeOf = readOnce((config: JsonObject): ErrorDisclosure =>
  new ConfigReader(config, ["mode"]).choice("mode", MODES) ?? "standard"
);

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
  configSchema: {
    type: "object",
    properties: { mode: { type: "string", enum: [...MODES], default: "standard" } },
    additionalProperties: false,
  },
  validateConfig: problemOf(modeOf),
  errorDisclosure(config) {
    try {
      return modeOf(config);
    } catch {
      return "generic";
    }
  },
});
