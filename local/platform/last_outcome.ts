/** How the last turn of a session ended, read from the end of its log. */

import { SessionBusyError } from "../../src/errors.ts";
import type { Event } from "../../src/records/event.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { AcquiredSession, OwnerId, SessionJournal } from "../../src/ports/journal.ts";
import type { SessionOutcome } from "../../src/ports/platform_store.ts";

/** Asks for leases it never takes. */
const OBSERVER: OwnerId = "owner_observer";
/** Events read at a time; a turn's end is among the last few. */
const PAGE = 32;

/**
 * What a session that is not running came to.
 *
 * `acquire` tells where the log ends without writing anything, so the history before the last turn's end is not read.
 * A turn that a dead process left open counts as active: whoever runs the session next finishes it.
 */
export async function readLastOutcome(journal: SessionJournal, sessionId: SessionId): Promise<SessionOutcome> {
  let acquired: AcquiredSession;
  try {
    acquired = await journal.acquire(sessionId, OBSERVER);
  } catch (error) {
    if (error instanceof SessionBusyError) return "active";
    throw error;
  }
  const { openTurn, lastSequence } = acquired;
  if (openTurn !== undefined) return openTurn.state.phase === "wait" ? "waiting_for_tool_results" : "active";
  for (let end = lastSequence; end > 0; end -= PAGE) {
    const after = Math.max(0, end - PAGE);
    const events = await journal.events(sessionId, { after, limit: end - after });
    for (const event of events.toReversed()) {
      const outcome = outcomeOf(event);
      if (outcome !== undefined) return outcome;
    }
  }
  return "started";
}

function outcomeOf(event: Event): SessionOutcome | undefined {
  switch (event.type) {
    case "turn.completed":
      return event.data.stopReason === "max_turn_requests" ? "max_iterations_reached" : "completed";
    case "turn.failed":
      return "failed";
    case "turn.cancelled":
      return "cancelled";
    case "turn.sealed":
      return "sealed";
    default:
      return undefined;
  }
}
