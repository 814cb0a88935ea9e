/**
 * The whole screen as a fold over what happens; pure, so that it is tested without a terminal.
 *
 * Finished blocks come from durable events and from the host only: what a replay of the stored events shows is what was
 * there when they happened. Live events touch what is going on and nothing else, but for what is worth keeping although
 * nothing stores it: warnings of the runtime, ends of tasks that wake nobody, and what there was of an answer that was cut
 * off.
 *
 * @module
 */

import {
  addUsage,
  type EventDataMap,
  type Message,
  metadataOf,
  NO_USAGE,
  textOf,
  type TurnId,
} from "@everruns/runtime";
import { foldHostInput } from "./fold_host_input.ts";
import { foldTask } from "./fold_task.ts";
import { foldToolEvent } from "./fold_tool_event.ts";
import { newTurn, onTurn } from "./live_turn.ts";
import { type Activity, type Block, type Screen, withBlocks } from "./screen.ts";
import type { RuntimeEvent, ScreenInput } from "./screen_input.ts";

/** Most characters kept of thinking that goes on: only its end is shown. */
const MAX_THINKING = 4_000;

/** The screen after one more input; inputs it does not know leave it as it is. */
export function foldScreen(screen: Screen, input: ScreenInput): Screen {
  return foldHostInput(screen, input) ?? foldEvent(screen, input as RuntimeEvent);
}

/** The screen after many inputs. */
export function foldAll(screen: Screen, inputs: Iterable<ScreenInput>): Screen {
  let folded = screen;
  for (const input of inputs) folded = foldScreen(folded, input);
  return folded;
}

function foldEvent(screen: Screen, event: RuntimeEvent): Screen {
  switch (event.type) {
    case "input.message":
      return foldInputMessage(screen, event.data.message);
    case "turn.started":
      return { ...screen, turn: newTurn(event.data.turnId, event.ts) };
    case "reason.started":
      return onTurn(screen, event.data.turnId, event.ts, { activity: "waiting" });
    case "reason.recovered":
      return onTurn(screen, event.data.turnId, event.ts, {});
    case "reason.thinking.started":
      return onTurn(screen, event.data.turnId, event.ts, { activity: "thinking", thinking: "" });
    case "reason.thinking.delta":
      return foldThinking(screen, event.data, event.ts);
    case "output.message.started":
      return onTurn(screen, event.data.turnId, event.ts, { messageId: event.data.messageId, text: "" });
    case "output.message.delta":
      return foldDelta(screen, event.data, event.ts);
    case "output.message.replaced": {
      const { turnId, messageId, replacement, reasonCode } = event.data;
      const activity: Activity = reasonCode === "retry" ? "retrying" : "writing";
      return onTurn(screen, turnId, event.ts, { messageId, text: replacement, thinking: "", activity });
    }
    case "output.message.completed":
      return foldAnswer(screen, event.data, event.ts);
    case "llm.generation":
      return foldUsage(screen, event.data);
    case "turn.completed":
      return foldCompleted(screen, event.data);
    case "turn.failed": {
      const { turnId, error, errorCode } = event.data;
      const last = screen.blocks.at(-1);
      // The runtime answers for the model when there is none: then the reason stands there already.
      const isSaid = last?.type === "answer" && last.text === error;
      return endTurn(screen, turnId, {
        type: "turn_end",
        status: "failed",
        text: isSaid ? errorCode : `${error} (${errorCode})`,
      });
    }
    case "turn.cancelled":
      return endTurn(screen, event.data.turnId, { type: "turn_end", status: "cancelled", text: "" });
    case "turn.sealed": {
      const { turnId, reason, detail } = event.data;
      return endTurn(screen, turnId, { type: "turn_end", status: "sealed", text: detail ?? reason });
    }
    case "turn.waiting":
      return onTurn(screen, event.data.turnId, event.ts, { activity: "asking" });
    case "tool.decided":
      return onTurn(screen, event.data.turnId, event.ts, { activity: "tools" });
    case "session.title.updated":
      return { ...screen, title: event.data.title };
    case "task.created":
    case "task.updated":
      return foldTask(screen, event.data.task);
    case "context.compacting":
      return screen.turn === undefined ? screen : { ...screen, turn: { ...screen.turn, activity: "compacting" } };
    case "context.compacted": {
      const { messagesBefore, messagesAfter } = event.data;
      return withBlocks(screen, {
        type: "event",
        text: `Context compacted: ${messagesBefore} messages to ${messagesAfter}`,
      });
    }
    case "budget.warning":
    case "budget.paused":
    case "budget.exhausted":
    case "budget.resumed": {
      const { message } = event.data;
      const text = `Budget ${event.type.slice("budget.".length)}${typeof message === "string" ? `: ${message}` : ""}`;
      return withBlocks(screen, { type: "event", text });
    }
    case "runtime.warning":
      return foldWarning(screen, event.data.message);
    default:
      return foldToolEvent(screen, event) ?? screen;
  }
}

