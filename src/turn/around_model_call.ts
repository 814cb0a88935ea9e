/** What capabilities have to say around a model call; not loaded for a session that has none. */

import { messageOf } from "../errors.ts";
import type { MessageId } from "../records/ids.ts";
import type { ModelOutput, OutputDecision } from "../ports/model_hooks.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { OutputGuard, Replacement } from "./model_reply.ts";
import type { TurnOutcome } from "./plan_types.ts";
import { contextFor } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

type Sealed = Extract<TurnOutcome, { type: "sealed" }>;

const MAX_DETAIL = 2000;
/** What stands for an answer that a broken guard could not judge. */
const WITHHELD = "The answer was withheld because a check of it failed.";

/** Asks the hooks whether the model may be asked; the first that says no, or fails, seals the turn. */
export async function askBeforeCall(run: TurnRun, context: TurnContext): Promise<Sealed | undefined> {
  const told = contextFor(run, context);
  for (const { owner, hooks } of context.config.hooks) {
    if (hooks.beforeModelCall === undefined) continue;
    const { id } = owner.capability;
    try {
      const asked = hooks.beforeModelCall(told(owner.config));
      const decision = asked instanceof Promise ? await run.timed(asked, run.ports.limits.hookMs, "run a hook") : asked;
      if (decision.action === "proceed") continue;
      if (decision.action !== "stop") throw new TypeError("The hook answered no decision");
      const { reason, detail } = decision;
      return { type: "sealed", reason: textOr(reason, id), ...(detail === undefined ? {} : { detail: clip(detail) }) };
    } catch (thrown) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      run.hookFailed("beforeModelCall", owner, thrown);
      // A guard that cannot answer must not let the turn go on spending.
      return {
        type: "sealed",
        reason: "guard_failed",
        detail: clip(`${id}: ${run.ports.secrets.redact(messageOf(thrown))}`),
      };
    }
  }
  return undefined;
}

/** The guard of one answer. */
export function outputGuard(run: TurnRun, context: TurnContext, messageId: MessageId): OutputGuard {
  const told = contextFor(run, context);
  return async (output: ModelOutput): Promise<Replacement | undefined> => {
    for (const { owner, hooks } of context.config.hooks) {
      if (hooks.outputGuard === undefined) continue;
      const { id } = owner.capability;
      let replacement: Replacement | undefined;
      try {
        const asked = hooks.outputGuard(output, told(owner.config));
        const decision = asked instanceof Promise
          ? await run.timed(asked, run.ports.limits.hookMs, "run a hook")
          : asked;
        replacement = toReplacement(decision, id);
      } catch (thrown) {
        if (run.interrupts.interrupted) throw run.interrupts.reason;
        run.hookFailed("outputGuard", owner, thrown);
        replacement = { capabilityId: id, text: WITHHELD, reasonCode: "guard_failed" };
      }
      if (replacement === undefined) continue;
      const { capabilityId, text, reasonCode, guardrailId } = replacement;
      run.live("output.message.replaced", {
        turnId: run.state.turnId,
        messageId,
        reasonCode,
        replacement: text,
        guardrailCapabilityId: capabilityId,
        ...(guardrailId === undefined ? {} : { guardrailId }),
      });
      return replacement;
    }
    return undefined;
  };
}

function toReplacement(decision: OutputDecision, capabilityId: string): Replacement | undefined {
  if (decision.action === "allow") return undefined;
  if (decision.action !== "replace" || typeof decision.text !== "string") {
    throw new TypeError("The hook answered no decision");
  }
  const { text, reasonCode, guardrailId } = decision;
  return {
    capabilityId,
    text,
    reasonCode: textOr(reasonCode, "guardrail"),
    ...(typeof guardrailId === "string" ? { guardrailId } : {}),
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : otherwise;
}

function clip(value: unknown): string {
  return String(value).slice(0, MAX_DETAIL);
}

/** Tells live subscribers which capabilities a turn has, and which tools they bring. */
export function reportUsage(run: TurnRun, context: TurnContext): void {
  const { capabilities } = context.config;
  if (capabilities.length === 0) return;
  const records = [];
  for (const { capability } of capabilities) {
    records.push({ capabilityId: capability.id, usageKind: "resolved" as const });
    const toolNames = [];
    for (const bound of context.config.tools.values()) {
      if (bound.capability === capability) toolNames.push(bound.tool.definition.name);
    }
    if (toolNames.length > 0) records.push({ capabilityId: capability.id, usageKind: "exposed" as const, toolNames });
  }
  run.live("capability.usage", { turnId: run.state.turnId, records });
}
