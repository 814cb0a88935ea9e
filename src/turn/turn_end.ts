/** The end of a turn where hooks want to see it. */

import type { TurnResult } from "../records/turn.ts";
import { contextFor } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

/** Runs the turn-end hooks; one that fails is reported and stops nothing. */
export async function runTurnEndHooks(run: TurnRun, result: TurnResult): Promise<void> {
  const context = await run.context();
  for (const { owner, hooks } of context.config.hooks) {
    if (hooks.turnEnd === undefined) continue;
    try {
      // A copy: the result is also what the caller of the turn gets.
      const told = { ...result, waitingFor: [...result.waitingFor] };
      const pending = hooks.turnEnd(told, contextFor(run, context)(owner.config));
      if (pending instanceof Promise) await run.timed(pending, run.ports.limits.hookMs, "run a turn-end hook");
    } catch (thrown) {
      run.hookFailed("turnEnd", owner, thrown);
      if (run.interrupts.interrupted) return;
    }
  }
}
