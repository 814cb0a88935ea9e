/** What every turn store must do. */

import assert from "node:assert/strict";
import type { Event } from "../../records/event.ts";
import { idFromSeed } from "../../records/ids.ts";
import type { RuntimeTurnStore, SessionHead, TurnStoreStep } from "../../ports/journal.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { checkpointFixture, idledEvent } from "./event_fixtures.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);
const TURN = idFromSeed("turn", 1);

/**
 * Registers one check for each promise of {@linkcode RuntimeTurnStore}.
 *
 * @example
 * ```ts ignore
 * testTurnStore({ name: "MyTurnStore", create: () => new MyTurnStore(), test: Deno.test });
 * ```
 */
export function testTurnStore(options: SharedConformanceOptions<RuntimeTurnStore>): void {
  check(options, "a session without a turn has no head, no events and no keys", async (store) => {
    assert.equal(await store.getHead(SESSION), undefined);
    assert.deepEqual(await store.loadEvents(SESSION), []);
    assert.equal(await store.turnForKey(SESSION, "key"), undefined);
    assert.deepEqual(await store.openSessions(10), []);
  });

  check(options, "compareAndAppend() stores the head and the events of a first step", async (store) => {
    const head = openHead(2, 1);
    const events = numbered(1, 2);
    assert.equal(await store.compareAndAppend(stepOf(undefined, head, events)), true);
    assert.deepEqual(await store.getHead(SESSION), head);
    assert.deepEqual(await store.loadEvents(SESSION), events);
  });

  check(options, "compareAndAppend() goes on from the head it expects", async (store) => {
    const first = openHead(2, 1);
    const second: SessionHead = { lastSequence: 3, fence: 1 };
    assert.equal(await store.compareAndAppend(stepOf(undefined, first, numbered(1, 2))), true);
    assert.equal(await store.compareAndAppend(stepOf(first, second, numbered(3, 3))), true);
    assert.deepEqual(await store.getHead(SESSION), second);
    assert.deepEqual(await store.loadEvents(SESSION), numbered(1, 3));
  });

  check(options, "compareAndAppend() takes a step without events, which only frees the lease", async (store) => {
    const head = openHead(2, 1);
    const { owner: _, ...free } = head;
    await store.compareAndAppend(stepOf(undefined, head, numbered(1, 2)));
    assert.equal(await store.compareAndAppend(stepOf(head, free, [])), true);
    assert.deepEqual(await store.getHead(SESSION), free);
    assert.deepEqual(await store.loadEvents(SESSION), numbered(1, 2));
  });

  const stale: readonly (readonly [what: string, expected: SessionHead | undefined])[] = [
    ["there is a head and none is expected", undefined],
    ["another sequence is expected", openHead(1, 1)],
    ["another fence is expected", openHead(2, 2)],
    ["another owner is expected", openHead(2, 1, "owner-b")],
    ["a free lease is expected", { lastSequence: 2, fence: 1 }],
  ];
  for (const [what, expected] of stale) {
    check(options, `compareAndAppend() stores nothing when ${what}`, async (store) => {
      const head = openHead(2, 1);
      await store.compareAndAppend(stepOf(undefined, head, numbered(1, 2)));
      const step = { ...stepOf(expected, openHead(9, 9), numbered(3, 9)), key: { key: "key", turnId: TURN } };
      assert.equal(await store.compareAndAppend(step), false);
      assert.deepEqual(await store.getHead(SESSION), head);
      assert.deepEqual(await store.loadEvents(SESSION), numbered(1, 2));
      assert.equal(await store.turnForKey(SESSION, "key"), undefined);
    });
  }

  check(options, "compareAndAppend() stores nothing when a head is expected and there is none", async (store) => {
    assert.equal(await store.compareAndAppend(stepOf(openHead(2, 1), openHead(3, 1), numbered(3, 3))), false);
    assert.equal(await store.getHead(SESSION), undefined);
    assert.deepEqual(await store.loadEvents(SESSION), []);
  });

  check(options, "of steps that race from one head exactly one is stored", async (store) => {
    const owners = ["owner-a", "owner-b", "owner-c", "owner-d"];
    const results = await Promise.all(
      owners.map((owner) => store.compareAndAppend(stepOf(undefined, openHead(1, 1, owner), numbered(1, 1)))),
    );
    assert.equal(results.filter(Boolean).length, 1);
    assert.equal((await store.getHead(SESSION))?.owner, owners[results.indexOf(true)]);
    assert.equal((await store.loadEvents(SESSION)).length, 1);
  });

  check(options, "loadEvents() begins after a cursor and stops at a limit", async (store) => {
    await store.compareAndAppend(stepOf(undefined, openHead(3, 1), numbered(1, 3)));
    await store.compareAndAppend(stepOf(openHead(3, 1), openHead(6, 1), numbered(4, 6)));
    const sequences = async (query: { after?: number; limit?: number }) =>
      (await store.loadEvents(SESSION, query)).map(({ sequence }) => sequence);
    assert.deepEqual(await sequences({ after: 2 }), [3, 4, 5, 6]);
    assert.deepEqual(await sequences({ after: 2, limit: 2 }), [3, 4]);
    assert.deepEqual(await sequences({ limit: 4 }), [1, 2, 3, 4]);
    assert.deepEqual(await sequences({ after: 6 }), []);
    assert.deepEqual(await sequences({ after: 0, limit: 0 }), []);
  });

  check(options, "a loaded list does not change when a step is stored later", async (store) => {
    await store.compareAndAppend(stepOf(undefined, openHead(2, 1), numbered(1, 2)));
    const loaded = await store.loadEvents(SESSION);
    await store.compareAndAppend(stepOf(openHead(2, 1), openHead(3, 1), numbered(3, 3)));
    assert.equal(loaded.length, 2);
  });

  check(options, "turnForKey() finds the turn and the input's sequence, in its own session only", async (store) => {
    const first = openHead(2, 1);
    await store.compareAndAppend(stepOf(undefined, first, numbered(1, 2)));
    const step = stepOf(first, openHead(4, 1), numbered(3, 4));
    await store.compareAndAppend({ ...step, key: { key: "key", turnId: TURN } });
    assert.deepEqual(await store.turnForKey(SESSION, "key"), { turnId: TURN, sequence: 3 });
    assert.equal(await store.turnForKey(SESSION, "other"), undefined);
    assert.equal(await store.turnForKey(OTHER_SESSION, "key"), undefined);
  });

  check(options, "openSessions() gives the sessions whose head has a checkpoint, up to a limit", async (store) => {
    for (const seed of [1, 2, 3]) {
      const sessionId = idFromSeed("session", seed);
      await store.compareAndAppend({ ...stepOf(undefined, openHead(1, 1), numbered(1, 1)), sessionId });
    }
    const closed: SessionHead = { lastSequence: 2, fence: 1 };
    await store.compareAndAppend({ ...stepOf(openHead(1, 1), closed, numbered(2, 2)), sessionId: OTHER_SESSION });
    assert.deepEqual([...await store.openSessions(10)].sort(), [SESSION, idFromSeed("session", 3)]);
    assert.equal((await store.openSessions(1)).length, 1);
  });

  check(options, "an owner lives from connect() to disconnect()", async (store) => {
    assert.equal(await store.isAlive("owner-a"), false);
    await store.connect("owner-a");
    await store.connect("owner-b");
    assert.equal(await store.isAlive("owner-a"), true);
    await store.disconnect("owner-a");
    assert.equal(await store.isAlive("owner-a"), false);
    assert.equal(await store.isAlive("owner-b"), true);
    await store.disconnect("owner-c");
  });

  checkShared(options, "another instance sees heads, events, keys, open sessions and owners", async (first, second) => {
    const head = openHead(2, 1);
    await first.connect("owner-a");
    await first.compareAndAppend({ ...stepOf(undefined, head, numbered(1, 2)), key: { key: "key", turnId: TURN } });
    assert.deepEqual(await second.getHead(SESSION), head);
    assert.deepEqual(await second.loadEvents(SESSION), numbered(1, 2));
    assert.deepEqual(await second.turnForKey(SESSION, "key"), { turnId: TURN, sequence: 1 });
    assert.deepEqual(await second.openSessions(10), [SESSION]);
    assert.equal(await second.isAlive("owner-a"), true);
  });

  checkShared(options, "of steps that race over two instances exactly one is stored", async (first, second) => {
    const results = await Promise.all(
      [first, second].map((store, index) =>
        store.compareAndAppend(stepOf(undefined, openHead(1, 1, `owner-${index}`), numbered(1, 1)))
      ),
    );
    assert.deepEqual([...results].sort(), [false, true]);
    assert.equal((await first.loadEvents(SESSION)).length, 1);
  });
}

function openHead(lastSequence: number, fence: number, owner: string = "owner-a"): SessionHead {
  return { lastSequence, fence, owner, checkpoint: checkpointFixture(SESSION, 1) };
}

function stepOf(expected: SessionHead | undefined, head: SessionHead, events: readonly Event[]): TurnStoreStep {
  return { sessionId: SESSION, expected, head, events };
}

function numbered(from: number, to: number): Event[] {
  return Array.from({ length: to - from + 1 }, (_, index) => idledEvent(from + index, from + index));
}
