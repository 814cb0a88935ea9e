/** Reading a turn back from the log. */

import { countResults } from "./call_log.ts";
import { toFailure } from "./failure.ts";
import { RuntimeError } from "../errors.ts";
import type { Event } from "../records/event.ts";
import { textOf } from "../records/content.ts";
import type { MessageId, SessionId, TurnId } from "../records/ids.ts";
import type { StopReason, TurnResult } from "../records/turn.ts";
import { NO_USAGE } from "../records/usage.ts";
import { parseAnswer } from "../kit/response_format.ts";
import type { SessionJournal } from "../ports/journal.ts";

/** The text of an agent message among events. */
export function textOfMessage(events: readonly Event[], id: MessageId | undefined): string {
  for (const event of events) {
    if (event.type === "output.message.completed" && event.data.message.id === id) {
      return textOf(event.data.message.content);
    }
  }
  return "";
}

/** The last answer or aside that says something. */
function lastText(events: readonly Event[]): string {
  for (const event of events.toReversed()) {
    if (event.type !== "output.message.completed" || event.data.errorCode !== undefined) continue;
    const text = textOf(event.data.message.content);
    if (text !== "") return text;
  }
  return "";
}

const PAGE = 100;
const CLOSING: ReadonlySet<string> = new Set(["turn.completed", "turn.failed", "turn.cancelled", "turn.sealed"]);

/** The result of an ended turn, read from its events; undefined while it is open. */
export async function readTurnResult(
  journal: SessionJournal,
  sessionId: SessionId,
  turnId: TurnId,
  sequence: number,
): Promise<TurnResult | undefined> {
  const own: Event[] = [];
  for (let after = sequence - 1;;) {
    const page = await journal.events(sessionId, { after, limit: PAGE });
    for (const event of page) if (event.context.turnId === turnId) own.push(event);
    after = page.at(-1)?.sequence ?? after;
    // What came after the turn is not read: a repeat of an old key costs no more than its turn.
    if (page.length < PAGE || own.some((event) => CLOSING.has(event.type))) break;
  }
  for (const event of own) {
    switch (event.type) {
      case "turn.completed": {
        const { data } = event;
        const response = textOfMessage(own, data.finalMessageId);
        const output = data.outputFormat === undefined ? undefined : parseAnswer(response);
        return {
          ...base(sessionId, turnId, data.iterations, data.usage, data.stopReason),
          status: "completed",
          success: true,
          response,
          ...(output === undefined ? {} : { output }),
          toolCallsCount: data.toolCallsActed,
        };
      }
      case "turn.failed": {
        const { data } = event;
        // The event has the words for the user; why the model's call failed is with the call.
        const told = own.findLast((each) => each.type === "reason.completed")?.data.error ?? data.error;
        const error = toFailure(new RuntimeError(data.errorCode, told, { fields: data.errorFields ?? {} }));
        const stopReason = data.errorCode === "blocked_by_hook" ? "blocked" : "error";
        return { ...base(sessionId, turnId, data.iterations, data.usage, stopReason), status: "failed", error };
      }
      case "turn.cancelled":
      case "turn.sealed": {
        const status = event.type === "turn.sealed" ? "sealed" : "cancelled";
        const result: TurnResult = {
          ...base(sessionId, turnId, event.data.iterations, event.data.usage, status),
          status,
          response: lastText(own),
          toolCallsCount: countResults(own),
        };
        if (event.type === "turn.cancelled") return result;
        const { reason, detail } = event.data;
        return { ...result, sealed: detail === undefined ? { reason } : { reason, detail } };
      }
      default:
    }
  }
  return undefined;
}

function base(
  sessionId: SessionId,
  turnId: TurnId,
  iterations: number,
  usage: TurnResult["usage"] = NO_USAGE,
  stopReason: StopReason = "end_turn",
): Omit<TurnResult, "status"> {
  return {
    sessionId,
    turnId,
    iterations,
    usage,
    stopReason,
    success: false,
    response: "",
    toolCallsCount: 0,
    waitingFor: [],
  };
}