/** A server that does not start is warned of whenever tools are listed, and told about once. */
function foldWarning(screen: Screen, text: string): Screen {
  const isTold = screen.blocks.some((block) => block.type === "notice" && block.text === text);
  return isTold ? screen : withBlocks(screen, { type: "notice", level: "warning", text });
}

function foldInputMessage(screen: Screen, message: Message): Screen {
  const text = textOf(message.content);
  const images = message.content.filter(({ type }) => type === "image" || type === "image_file").length;
  const wake = metadataOf(message, "wake");
  if (message.role !== "user" || typeof wake === "string") {
    const isSchedule = typeof wake === "string" && wake.startsWith("schedule:");
    return withBlocks(screen, { type: "wake", text: isSchedule ? `Schedule fired: ${text}` : text });
  }
  const at = screen.sent.findIndex((line) => line.text.trim() === text.trim());
  const sent = screen.sent.filter((_, index) => index !== at);
  return withBlocks({ ...screen, sent }, { type: "user", text, images });
}

function foldThinking(screen: Screen, data: EventDataMap["reason.thinking.delta"], ts: number): Screen {
  const before = screen.turn?.id === data.turnId ? screen.turn.thinking : "";
  const thinking = (before + data.delta).slice(-MAX_THINKING);
  return onTurn(screen, data.turnId, ts, { thinking, activity: "thinking" });
}

function foldDelta(screen: Screen, data: EventDataMap["output.message.delta"], ts: number): Screen {
  const { turnId, messageId, delta, offset } = data;
  const { turn } = screen;
  const before = turn?.id === turnId && turn.messageId === messageId ? turn.text : "";
  // A piece that is there already is replaced by itself; one that was lost leaves a gap until the message is complete.
  return onTurn(screen, turnId, ts, { messageId, text: before.slice(0, offset) + delta, activity: "writing" });
}

function foldAnswer(screen: Screen, data: EventDataMap["output.message.completed"], ts: number): Screen {
  const { message, turnId } = data;
  const text = textOf(message.content);
  const blocks: Block[] = [];
  if (message.thinking !== undefined && message.thinking.trim() !== "") {
    blocks.push({ type: "thinking", text: message.thinking });
  }
  if (text.trim() !== "") blocks.push({ type: "answer", text });
  const made = message.content.flatMap((part) =>
    part.type === "tool_call" ? [{ id: part.id, name: part.name, arguments: part.arguments, output: "" }] : []
  );
  const activity: Activity = made.length === 0 ? "waiting" : "tools";
  const changed = onTurn(screen, turnId, ts, { text: "", thinking: "", activity });
  return withBlocks({ ...changed, calls: [...screen.calls, ...made] }, ...blocks);
}

function foldUsage(screen: Screen, { turnId, metadata: { usage } }: EventDataMap["llm.generation"]): Screen {
  if (usage === undefined) return screen;
  const { turn } = screen;
  return {
    ...screen,
    usage: addUsage(screen.usage, usage),
    contextTokens: usage.inputTokens + usage.outputTokens,
    ...(turn?.id === turnId ? { turn: { ...turn, outputTokens: turn.outputTokens + usage.outputTokens } } : {}),
  };
}

function foldCompleted(screen: Screen, data: EventDataMap["turn.completed"]): Screen {
  const { turnId, durationMs, toolCallsActed, usage, stopReason } = data;
  const odd: Block[] = stopReason === "end_turn"
    ? []
    : [{ type: "event", text: `Stopped: ${stopReason.replaceAll("_", " ")}` }];
  return endTurn(withBlocks(screen, ...odd), turnId, {
    type: "turn_done",
    durationMs,
    toolCalls: toolCallsActed,
    usage: usage ?? NO_USAGE,
  });
}

function endTurn(screen: Screen, turnId: TurnId, block: Block): Screen {
  const { turn, ...rest } = screen;
  const ended = turn === undefined || turn.id === turnId ? rest : screen;
  const sent = screen.sent.filter(({ settled }) => !settled);
  const partial: Block[] = turn?.id === turnId && turn.text.trim() !== "" ? [{ type: "partial", text: turn.text }] : [];
  // Questions stay until they are answered or taken back: one may be that of a subagent in the background.
  return withBlocks({ ...ended, calls: [], sent }, ...partial, block);
}
