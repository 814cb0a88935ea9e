/** The `budgeting` capability: turns end where their budget does. */

import type { JsonObject } from "../../records/json.ts";
import type { Capability } from "../../ports/capability.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";
import { problemOf } from "../../kit/settings.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineTool, toolFailure } from "../../kit/define_tool.ts";
import { describe, type Limit, LIMITS_SCHEMA, readLimits, spentOf } from "./limits.ts";

/** Limits a turn was warned about already. */
const WARNED = new WeakMap<RunningTurn, Set<string>>();

/**
 * Seals a turn (`budget`) before the model is asked once more, when a limit of tokens, money (`usd`) or time
 * (`seconds`, of one turn) is reached; the model can look with `check_budget`.
 *
 * `limits` count one `turn` or the whole `session` (the default), the questions of other capabilities included. A limit
 * is looked at between model calls: the call that crosses it is finished and paid. `soft_limit` is a `budget.warning`
 * event once a turn, the end a `budget.exhausted`. Money is what the provider or a price table says; a call whose
 * price nobody knows counts nothing, and where none is known a warning says so: add a limit of tokens. Commands' questions are not counted,
 * and subagents have budgets of their own. Seconds count from the input on, also while the turn waits for an answer.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const limits = [{ currency: "tokens", limit: 10 }];
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.lorem(100))
 *   .singleSession((s) => s.harness("writer", "Write.").withCapability({ ref: "budgeting", config: { limits } }))
 *   .build();
 * assert.ok((await runtime.runTextTurn(runtime.defaultSessionId, "Go")).success);
 * const next = await runtime.runTextTurn(runtime.defaultSessionId, "More");
 * assert.deepEqual([next.status, next.sealed?.reason], ["sealed", "budget"]);
 * ```
 */
export const budgeting: Capability = defineCapability({
  id: "budgeting",
  name: "Budgets",
  description: "Ends turns where their budget does.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: LIMITS_SCHEMA,
  validateConfig: problemOf(readLimits),
  tools: (config) => [checkBudget(config)],
  hooks: {
    async beforeModelCall({ turn, config }) {
      for (const spent of await spentOf(turn, readLimits(config))) {
        const { limit, used, incomplete } = spent;
        if (incomplete) {
          once(
            turn,
            limit,
            "price",
            () => turn.warn("budget_price_unknown", `Budget "${limit.id}": the price of some tokens is not known`),
          );
        }
        if (used >= limit.limit) {
          turn.record("budget.exhausted", describe(spent));
          const detail =
            `${used} of ${limit.limit} ${limit.currency} of this ${limit.scope} are used (budget "${limit.id}")`;
          return { action: "stop", reason: "budget", detail };
        }
        if (limit.softLimit !== undefined && used >= limit.softLimit) {
          once(turn, limit, "soft", () => turn.record("budget.warning", describe(spent)));
        }
      }
      return { action: "proceed" };
    },
  },
});

function once(turn: RunningTurn, limit: Limit, what: string, say: () => void): void {
  const warned = WARNED.get(turn) ?? new Set<string>();
  WARNED.set(turn, warned);
  const key = `${limit.id} ${what}`;
  if (warned.has(key)) return;
  warned.add(key);
  say();
}

function checkBudget(config: JsonObject) {
  return defineTool({
    name: "check_budget",
    displayName: "Check budget",
    description: "Tells how much of each budget of this session is used and left.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    effect: "pure",
    permissions: {},
    hints: { readonly: true },
    narrate: () => "Checking the budget",
    execute: async (_, { turn }) => {
      if (turn === undefined) return toolFailure("The budget is known during a turn only");
      return { budgets: (await spentOf(turn, readLimits(config))).map(describe) };
    },
  });
}
