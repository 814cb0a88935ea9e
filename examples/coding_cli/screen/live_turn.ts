/** Changes of the running turn. */

import type { TurnId } from "@everruns/runtime";
import type { LiveTurn, Screen } from "./screen.ts";

/** The screen with a change of its turn; a turn whose start was not seen begins now. */
export function onTurn(screen: Screen, turnId: TurnId, ts: number, change: Partial<LiveTurn>): Screen {
  const turn = screen.turn?.id === turnId ? screen.turn : newTurn(turnId, ts);
  // What the user asked for stays on show until the turn has ended.
  const activity = turn.activity === "cancelling" ? "cancelling" : change.activity ?? turn.activity;
  return { ...screen, turn: { ...turn, ...change, activity } };
}

export function newTurn(id: TurnId, startedAt: number): LiveTurn {
  return { id, startedAt, activity: "waiting", text: "", thinking: "", outputTokens: 0 };
}
