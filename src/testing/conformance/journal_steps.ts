/** What every journal must do with the steps of one owner. */

import assert from "node:assert/strict";
import { DuplicateInputError } from "../../errors.ts";
import { idFromSeed, isId } from "../../records/ids.ts";
import type { SessionJournal } from "../../ports/journal.ts";
import { check, type SharedConformanceOptions } from "./conformance_options.ts";
import { acceptDrafts, checkpointFixture, endDrafts, reasonDrafts, resultDrafts } from "./event_fixtures.ts";
import { assertRefused } from "./assert_refused.ts";
import { JournalDriver } from "./journal_driver.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);
const TURN = idFromSeed("turn", 1);

/** Registers the checks of commits, sequences, checkpoints and idempotency keys. */
export function testJournalSteps(options: SharedConformanceOptions<SessionJournal>): void {
  check(options, "commit() gives the events ids, times and sequences from 1, in order", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    const { events, lastSequence } = await turn.accept(1);
    assert.equal(lastSequence, 3);
    assert.deepEqual(events.map(({ sequence }) => sequence), [1, 2, 3]);
    assert.equal(new Set(events.map(({ id }) => id)).size, 3);
    for (const event of events) {
      assert.ok(isId("event", event.id), `${event.id} is no event id`);
      assert.ok(Number.isFinite(event.ts));
      assert.equal(event.sessionId, SESSION);
    }
    assert.deepEqual(
      events.map(({ type, context }) => ({ type, context })),
      acceptDrafts(1).map(({ type, context }) => ({ type, context })),
    );
  });

  check(options, "commit() goes on numbering over steps and turns", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    assert.deepEqual((await first.commit(reasonDrafts(1))).events.map(({ sequence }) => sequence), [4]);
    assert.equal((await first.end(1)).lastSequence, 6);
    const second = await JournalDriver.acquire(journal, SESSION, first.owner);
    assert.equal(second.sequence, 6);
    assert.deepEqual((await second.accept(2)).events.map(({ sequence }) => sequence), [7, 8, 9]);
  });

  check(options, "each session has its own sequences, fences and keys", async (journal) => {
    const one = await JournalDriver.acquire(journal, SESSION);
    const two = await JournalDriver.acquire(journal, OTHER_SESSION, one.owner);
    await one.accept(1, { key: { key: "key", turnId: TURN } });
    await two.accept(2, { key: { key: "key", turnId: idFromSeed("turn", 2) } });
    assert.equal(two.sequence, 3);
    assert.deepEqual(await journal.turnForKey(SESSION, "key"), { turnId: TURN, sequence: 1 });
    assert.deepEqual(await journal.turnForKey(OTHER_SESSION, "key"), { turnId: idFromSeed("turn", 2), sequence: 1 });
  });

  check(options, "commit() stores steps that do not wait for each other in the order they came", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    const committed = await Promise.all([
      journal.commit(turn.step(acceptDrafts(1), { checkpoint: checkpointFixture(SESSION, 1) })),
      journal.commit(turn.step(reasonDrafts(1), { expectedSequence: 3 })),
      journal.commit(turn.step(resultDrafts(1), { expectedSequence: 4 })),
      journal.commit(turn.step(endDrafts(1), { expectedSequence: 5, checkpoint: null, release: true })),
    ]);
    assert.deepEqual(committed.map(({ lastSequence }) => lastSequence), [3, 4, 5, 7]);
    assert.deepEqual(await journal.events(SESSION), committed.flatMap(({ events }) => events));
  });

  check(options, "a journal that says so reads the steps that were given before, stored or not", async (journal) => {
    if (journal.readsOwnSteps !== true) return;
    const turn = await JournalDriver.acquire(journal, SESSION);
    const accept = turn.step(acceptDrafts(1), { checkpoint: checkpointFixture(SESSION, 1), join: true });
    const storing = journal.commit(accept);
    const [acquired, events, messages] = await Promise.all([
      journal.acquire(SESSION, turn.owner),
      journal.events(SESSION),
      journal.messages(SESSION),
    ]);
    assert.equal(acquired.lastSequence, 3);
    assert.deepEqual(events, (await storing).events);
    assert.deepEqual(messages, (await storing).messages);
  });

  check(options, "a step that may be joined is stored also when nothing follows it", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    const { lastSequence } = await turn.accept(1, { join: true });
    assert.equal(lastSequence, 3);
    assert.equal((await journal.events(SESSION)).length, 3);
  });

  check(
    options,
    "commit() rejects a step that does not follow the last one, and stores nothing of it",
    async (journal) => {
      const turn = await JournalDriver.acquire(journal, SESSION);
      await turn.accept(1);
      const before = await journal.events(SESSION);
      const wrong = turn.step(reasonDrafts(1), { expectedSequence: 2, checkpoint: null });
      await assertRefused(journal.commit(wrong), "sequence_conflict");
      assert.deepEqual(await journal.events(SESSION), before);
      assert.deepEqual((await journal.acquire(SESSION, turn.owner)).openTurn, checkpointFixture(SESSION, 1));
    },
  );

  check(options, "once a step is rejected, later steps of its session and fence are too", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    const [first, wrong, queued] = await Promise.allSettled([
      journal.commit(turn.step(acceptDrafts(1), { checkpoint: checkpointFixture(SESSION, 1) })),
      journal.commit(turn.step(reasonDrafts(1), { expectedSequence: 9 })),
      journal.commit(turn.step(resultDrafts(1), { expectedSequence: 3 })),
    ]);
    assert.deepEqual([first.status, wrong.status, queued.status], ["fulfilled", "rejected", "rejected"]);
    await assert.rejects(journal.commit(turn.step(endDrafts(1), { expectedSequence: 3 })));
    assert.equal((await journal.events(SESSION)).length, 3);
  });

  check(options, "a rejected step does not touch other sessions", async (journal) => {
    const one = await JournalDriver.acquire(journal, SESSION);
    const two = await JournalDriver.acquire(journal, OTHER_SESSION, one.owner);
    await one.accept(1);
    await two.accept(2);
    await assert.rejects(journal.commit(one.step(reasonDrafts(1), { expectedSequence: 9 })));
    assert.equal((await two.commit(reasonDrafts(2))).lastSequence, 4);
  });

  check(options, "after a rejected step the session goes on with the next acquire()", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await turn.accept(1);
    await assert.rejects(journal.commit(turn.step(reasonDrafts(1), { expectedSequence: 9 })));
    const again = await JournalDriver.acquire(journal, SESSION, turn.owner);
    assert.equal(again.sequence, 3);
    assert.equal((await again.end(1)).lastSequence, 5);
  });

  check(options, "after a rejected first step the session goes on with the next acquire()", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await assert.rejects(journal.commit(turn.step(acceptDrafts(1), { expectedSequence: 9 })));
    const again = await JournalDriver.acquire(journal, SESSION, turn.owner);
    assert.equal((await again.accept(1)).lastSequence, 3);
  });

  check(options, "a checkpoint stays until a step replaces it or ends the turn", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    const openTurn = async () => (await journal.acquire(SESSION, turn.owner)).openTurn;
    await turn.accept(1);
    assert.deepEqual(await openTurn(), checkpointFixture(SESSION, 1));
    await turn.commit(resultDrafts(1));
    assert.deepEqual(await openTurn(), checkpointFixture(SESSION, 1));
    await turn.commit(reasonDrafts(1), { checkpoint: checkpointFixture(SESSION, 1, "act") });
    assert.deepEqual(await openTurn(), checkpointFixture(SESSION, 1, "act"));
    await turn.end(1);
    assert.equal(await openTurn(), undefined);
  });

  check(options, "turnForKey() finds the turn and the sequence of an accepted input", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    assert.equal(await journal.turnForKey(SESSION, "key"), undefined);
    await turn.accept(1);
    await turn.commit(acceptDrafts(2).slice(0, 1), { key: { key: "key", turnId: TURN } });
    assert.deepEqual(await journal.turnForKey(SESSION, "key"), { turnId: TURN, sequence: 4 });
    assert.equal(await journal.turnForKey(OTHER_SESSION, "key"), undefined);
  });

  check(options, "commit() rejects an input whose key was used before, naming the first turn", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await turn.accept(1, { key: { key: "key", turnId: TURN } });
    await turn.end(1);
    const second = await JournalDriver.acquire(journal, SESSION, turn.owner);
    await assert.rejects(
      second.accept(2, { key: { key: "key", turnId: idFromSeed("turn", 2) } }),
      (error: unknown) => error instanceof DuplicateInputError && error.turnId === TURN,
    );
    assert.equal((await journal.events(SESSION)).length, 5);
    assert.deepEqual(await journal.turnForKey(SESSION, "key"), { turnId: TURN, sequence: 1 });
    assert.equal((await journal.messages(SESSION)).length, 2);
  });

  check(options, "after a repeated key the session goes on with the next acquire()", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await turn.accept(1, { key: { key: "key", turnId: TURN } });
    await turn.end(1);
    const second = await JournalDriver.acquire(journal, SESSION, turn.owner);
    await assert.rejects(second.accept(2, { key: { key: "key", turnId: idFromSeed("turn", 2) } }));
    const third = await JournalDriver.acquire(journal, SESSION, turn.owner);
    assert.equal((await third.accept(2, { key: { key: "other", turnId: idFromSeed("turn", 2) } })).lastSequence, 8);
  });
}
