import assert from "node:assert/strict";
import { follow } from "../../../src/capabilities/conversation/follow.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { Message } from "../../../src/records/message.ts";

function message(seed: number): Message {
  return { id: idFromSeed("message", seed), role: "user", content: [], createdAt: 0 };
}

/** A reader that lists what it has read of a conversation, and how often it read a message at all. */
function reader(): {
  readonly read: (messages: readonly Message[]) => readonly Message[];
  readonly steps: () => number;
} {
  let steps = 0;
  const read = follow<Message[]>(() => [], (seen, next) => {
    steps++;
    seen.push(next);
  });
  return { read, steps: () => steps };
}

Deno.test("a conversation that grows is read once, whichever copy of its list is at hand", () => {
  const { read, steps } = reader();
  const stored = [1, 2, 3].map(message);
  assert.deepEqual(read([...stored]), stored);
  stored.push(message(4));
  assert.deepEqual(read([...stored]), stored);
  assert.deepEqual(read([...stored]), stored);
  assert.equal(steps(), 4);
});

Deno.test("a conversation that does not go on where reading stopped is read anew", () => {
  const { read } = reader();
  const stored = [1, 2, 3].map(message);
  read(stored);
  for (const other of [stored.slice(0, 2), [...stored.slice(0, 2), message(5), message(6)], [message(7)], []]) {
    assert.deepEqual(read(other), other);
  }
});
