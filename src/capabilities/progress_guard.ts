/** The `progress_guard` capability: ends a turn that gets nowhere. */

import type { Message } from "../records/message.ts";
import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, wholeNumber } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";
import { recentRounds } from "./tool_rounds.ts";

/** Rounds that are compared with: a circle is longer than one round now and then. */
const MEMORY = 50;

const SETTINGS = defineSettings({
  max_repeated_rounds: about(
    "Rounds in a row that only repeat calls with the results they had before.",
    wholeNumber(5, { min: 1, max: 100 }),
  ),
  max_failed_rounds: about("Rounds in a row that only failed.", wholeNumber(10, { min: 1, max: 100 })),
});

/**
 * Seals a turn (`no_progress`) before the model is asked again, when its newest rounds of calls brought nothing.
 *
 * That is when so many rounds in a row repeat only calls that had the same results before (`max_repeated_rounds`,
 * default 5), or have only failed (`max_failed_rounds`, default 10). A new input starts the count again.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.echo().withToolCalls([{ name: "test_math__none" }]))
 *   .singleSession((s) => s.harness("worker", "Work.").withCapability({ ref: "progress_guard", config: { max_failed_rounds: 3 } }))
 *   .build();
 * const turn = await runtime.runTextTurn(runtime.defaultSessionId, "Go");
 * assert.deepEqual([turn.status, turn.sealed?.reason, turn.iterations], ["sealed", "no_progress", 3]);
 * ```
 */
export const progressGuard: Capability = defineCapability({
  id: "progress_guard",
  name: "Progress guard",
  description: "Ends a turn that gets nowhere.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  hooks: {
    beforeModelCall({ config, turn }) {
      const { max_repeated_rounds: repeats, max_failed_rounds: failures } = SETTINGS.check(config);
      const detail = standstill(turn.messages, repeats, failures);
      return detail === undefined ? { action: "proceed" } : { action: "stop", reason: "no_progress", detail };
    },
  },
});

function standstill(messages: readonly Message[], maxRepeats: number, maxFailures: number): string | undefined {
  const rounds = recentRounds(messages, MEMORY + Math.max(maxRepeats, maxFailures));
  const seen = new Set<string>();
  let repeats = 0;
  let failures = 0;
  for (const round of rounds) {
    const outcomes = round.map(({ key, result }) => `${key} ${result ?? ""}`);
    repeats = outcomes.every((outcome) => seen.has(outcome)) ? repeats + 1 : 0;
    failures = round.every(({ failed }) => failed) ? failures + 1 : 0;
    for (const outcome of outcomes) seen.add(outcome);
  }
  if (repeats >= maxRepeats) return `${repeats} rounds of calls in a row only repeated earlier ones`;
  if (failures >= maxFailures) return `${failures} rounds of calls in a row only failed`;
  return undefined;
}
