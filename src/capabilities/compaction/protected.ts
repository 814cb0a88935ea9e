/** What stays in the view however old it is. */

import type { CallId, MessageId } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { follow } from "../conversation/follow.ts";
import { tokensOf } from "../conversation/message_tokens.ts";
import { endOfUnit, type Unit } from "../conversation/units.ts";

/** The tool whose results are instructions the model goes on needing. */
export const SKILL_TOOL = "activate_skill";

/** Units that stay. */
export interface ProtectedUnits {
  /** The first message and the first one of the user; never part of a summary. */
  readonly first: readonly Unit[];
  /** The newest activation of each skill, as far as they fit; never part of a summary. */
  readonly skills: readonly Unit[];
  /** The newest message of the user. */
  readonly newest: Unit | undefined;
}

interface Activations {
  /** Calls that have no result yet. */
  readonly open: Map<CallId, { readonly skill: string; readonly messageId: MessageId }>;
  /** The messages that activated each skill last. */
  readonly newest: Map<string, MessageId>;
}

const activations = follow<Activations>(() => ({ open: new Map(), newest: new Map() }), (found, message) => {
  if (message.role !== "agent" && message.role !== "tool_result") return;
  for (const part of message.content) {
    if (part.type === "tool_call" && part.name === SKILL_TOOL) {
      const name = isJsonObject(part.arguments) ? part.arguments["name"] : undefined;
      found.open.set(part.id, { skill: typeof name === "string" ? name : "", messageId: message.id });
    } else if (part.type === "tool_result") {
      const call = found.open.get(part.toolCallId);
      if (call === undefined) continue;
      found.open.delete(part.toolCallId);
      // One that failed takes the place of none that did not.
      if (part.error === undefined) found.newest.set(call.skill, call.messageId);
    }
  }
});

/**
 * Finds them; of the skills the newest that take no more than `room` tokens.
 *
 * @param stored the session's own list, which is read only as far as it is new
 */
export function protectedUnits(messages: readonly Message[], stored: readonly Message[], room: number): ProtectedUnits {
  const first = messages.length === 0 ? [] : [unitAt(messages, 0)];
  const firstUser = messages.findIndex(({ role }) => role === "user");
  if (firstUser > 0) first.push(unitAt(messages, firstUser));
  const newest = messages.findLastIndex(({ role }) => role === "user");
  return {
    first,
    skills: skillUnits(messages, new Set(activations(stored).newest.values()), room),
    newest: newest < 0 ? undefined : unitAt(messages, newest),
  };
}

function skillUnits(messages: readonly Message[], ids: ReadonlySet<MessageId>, room: number): Unit[] {
  const units: Unit[] = [];
  let left = room;
  for (let at = messages.length - 1; at >= 0 && units.length < ids.size; at--) {
    const message = messages[at]!;
    if (message.role !== "agent" || !ids.has(message.id)) continue;
    const unit = unitAt(messages, at);
    for (let index = unit.start; index < unit.end; index++) left -= tokensOf(messages[index]!);
    if (left < 0) break;
    units.unshift(unit);
  }
  return units;
}

function unitAt(messages: readonly Message[], start: number): Unit {
  return { start, end: endOfUnit(messages, start + 1) };
}
