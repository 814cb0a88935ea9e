import assert from "node:assert/strict";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { Message } from "../../../src/records/message.ts";
import { messageFixture } from "../../../src/testing/conformance/record_fixtures.ts";

const SESSION = idFromSeed("session", 1);

Deno.test("loadMessages() gives the stored objects themselves, frozen, in an array of its own", async () => {
  const store = new InMemoryMessageStore();
  const frozen = Object.freeze(messageFixture(1, { sequence: 1 }));
  await store.storeMessages(SESSION, [frozen, messageFixture(2, { sequence: 2 })]);
  const first = await store.loadMessages(SESSION);
  const second = await store.loadMessages(SESSION);
  assert.equal(first[0], frozen);
  assert.equal(first[1], second[1]);
  assert.ok(Object.isFrozen(first[1]));
  assert.notEqual(first, second);
  (first as Message[]).length = 0;
  assert.equal((await store.loadMessages(SESSION)).length, 2);
});

Deno.test("a long history keeps its order, its ids and its cursors", async () => {
  const store = new InMemoryMessageStore();
  const count = 10_000;
  for (let seed = 1; seed <= count; seed++) {
    await store.storeMessages(SESSION, [messageFixture(seed, { sequence: seed * 3 })]);
  }
  assert.equal(await store.countMessages(SESSION), count);
  assert.equal((await store.getMessage(SESSION, idFromSeed("message", 7777)))?.sequence, 23_331);
  const tail = await store.loadMessages(SESSION, { after: 29_990 });
  assert.deepEqual(tail.map(({ sequence }) => sequence), [29_991, 29_994, 29_997, 30_000]);
  const ends = await store.loadMessages(SESSION, { limit: 1, keepHead: 1 });
  assert.deepEqual(ends.map(({ sequence }) => sequence), [3, 30_000]);
});

Deno.test("messages in any order of arrival end up as in order", async () => {
  const messages = Array.from({ length: 60 }, (_, index) => messageFixture(index + 1, { sequence: index + 1 }));
  const shuffled = messages.map((message, index) => ({ message, key: (index * 37) % 61 }))
    .sort((a, b) => a.key - b.key).map(({ message }) => message);
  const store = new InMemoryMessageStore();
  for (const message of shuffled) await store.storeMessages(SESSION, [message]);
  assert.deepEqual(await store.loadMessages(SESSION), messages);
});

for (const query of [{ limit: -1 }, { limit: 1.5 }, { keepHead: -1, limit: 1 }, { keepHead: NaN }, { after: NaN }]) {
  Deno.test(`loadMessages() refuses ${JSON.stringify(Object.entries(query).flat().map(String))} as out of range`, async () => {
    await assert.rejects(new InMemoryMessageStore().loadMessages(SESSION, query), RangeError);
  });
}
