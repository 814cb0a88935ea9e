/** The `loop_detection` capability: tells a model that goes in circles so. */

import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, wholeNumber } from "../kit/setting_kinds.ts";
import { defineSettings } from "../kit/settings.ts";
import { madeNote } from "./conversation/made_message.ts";
import { recentRounds, type Round, type SeenCall } from "./tool_rounds.ts";

/** Tools that change something; also what an MCP server calls so, with its own name before. */
const MUTATING = ["edit_file", "write_file", "delete_file", "bash"] as const;

const SETTINGS = defineSettings({
  threshold: about(
    "Times that the same call, read or set of calls comes before the model is told.",
    wholeNumber(3, { min: 1, max: 50 }),
  ),
  mutating_failure_threshold: about(
    "Times that the same change has to fail the same way.",
    wholeNumber(2, { min: 1, max: 50 }),
  ),
});

/**
 * Adds a note to what the model sees when it goes in circles since the last input; never blocks, never stored.
 *
 * The first of these counts: the same change failing the same way (`mutating_failure_threshold`, default 2), then
 * three times (`threshold`) the same call with the same result, a read of the same place, or the same set of calls in
 * replies that follow each other. Use `progress_guard` beside it to end such a turn.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("worker", "Work.").withCapability({ ref: "loop_detection", config: { threshold: 4 } }))
 *   .build();
 * assert.ok((await runtime.runTextTurn(runtime.defaultSessionId, "Go")).success);
 * ```
 */
export const loopDetection: Capability = defineCapability({
  id: "loop_detection",
  name: "Loop detection",
  description: "Tells a model that goes in circles so.",
  category: "safety",
  riskLevel: "low",
  permissions: {},
  configSchema: SETTINGS.schema,
  validateConfig: SETTINGS.problem,
  modelView: {
    // After whatever shortens the conversation: the note must stay.
    priority: 900,
    apply(messages, { config, now, turn }) {
      const settings = SETTINGS.read(config);
      const most = Math.max(settings.threshold, settings.mutating_failure_threshold) * 4;
      const warning = warningOf(recentRounds(turn?.messages ?? messages, most), settings);
      return warning === undefined ? messages : [...messages, madeNote(warning, now)];
    },
  },
});

/** What is to be said about the rounds, if anything. */
function warningOf(
  rounds: readonly Round[],
  settings: ReturnType<typeof SETTINGS.read>,
): string | undefined {
  const last = rounds.at(-1);
  if (last === undefined) return undefined;
  const calls = rounds.flat();
  const { threshold, mutating_failure_threshold: failures } = settings;
  for (const call of last) {
    if (!call.failed || !isMutating(call.name)) continue;
    const times = count(calls, (other) => other.key === call.key && other.failed && other.result === call.result);
    if (times >= failures) {
      return `${
        loop(call.name, times)
      } failed the same way each time. Read the error, look at the current state, and do something else.`;
    }
  }
  for (const call of last) {
    const times = count(calls, (other) => other.key === call.key && other.result === call.result);
    if (times >= threshold) return `${loop(call.name, times)} gave the same result each time. ${STOP}`;
  }
  for (const call of last) {
    const place = placeOf(call);
    if (place === undefined) continue;
    const times = count(calls, (other) => placeOf(other) === place);
    if (times >= threshold) return `${loop(call.name, times)} read the same place each time. ${STOP}`;
  }
  const batch = batchOf(last);
  const inRow = rounds.length - 1 - rounds.findLastIndex((round) => batchOf(round) !== batch);
  if (inRow >= threshold) return `The same calls were made in ${inRow} replies in a row. ${STOP}`;
  return undefined;
}

const STOP = "Use what you have, do something else, or tell the user what is missing.";

function loop(name: string, times: number): string {
  return `You called ${name} ${times} times with the same arguments since the last input; it`;
}

function count(calls: readonly SeenCall[], matches: (call: SeenCall) => boolean): number {
  return calls.filter(matches).length;
}

function isMutating(name: string): boolean {
  return MUTATING.some((tool) => name === tool || name.endsWith(`__${tool}`));
}

/** The place a reading call reads. */
function placeOf({ name, args }: SeenCall): string | undefined {
  if (!/(^|__)read_file$/.test(name) || typeof args !== "object" || args === null || !("path" in args)) {
    return undefined;
  }
  return JSON.stringify([args.path, args.offset ?? 0]);
}

function batchOf(round: Round): string {
  return round.map(({ key }) => key).sort().join("\n");
}
