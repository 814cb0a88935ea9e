/** The checkpoint: an open turn as the journal keeps it. */

import type { EventDraft } from "./event.ts";
import type { StopReason, TurnFailure, TurnState } from "./turn.ts";

/** How a turn ends, decided but not yet stored because turn-end hooks run before. */
export interface TurnClosing {
  /** How it ended. */
  readonly status: "completed" | "failed" | "cancelled" | "sealed";
  /** Why. */
  readonly stopReason: StopReason;
  /** Why it failed. */
  readonly failure?: TurnFailure;
  /** The closing events. */
  readonly events: readonly EventDraft[];
}

/** An open turn: plain JSON, equal after a round trip through text. */
export interface TurnCheckpoint {
  /** Form of this record; an unknown one ends the turn as failed. */
  readonly version: 1;
  /** The planner's state. */
  readonly state: TurnState;
  /** The decided end of a turn in phase `done`. */
  readonly closing?: TurnClosing;
}
