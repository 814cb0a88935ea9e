/** What happens between two tries of a model call. */

import { messageOf } from "../errors.ts";
import type { MessageId } from "../records/ids.ts";
import { decideRetry, type FailedTry, fraction, type RetryDecision } from "./retry.ts";
import type { TurnRun } from "./turn_run.ts";

/**
 * Decides about a failed try, takes back what was seen of it, and waits.
 *
 * @param seen the message of which a subscriber may have seen something
 * @throws whatever interrupted the turn meanwhile
 */
export async function beforeNextTry(
  run: TurnRun,
  failed: FailedTry,
  seen: MessageId | undefined,
): Promise<RetryDecision> {
  const decision = decideRetry(failed, run.ports.retry, fraction(run.ports.random));
  if (decision.type === "fail") return decision;
  if (seen !== undefined) {
    run.live("output.message.replaced", {
      turnId: run.state.turnId,
      messageId: seen,
      reasonCode: "retry",
      replacement: "",
    });
  }
  // A wait may take a minute, and whoever looks on would see nothing.
  run.warn("model_call_retried", `${messageOf(failed.error)}; tried again in ${Math.round(decision.waitMs)} ms`);
  await pause(run, decision.waitMs);
  return decision;
}

function pause(run: TurnRun, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = run.ports.clock.setTimer(() => {
      off();
      resolve();
    }, milliseconds);
    const off = run.interrupts.onInterrupt((reason) => {
      timer.cancel();
      reject(reason);
    });
  });
}
