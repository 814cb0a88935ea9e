/** Inputs that join a running turn: guarded, then stored at a step boundary. */

import { RuntimeError } from "../errors.ts";
import { inputMessageEvent, toMessage } from "./input.ts";
import { askHooks } from "./prompt_guard.ts";
import type { PendingInput } from "./session_share.ts";
import type { TurnRun } from "./turn_run.ts";

/**
 * Stores the inputs that joined the turn since the last step; tells whether there was one to store.
 *
 * Inputs with a key are stored one commit each, so that a repeat of one cannot reject the others. What a hook refuses is
 * not stored.
 */
export async function storePending(run: TurnRun): Promise<boolean> {
  let stored = false;
  while (run.pending.length > 0) {
    const keyed = run.pending.findIndex((pending) => pending.key !== undefined);
    const batch = run.pending.splice(0, keyed === 0 ? 1 : keyed < 0 ? run.pending.length : keyed);
    stored = await storeBatch(run, batch) || stored;
  }
  return stored;
}

async function storeBatch(run: TurnRun, batch: readonly PendingInput[]): Promise<boolean> {
  const { ports } = run;
  const key = batch[0]?.key;
  if (key !== undefined && await ports.journal.turnForKey(run.sessionId, key) !== undefined) {
    for (const pending of batch) pending.accepted();
    return false;
  }
  try {
    const allowed = await guardBatch(run, batch);
    if (allowed.length === 0) return false;
    const events = allowed.map(({ pending, rewritten }) => {
      const message = toMessage(pending.input, ports.ids.next("message"), ports.clock.now(), rewritten);
      return inputMessageEvent(message, run.eventContext);
    });
    await run.commit(events, {
      checkpoint: run.checkpoint(run.state),
      ...(key === undefined ? {} : { key: { key, turnId: run.state.turnId } }),
    });
    for (const { pending } of allowed) {
      run.controls = pending.input.controls ?? run.controls;
      pending.accepted();
    }
    return true;
  } catch (error) {
    for (const pending of batch) pending.rejected(error);
    throw error;
  }
}

/** Asks the hooks about inputs that join a turn; refused ones are told so. */
async function guardBatch(
  run: TurnRun,
  batch: readonly PendingInput[],
): Promise<readonly { readonly pending: PendingInput; readonly rewritten: string | undefined }[]> {
  // A context that cannot be assembled fails the turn in its next step; nothing of it reaches a model.
  const context = await run.context().catch(() => undefined);
  if (context?.config.hasHook.userPromptSubmit !== true) {
    return batch.map((pending) => ({ pending, rewritten: undefined }));
  }
  const allowed: { readonly pending: PendingInput; readonly rewritten: string | undefined }[] = [];
  for (const pending of batch) {
    const { config, session, runtimeAgent } = context;
    const verdict = await askHooks(run, config, session, pending.input, runtimeAgent.model);
    if (verdict.blocked === undefined) allowed.push({ pending, rewritten: verdict.rewritten });
    else pending.rejected(new RuntimeError("blocked_by_hook", `The input was refused: ${verdict.blocked}`));
  }
  return allowed;
}
