/** What the log says about the calls of one agent message. */

import type { Event, EventDraft } from "../records/event.ts";
import type { CallId, MessageId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { ToolCall } from "../records/tool.ts";

/** The recorded fate of calls. */
export interface CallLog {
  /** Calls with a result. */
  readonly answered: ReadonlySet<CallId>;
  /** Those of them whose result is an error; absent means none. */
  readonly failed?: ReadonlySet<CallId>;
  /** `at_most_once` calls that were marked as started. */
  readonly started: ReadonlySet<CallId>;
  /** Decisions about calls that need approval. */
  readonly decisions: ReadonlyMap<CallId, CallDecision>;
}

/** A decision about a call. */
export interface CallDecision {
  /** Whether it may run. */
  readonly approved: boolean;
  /** Why not. */
  readonly reason?: string;
  /** SHA-256 of the tool's name and the arguments that were decided about. */
  readonly fingerprint?: string;
}

/** The calls of a message, in order. */
export function callsOf(message: Message): ToolCall[] {
  const calls: ToolCall[] = [];
  for (const part of message.content) {
    if (part.type === "tool_call") calls.push({ id: part.id, name: part.name, arguments: part.arguments });
  }
  return calls;
}

/** Folds the events of a turn. */
export function readCallLog(events: readonly (Event | EventDraft)[]): CallLog {
  const answered = new Set<CallId>();
  const failed = new Set<CallId>();
  const started = new Set<CallId>();
  const decisions = new Map<CallId, CallDecision>();
  for (const event of events) {
    if (event.type === "tool.completed") {
      answered.add(event.data.toolCallId);
      if (!event.data.success) failed.add(event.data.toolCallId);
    } else if (event.type === "tool.started") started.add(event.data.toolCallId);
    else if (event.type === "tool.decided") {
      const { toolCallId, approved, reason, toolCallFingerprint: fingerprint } = event.data;
      decisions.set(toolCallId, {
        approved,
        ...(reason === undefined ? {} : { reason }),
        ...(fingerprint === undefined ? {} : { fingerprint }),
      });
    }
  }
  return { answered, failed, started, decisions };
}

/** The agent message of a turn by id. */
export function findAgentMessage(events: readonly Event[], id: MessageId | undefined): Message | undefined {
  for (const event of events) {
    if (event.type === "output.message.completed" && event.data.message.id === id) return event.data.message;
  }
  return undefined;
}

/** How many calls were answered, by their tools or their client; not those that the end of the turn closed. */
export function countResults(events: readonly Event[]): number {
  return events.filter(({ type, data }) => type === "tool.completed" && data.status !== "cancelled").length;
}
