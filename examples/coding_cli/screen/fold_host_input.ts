/** What the host has to show, folded into the screen. */

import { emptyScreen, type Screen, withBlocks } from "./screen.ts";
import type { ScreenInput } from "./screen_input.ts";

/** The screen after an input of the host; undefined for an event of the runtime. */
export function foldHostInput(screen: Screen, input: ScreenInput): Screen | undefined {
  switch (input.type) {
    case "notice":
      return withBlocks(screen, { type: "notice", level: input.level, text: input.text });
    case "output":
      return withBlocks(screen, { type: "output", command: input.command, text: input.text });
    case "submitted":
      return { ...screen, sent: [...screen.sent, { id: input.id, text: input.text, settled: false }] };
    case "settled":
      return { ...screen, sent: settle(screen, input.id, input.isMessage) };
    case "approval_asked":
      return { ...screen, approvals: [...screen.approvals, input.question] };
    case "approval_answered":
      return { ...screen, approvals: screen.approvals.filter(({ toolCallId }) => toolCallId !== input.toolCallId) };
    case "approval_shown":
      return withBlocks(screen, { type: "approval_detail", question: input.question });
    case "cancelling":
      return screen.turn === undefined ? screen : { ...screen, turn: { ...screen.turn, activity: "cancelling" } };
    case "facts":
      return { ...screen, facts: input.facts };
    case "cleared":
      return emptyScreen(screen.facts);
    default:
      return undefined;
  }
}

/** While a turn runs a message that joined it waits for the next step; anything else has nothing left to wait for. */
function settle(screen: Screen, id: number, isMessage: boolean): Screen["sent"] {
  if (screen.turn === undefined || !isMessage) return screen.sent.filter((line) => line.id !== id);
  return screen.sent.map((line) => line.id === id ? { ...line, settled: true } : line);
}
