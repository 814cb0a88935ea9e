/** The `compaction` capability: requests that fit the model's window. */

import type { Capability } from "../../ports/capability.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { compact } from "./compact.ts";
import { CompactionMemory } from "./memory.ts";
import { COMPACTION_SCHEMA, compactionProblem } from "./settings.ts";

/**
 * Makes what the model sees small enough for its window, before a request and after one the provider refused as too
 * large (which is then sent once more, half the size). What is stored does not change.
 *
 * Each step is only taken when the ones before were not enough: old outputs of tools become a line that says how to
 * see them again; the model is asked for a summary of all but the newest 10 messages, at most once a request, counted
 * for the turn and kept in the session storage; the oldest messages are left out; texts that are too large by
 * themselves are cut, and images beside them left out. The first message, the first and the newest message of the user,
 * and activated skills stay. A call and its results stay together.
 *
 * Where provider and model compact themselves (Claude Opus and Sonnet 4.6 and later at Anthropic, GPT-5.4 and later at
 * OpenAI and Azure), they are asked to at `budget_percent`, and what they answer stands for all before it, the first
 * message included; the steps above are then only taken for what would not fit the window at all. After a refusal the
 * provider is asked when outputs as lines make it likely to take the request, and the model for a summary when not.
 * Another model gets the conversation itself.
 *
 * Configuration: `strategy` (`auto`; `native`: the same, since a model without it needs the other steps;
 * `observation_masking`: never asks the model, `summarization`: makes no lines, and neither asks the provider),
 * `proactive` (true; false waits for a refusal), `budget_percent` (0.85 of the window; a token is taken to be four
 * characters, the window of an unknown model to be 128,000), `observation_masking.keep_recent_tool_outputs` (2) and
 * `.summary_format` (`one_line` or `head_tail`), `summarization.model` (the id of another stored model), `.preserve`
 * and `.instructions`.
 *
 * Switch on `infinity_context` too for its `query_history`; it leaves the rest to this capability then.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const sent: number[] = [];
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("x".repeat(2_000)).withMessageCapture((messages) => sent.push(messages.length)))
 *   .singleSession((s) =>
 *     s.harness("talker", "Talk.").withCapability({
 *       ref: "compaction",
 *       config: { strategy: "observation_masking", budget_percent: 0.04 },
 *     })
 *   )
 *   .build();
 * for (let turn = 0; turn < 20; turn++) await runtime.runTextTurn(runtime.defaultSessionId, "Go on");
 * assert.ok(Math.max(...sent) < 30);
 * ```
 */
export function createCompaction(): Capability {
  const memory = new CompactionMemory();
  return defineCapability({
    id: "compaction",
    name: "Compaction",
    description: "Makes long conversations fit the model's window.",
    category: "context",
    riskLevel: "low",
    configSchema: COMPACTION_SCHEMA,
    validateConfig: compactionProblem,
    modelView: {
      // After infinity_context, before what adds to messages.
      priority: 30,
      shrinks: true,
      apply: (messages, context, request) => compact(messages, context, request, memory),
    },
    permissions: {},
  });
}
