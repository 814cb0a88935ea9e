/** Storing the first step of a turn while the turn goes on. */

import type { Event, EventDraft } from "../records/event.ts";
import type { TurnCheckpoint } from "../records/checkpoint.ts";
import type { TurnResult } from "../records/turn.ts";
import { messagesOfEvents } from "../kit/projection.ts";
import type { CommittedStep } from "../ports/journal.ts";
import { SessionHistory } from "./history.ts";
import type { TurnRun } from "./turn_run.ts";

/**
 * Commits the first step of a turn without waiting for it: the model is asked while the disk writes, and a reply that is
 * there at once is stored with what it answers.
 *
 * Nothing that depends on the step is seen before it is stored: its events come first, live ones are held back behind
 * them, later steps are stored after it, and only those let a tool run or end the turn. When it is refused, the turn is
 * interrupted.
 */
export function commitEarly(
  run: TurnRun,
  drafts: readonly EventDraft[],
  checkpoint: TurnCheckpoint,
): Promise<CommittedStep> {
  const { share, state, ports: { live } } = run;
  const events = [...run.recorded.splice(0), ...drafts];
  const before = run.sequence;
  live.hold(state.turnId);
  const stored = run.commit(events, { checkpoint, join: true });
  const numbered = events.map((draft, at) => ({ ...draft, sequence: before + at + 1 }) as Event);
  share.history.extend({ messages: messagesOfEvents(numbered), lastSequence: run.sequence });
  run.opening = stored;
  return stored;
}

/** What a turn comes to once its first step is stored; when that is refused, why, and then nothing of it remains. */
export async function performMeanwhile(
  run: TurnRun,
  turn: Promise<TurnResult>,
  stored: Promise<void>,
): Promise<TurnResult> {
  const [ended, opened] = await Promise.allSettled([turn, stored]);
  if (opened.status === "rejected") {
    // Not before the turn is over: a piece of its answer may still be on the way.
    run.ports.live.drop(run.state.turnId);
    run.share.history = new SessionHistory();
    throw opened.reason;
  }
  if (ended.status === "rejected") throw ended.reason;
  return ended.value;
}
