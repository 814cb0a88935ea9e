/** The `prompt_caching` capability: a provider may keep what requests begin with. */

import type { JsonObject } from "../records/json.ts";
import type { Session } from "../records/session.ts";
import type { Capability } from "../ports/capability.ts";
import { about, choice } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";
import { defineCapability } from "../kit/define_capability.ts";

const SETTINGS = defineSettings({
  strategy: about(
    "Whose requests share a key: those of a session (also `auto`), those of an agent or harness, or none.",
    choice("auto", ["auto", "session", "shared", "off"]),
  ),
});

/**
 * Gives a provider that takes one a key under which it may cache the start of requests.
 *
 * What is sent is the same with and without it; a provider that knows no key ignores it. Its configuration: `strategy`.
 * `session`, which `auto` means today, keys by the session: the conversation itself is found again. `shared` keys by the
 * agent (or the harness): many short sessions share their system prompt and tools. `off` gives no key.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability("prompt_caching"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.equal(runtimeAgent.promptCacheKey, runtime.defaultSessionId);
 * ```
 */
export const promptCaching: Capability = defineCapability({
  id: "prompt_caching",
  name: "Prompt caching",
  description: "Lets a provider cache the start of requests.",
  category: "context",
  riskLevel: "low",
  promptCacheKey: keyOf,
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  permissions: {},
});

function keyOf(session: Session, config: JsonObject): string | undefined {
  const { strategy } = SETTINGS.read(config);
  if (strategy === "off") return undefined;
  return strategy === "shared" ? session.agentId ?? session.harnessId : session.id;
}
