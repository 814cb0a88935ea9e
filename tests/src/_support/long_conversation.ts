/** A stored conversation of 10,000 messages, made of the events a runtime writes. */

import type { ContentPart } from "../../../src/records/content.ts";
import type { EventDraft } from "../../../src/records/event.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { Message, MessageRole } from "../../../src/records/message.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";

/** Messages of the conversation. */
export const LONG = 10_000;
/** Said once, long ago. */
export const NEEDLE = "the vault code is 7351";
/** What the conversation begins with. */
export const FIRST = "Here is what to do.";

const TURN = 4;
const STEP = 2_500;

/** Writes turns of a question, a call, its result and an answer through a journal; the lease is free afterwards. */
export async function writeLong(journal: SessionJournal, sessionId: SessionId): Promise<void> {
  const drafts: EventDraft[] = [];
  for (let turn = 1; turn <= LONG / TURN; turn++) drafts.push(...turnDrafts(turn));
  const owner = "writer";
  const { fence, lastSequence } = await journal.acquire(sessionId, owner);
  let expectedSequence = lastSequence;
  for (let from = 0; from < drafts.length; from += STEP) {
    const events = drafts.slice(from, from + STEP);
    const release = from + STEP >= drafts.length;
    expectedSequence =
      (await journal.commit({ sessionId, owner, fence, expectedSequence, events, release })).lastSequence;
  }
}

function turnDrafts(turn: number): EventDraft[] {
  const turnId = idFromSeed("turn", turn);
  const callId = idFromSeed("call", turn);
  const context = { turnId };
  const question = turn === 1 ? FIRST : turn === 700 ? `Remember: ${NEEDLE}` : `Question ${turn}: ${"q".repeat(60)}`;
  const message = (at: number, role: MessageRole, content: readonly ContentPart[]): Message => ({
    id: idFromSeed("message", turn * TURN + at),
    role,
    content,
    createdAt: 1_750_000_000_000 + turn * TURN + at,
  });
  return [
    { type: "input.message", context, data: { message: message(0, "user", [{ type: "text", text: question }]) } },
    {
      type: "output.message.completed",
      context,
      data: {
        turnId,
        message: message(1, "agent", [{ type: "tool_call", id: callId, name: "look", arguments: { at: turn } }]),
      },
    },
    {
      type: "tool.completed",
      context,
      data: {
        turnId,
        messageId: idFromSeed("message", turn * TURN + 2),
        toolCallId: callId,
        toolName: "look",
        success: true,
        status: "success",
        result: `Found ${turn}: ${"r".repeat(600)}`,
      },
    },
    {
      type: "output.message.completed",
      context,
      data: {
        turnId,
        message: message(3, "agent", [{ type: "text", text: `Answer ${turn}: ${"a".repeat(60)}` }]),
      },
    },
  ];
}
