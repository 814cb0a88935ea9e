/** Steps as rows and back. */

import assert from "node:assert/strict";
import type { Event, EventContext } from "../../../src/records/event.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { messagesOfEvents } from "../../../src/kit/projection.ts";
import { encodeStep, eventsOfStep, messagesOfStep } from "../../../local/journal/step_codec.ts";
import type { SqlList } from "../../../local/sqlite/row.ts";

const SESSION = idFromSeed("session", 1);
const TURN = idFromSeed("turn", 1);
const FIRST = 7;
const TS = 1_000;

Deno.test("events keep their order and their own contexts, and equal contexts are stored once", () => {
  const one = { turnId: TURN };
  const events = [
    event(0, "turn.started", one),
    event(1, "input.message", one),
    event(2, "session.activated", { turnId: TURN }),
    event(3, "reason.completed", { turnId: TURN, execId: idFromSeed("exec", 2) }),
    event(4, "session.idled", {}),
    event(5, "tool.completed", one),
  ];
  const encoded = encodeStep(SESSION, events);
  assert.deepEqual(eventsOfStep(SESSION, rowOf(encoded, events.length)), events);
  assert.equal(encoded.body.match(/turnId/g)?.length, 3);
});

Deno.test("the messages of a row are those its events carry", () => {
  const events = [
    event(0, "input.message", {}),
    event(1, "tool.completed", {}),
    event(2, "output.message.completed", {}),
  ];
  const row = rowOf(encodeStep(SESSION, events), events.length);
  const messages = messagesOfStep(SESSION, row);
  assert.equal(messages.length, 3);
  assert.deepEqual(messages, messagesOfEvents(eventsOfStep(SESSION, row)));
  assert.ok(messages.every((message) => Object.isFrozen(message)));
});

function rowOf({ talk, talkHash, body, bodyHash }: ReturnType<typeof encodeStep>, count: number): SqlList {
  return [FIRST, count, TS, talk, talkHash, body, bodyHash];
}

function event(offset: number, type: string, context: EventContext): Event {
  const id = idFromSeed("event", offset);
  const message = { id: idFromSeed("message", offset), role: "user", content: [], createdAt: TS };
  const data = type === "tool.completed"
    ? { messageId: message.id, toolCallId: idFromSeed("call", 1), toolName: "t", status: "success", result: 1 }
    : type.includes("message")
    ? { message }
    : { at: offset };
  return { id, type, ts: TS, sessionId: SESSION, context, data, sequence: FIRST + offset } as Event;
}
