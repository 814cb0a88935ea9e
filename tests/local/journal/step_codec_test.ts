/** Steps as rows and back. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Event, EventContext } from "../../../src/records/event.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import { messagesOfEvents } from "../../../src/kit/projection.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
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

Deno.test("a step is read back as it was written, whatever its texts repeat or look like", () => {
  const known = ["turn_0000000000000001", "~", "~0", "~~12", "__proto__ is no text", "a".repeat(300)];
  const words = fc.oneof(fc.constantFrom(...known), fc.string({ unit: "binary" }), fc.string({ minLength: 16 }));
  const details = fc.dictionary(fc.oneof(fc.string(), fc.constant("turnId")), fc.oneof(words, fc.jsonValue()));
  const contexts = fc.constantFrom<EventContext>({}, { turnId: TURN }, { turnId: TURN, execId: idFromSeed("exec", 1) });
  const source = new IdSource(new FakeClock(), seededRandom(1));
  const ids = fc.boolean().map((isNext) => isNext ? source.next("event") : idFromSeed("event", 3));
  const drafts = fc.array(
    fc.record({ type: fc.constantFrom("turn.started", "input.message"), details, contexts, ids }),
    {
      minLength: 1,
      maxLength: 9,
    },
  );
  fc.assert(
    fc.property(drafts, (all) => {
      const events = all.map(({ type, details: data, contexts: context, ids: id }, offset) => {
        const message = { id: idFromSeed("message", offset), content: [{ type: "text", text: data["turnId"] ?? "x" }] };
        const full = type === "input.message" ? { ...data, message } : data;
        return {
          id,
          type,
          ts: TS,
          sessionId: SESSION,
          context,
          data: full,
          sequence: FIRST + offset,
        } as unknown as Event;
      });
      const expected = JSON.stringify(events);
      const row = rowOf(encodeStep(SESSION, events), events.length);
      assert.equal(JSON.stringify(events), expected);
      assert.equal(JSON.stringify(eventsOfStep(SESSION, row)), expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("ids that follow each other and texts that repeat are stored once", () => {
  const source = new IdSource(new FakeClock(), seededRandom(1));
  const preview = "What a long answer this is going to be";
  const drafts = [{ textPreview: preview }, { finalAnswerPreview: preview }, { turnId: TURN }];
  const events = drafts.map((data, offset) =>
    ({ ...event(offset, "reason.completed", { turnId: TURN }), id: source.next("event"), data }) as unknown as Event
  );
  const { body } = encodeStep(SESSION, events);
  assert.deepEqual([preview, TURN, "event_"].map((text) => body.split(text).length - 1), [1, 1, 1]);
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
