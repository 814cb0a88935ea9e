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

const TURNS = 2_000;
/** Numbers of ids that a turn has for itself. */
const STRIDE = 8;
const STEP = 2_500;

/** Writes turns of a question, one to three calls, their results and an answer through a journal; the lease is free afterwards. */
export async function writeLong(journal: SessionJournal, sessionId: SessionId): Promise<void> {
  const drafts: EventDraft[] = [];
  for (let turn = 1; turn <= TURNS; turn++) drafts.push(...turnDrafts(turn));
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
  // A cut at any number of messages lies among the results of some turn.
  const callIds = Array.from({ length: 1 + (turn + 1) % 3 }, (_, at) => idFromSeed("call", turn * STRIDE + at));
  const context = { turnId };
  const question = turn === 1 ? FIRST : turn === 700 ? `Remember: ${NEEDLE}` : `Question ${turn}: ${"q".repeat(60)}`;
  const message = (at: number, role: MessageRole, content: readonly ContentPart[]): Message => ({
    id: idFromSeed("message", turn * STRIDE + at),
    role,
    content,
    createdAt: 1_750_000_000_000 + turn * STRIDE + at,
  });
  return [
    { type: "input.message", context, data: { message: message(0, "user", [{ type: "text", text: question }]) } },
    {
      type: "output.message.completed",
      context,
      data: {
        turnId,
        message: message(
          1,
          "agent",
          callIds.map((id) => ({ type: "tool_call", id, name: "look", arguments: { at: turn } })),
        ),
      },
    },
    ...callIds.map((toolCallId, at): EventDraft => ({
      type: "tool.completed",
      context,
      data: {
        turnId,
        messageId: idFromSeed("message", turn * STRIDE + 2 + at),
        toolCallId,
        toolName: "look",
        success: true,
        status: "success",
        result: `Found ${turn}: ${"r".repeat(300)}`,
      },
    })),
    {
      type: "output.message.completed",
      context,
      data: {
        turnId,
        message: message(2 + callIds.length, "agent", [{ type: "text", text: `Answer ${turn}: ${"a".repeat(60)}` }]),
      },
    },
  ];
}
