/** The `self_budget` capability: the model sees what it may still use. */

import type { JsonObject } from "../../records/json.ts";
import type { Capability } from "../../ports/capability.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { about, anyNumber } from "../../kit/setting_kinds.ts";
import { defineSettings, problemOf, readOnce } from "../../kit/settings.ts";
import { madeNote } from "../conversation/made_message.ts";
import { leftOf, type Limit, LIMITS, readLimits, type Spent, spentOf } from "./limits.ts";

interface Settings {
  readonly limits: readonly Limit[];
  readonly showFrom: number;
}

const SETTINGS = defineSettings({
  limits: LIMITS,
  show_from: about(
    "Share of a limit from which on the model is told; 0 means always.",
    anyNumber(0.5, { min: 0, max: 1 }),
  ),
});

const settingsOf = readOnce((config: JsonObject): Settings => {
  const { show_from: showFrom } = SETTINGS.check(config);
  const { limits = [] } = config;
  return { limits: readLimits({ limits }), showFrom };
});

/**
 * Tells the model with every request what is left of its limits, so that it can finish in time; nothing is enforced.
 *
 * The note comes last, is never stored, and begins when a share of a limit is used (`show_from`, default 0.5; 0 means
 * always). `limits` are those of `budgeting`, which enforces its own; use a lower limit here.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig, type ModelRequest } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const config = { limits: [{ currency: "tokens", limit: 10_000 }], show_from: 0 };
 * const asked: ModelRequest[] = [];
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done.").withRequestCapture(asked))
 *   .singleSession((s) => s.harness("writer", "Write.").withCapability({ ref: "self_budget", config }))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Go");
 * assert.match(JSON.stringify(asked[0]?.messages.at(-1)), /10000 of 10000 tokens/);
 * ```
 */
export const selfBudget: Capability = defineCapability({
  id: "self_budget",
  name: "Own budget",
  description: "Lets the model see what it may still use.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: problemOf(settingsOf),
  modelView: {
    // After whatever shortens the conversation: the note must stay.
    priority: 910,
    async apply(messages, { config, turn, now }) {
      const { limits, showFrom } = settingsOf(config);
      // Without a turn nothing is used yet that anybody could know of.
      if (turn === undefined) return messages;
      const spent = (await spentOf(turn, limits)).filter(({ limit, used }) => used >= limit.limit * showFrom);
      if (spent.length === 0) return messages;
      const text = `Left of your budget: ${spent.map(words).join("; ")}. Finish before it is used up.`;
      return [...messages, madeNote(text, now)];
    },
  },
});

function words(spent: Spent): string {
  const { limit, currency, scope } = spent.limit;
  return `${leftOf(spent)} of ${limit} ${currency} of this ${scope}`;
}
