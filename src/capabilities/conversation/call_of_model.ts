/** Telling calls of the model from those that a program or another tool makes for it. */

import type { CallId } from "../../records/ids.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";

/** Whether the model made a call itself; what a program calls stands in no message. */
export function isCallOfModel({ messages }: RunningTurn, id: CallId): boolean {
  // The calls that run are those of the newest message that has any.
  const message = messages.findLast(({ role, content }) =>
    role === "agent" && content.some(({ type }) => type === "tool_call")
  );
  return message?.content.some((part) => part.type === "tool_call" && part.id === id) === true;
}
