/** What every journal must do about leases, fences and dead owners. */

import assert from "node:assert/strict";
import { SessionBusyError } from "../../errors.ts";
import { idFromSeed } from "../../records/ids.ts";
import type { SessionJournal } from "../../ports/journal.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { acceptDrafts, checkpointFixture, endDrafts, reasonDrafts, resultDrafts } from "./event_fixtures.ts";
import { assertRefused } from "./assert_refused.ts";
import { JournalDriver, newOwner } from "./journal_driver.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);

/** Registers the checks of `acquire`, `release`, `disconnect` and `interrupted`. */
export function testJournalLeases(options: SharedConformanceOptions<SessionJournal>): void {
  check(options, "acquire() of a new session gives fence 1, sequence 0 and no open turn", async (journal) => {
    assert.deepEqual(await journal.acquire(SESSION, newOwner()), { fence: 1, lastSequence: 0 });
  });

  check(options, "acquire() writes nothing: it answers the same again, also to others", async (journal) => {
    const owner = newOwner();
    await journal.acquire(SESSION, owner);
    assert.equal((await journal.acquire(SESSION, owner)).fence, 1);
    assert.equal((await journal.acquire(SESSION, newOwner())).fence, 1);
    assert.deepEqual(await journal.events(SESSION), []);
    assert.deepEqual(await journal.interrupted(10), []);
  });

  check(
    options,
    "the first commit takes the lease: acquire() by another owner rejects and names the holder",
    async (journal) => {
      const holder = await JournalDriver.acquire(journal, SESSION);
      await holder.accept(1);
      await assertBusy(journal, holder.owner);
      await holder.commit(reasonDrafts(1));
      await assertBusy(journal, holder.owner);
    },
  );

  check(options, "of two owners that acquired together only the first to commit goes on", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    const second = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    await assertRefused(second.accept(2), "lease_lost", "sequence_conflict", "session_busy");
    await first.commit(reasonDrafts(1));
    assert.equal((await journal.events(SESSION)).length, 4);
  });

  check(options, "a step flagged `release` frees the lease; the next fence is higher", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    await first.end(1);
    const { fence, lastSequence, openTurn } = await journal.acquire(SESSION, newOwner());
    assert.deepEqual({ fence, lastSequence, openTurn }, {
      fence: first.fence + 1,
      lastSequence: 5,
      openTurn: undefined,
    });
  });

  check(options, "commit() rejects an owner whose lease was freed and taken by another", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    await first.end(1);
    const second = await JournalDriver.acquire(journal, SESSION);
    await second.accept(2);
    const late = first.step(reasonDrafts(1), { expectedSequence: second.sequence });
    await assertRefused(journal.commit(late), "lease_lost");
    assert.equal((await journal.events(SESSION)).length, 8);
    await second.end(2);
  });

  check(options, "an owner that acquires again fences off its own earlier steps", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    const second = await JournalDriver.acquire(journal, SESSION, first.owner);
    assert.equal(second.fence, first.fence + 1);
    await second.commit(reasonDrafts(1));
    await assertRefused(journal.commit(first.step(endDrafts(1), { expectedSequence: 4 })), "lease_lost");
  });

  check(options, "release() frees the lease and leaves the turn open", async (journal) => {
    const first = await JournalDriver.acquire(journal, SESSION);
    await first.accept(1);
    await journal.release(SESSION, first.owner, first.fence);
    const { fence, openTurn } = await journal.acquire(SESSION, newOwner());
    assert.deepEqual({ fence, openTurn }, { fence: first.fence + 1, openTurn: checkpointFixture(SESSION, 1) });
    assert.equal((await journal.events(SESSION)).length, 3);
  });

  check(options, "release() of a lease that is not held is harmless", async (journal) => {
    const holder = await JournalDriver.acquire(journal, SESSION);
    await journal.release(SESSION, holder.owner, holder.fence);
    await holder.accept(1);
    await journal.release(SESSION, newOwner(), holder.fence);
    await journal.release(SESSION, holder.owner, holder.fence - 1);
    await journal.release(OTHER_SESSION, holder.owner, 1);
    await assertBusy(journal, holder.owner);
    assert.equal((await holder.commit(reasonDrafts(1))).lastSequence, 4);
  });

  check(
    options,
    "disconnect() of the holder lets another owner take over and fences the old one off",
    async (journal) => {
      const dead = await JournalDriver.acquire(journal, SESSION);
      await dead.accept(1);
      await journal.disconnect(dead.owner);
      const heir = await JournalDriver.acquire(journal, SESSION);
      assert.deepEqual([heir.fence, heir.sequence], [dead.fence + 1, 3]);
      await heir.commit(reasonDrafts(1));
      await assertRefused(journal.commit(dead.step(endDrafts(1))), "lease_lost");
      assert.equal((await heir.end(1)).lastSequence, 6);
    },
  );

  check(options, "disconnect() is final: what its owner still commits is refused", async (journal) => {
    const dead = await JournalDriver.acquire(journal, SESSION);
    await journal.disconnect(dead.owner);
    await assertRefused(dead.accept(1), "lease_lost");
    const heir = await JournalDriver.acquire(journal, SESSION);
    assert.equal((await heir.accept(1)).lastSequence, 3);
  });

  check(options, "disconnect() of one owner leaves the leases of others alone", async (journal) => {
    const holder = await JournalDriver.acquire(journal, SESSION);
    await holder.accept(1);
    await journal.disconnect(newOwner());
    await assertBusy(journal, holder.owner);
  });

  check(
    options,
    "interrupted() gives sessions whose turn is open, not waiting, and whose owner is dead",
    async (journal) => {
      const dead = newOwner();
      const open = await JournalDriver.acquire(journal, idFromSeed("session", 1), dead);
      await open.accept(1);
      const closed = await JournalDriver.acquire(journal, idFromSeed("session", 2), dead);
      await closed.accept(2);
      await closed.end(2);
      const waiting = await JournalDriver.acquire(journal, idFromSeed("session", 3), dead);
      const waits = { checkpoint: checkpointFixture(waiting.sessionId, 3, "wait"), release: true };
      await waiting.commit(acceptDrafts(3), waits);
      const living = await JournalDriver.acquire(journal, idFromSeed("session", 4));
      await living.accept(4);
      assert.deepEqual(await journal.interrupted(10), []);
      await journal.disconnect(dead);
      assert.deepEqual(await journal.interrupted(10), [open.sessionId]);
    },
  );

  check(options, "interrupted() gives a session whose open turn was released without an end", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await turn.accept(1);
    await journal.release(SESSION, turn.owner, turn.fence);
    assert.deepEqual(await journal.interrupted(10), [SESSION]);
  });

  check(options, "interrupted() stops at a limit and forgets what was taken over", async (journal) => {
    const dead = newOwner();
    for (const seed of [1, 2, 3]) {
      await (await JournalDriver.acquire(journal, idFromSeed("session", seed), dead)).accept(seed);
    }
    await journal.disconnect(dead);
    assert.equal((await journal.interrupted(2)).length, 2);
    const heir = await JournalDriver.acquire(journal, idFromSeed("session", 2));
    await heir.commit(reasonDrafts(2));
    assert.deepEqual([...await journal.interrupted(10)].sort(), [idFromSeed("session", 1), idFromSeed("session", 3)]);
  });

  checkShared(options, "a lease taken over one instance is busy over another", async (first, second) => {
    const holder = await JournalDriver.acquire(first, SESSION);
    await holder.accept(1);
    await assertBusy(second, holder.owner);
    assert.deepEqual(await second.interrupted(10), []);
    await holder.end(1);
    assert.deepEqual(await second.acquire(SESSION, newOwner()), { fence: 2, lastSequence: 5 });
  });

  checkShared(
    options,
    "another instance takes over from a dead owner, whose late steps are rejected",
    async (first, second) => {
      const dead = await JournalDriver.acquire(first, SESSION);
      await dead.accept(1);
      await first.disconnect(dead.owner);
      assert.deepEqual(await second.interrupted(10), [SESSION]);
      const heir = await JournalDriver.acquire(second, SESSION);
      await heir.commit(reasonDrafts(1));
      await assertRefused(first.commit(dead.step(resultDrafts(1))), "lease_lost", "sequence_conflict");
      await heir.end(1);
      assert.deepEqual(await first.events(SESSION), await second.events(SESSION));
      assert.deepEqual((await second.events(SESSION)).map(({ sequence }) => sequence), [1, 2, 3, 4, 5, 6]);
      assert.deepEqual((await second.messages(SESSION)).map(({ sequence }) => sequence), [1, 4, 5]);
    },
  );

  checkShared(
    options,
    "of two instances that acquired together only the first to commit goes on",
    async (first, second) => {
      const winner = await JournalDriver.acquire(first, SESSION);
      const loser = await JournalDriver.acquire(second, SESSION);
      await winner.accept(1);
      await assertRefused(loser.accept(2), "lease_lost", "sequence_conflict", "session_busy");
      assert.equal((await second.events(SESSION)).length, 3);
      assert.equal((await second.messages(SESSION)).length, 1);
    },
  );
}

async function assertBusy(journal: SessionJournal, holder: string): Promise<void> {
  await assert.rejects(journal.acquire(SESSION, newOwner()), (error: unknown) => {
    assert.ok(error instanceof SessionBusyError, `expected a SessionBusyError, not ${String(error)}`);
    assert.deepEqual([error.sessionId, error.holder], [SESSION, holder]);
    return true;
  });
}
