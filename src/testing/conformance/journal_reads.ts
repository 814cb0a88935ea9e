/** What every journal must give back. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { EventQuery, SessionJournal } from "../../ports/journal.ts";
import type { MessageQuery } from "../../ports/stores.ts";
import { messagesOfEvents } from "../../kit/projection.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { reasonDrafts, resultDrafts } from "./event_fixtures.ts";
import { JournalDriver } from "./journal_driver.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);

/** Registers the checks of events and messages. */
export function testJournalReads(options: SharedConformanceOptions<SessionJournal>): void {
  check(options, "a session without a turn has no events and no messages", async (journal) => {
    await (await JournalDriver.acquire(journal, OTHER_SESSION)).accept(1);
    assert.deepEqual(await journal.events(SESSION), []);
    assert.deepEqual(await journal.messages(SESSION), []);
  });

  check(options, "events() gives what commit() gave, which is plain JSON, oldest first", async (journal) => {
    const committed = await twoTurns(journal);
    const events = await journal.events(SESSION);
    assert.deepEqual(events, committed);
    assert.deepEqual(events, JSON.parse(JSON.stringify(committed)));
  });

  const eventQueries: readonly (readonly [query: EventQuery, expected: readonly number[]])[] = [
    [{ after: 0 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    [{ after: 9 }, [10, 11, 12]],
    [{ after: 12 }, []],
    [{ after: 99 }, []],
    [{ limit: 2 }, [1, 2]],
    [{ after: 3, limit: 2 }, [4, 5]],
    [{ after: 11, limit: 5 }, [12]],
    [{ limit: 0 }, []],
  ];
  for (const [query, expected] of eventQueries) {
    check(options, `events() takes ${JSON.stringify(query)}`, async (journal) => {
      await twoTurns(journal);
      assert.deepEqual((await journal.events(SESSION, query)).map(({ sequence }) => sequence), expected);
    });
  }

  check(options, "messages() is the projection of the events, each with its event's sequence", async (journal) => {
    await twoTurns(journal);
    const messages = await journal.messages(SESSION);
    assert.deepEqual(messages, messagesOfEvents(await journal.events(SESSION)));
    assert.deepEqual(messages.map(({ role }) => role), ["user", "agent", "tool_result", "agent", "user", "agent"]);
    assert.deepEqual(messages.map(({ sequence }) => sequence), [1, 4, 5, 6, 8, 11]);
  });

  const messageQueries: readonly (readonly [query: MessageQuery, expected: readonly number[]])[] = [
    [{ after: 4 }, [5, 6, 8, 11]],
    [{ after: 7 }, [8, 11]],
    [{ after: 11 }, []],
    [{ limit: 2 }, [8, 11]],
    [{ limit: 0 }, []],
    [{ after: 1, limit: 1 }, [11]],
    [{ after: 7, limit: 4, keepHead: 1 }, [8, 11]],
    [{ limit: 1, keepHead: 1 }, [1, 11]],
    [{ limit: 4, keepHead: 4 }, [1, 4, 5, 6, 8, 11]],
    [{ after: 1, limit: 1, keepHead: 1 }, [4, 11]],
  ];
  for (const [query, expected] of messageQueries) {
    check(options, `messages() takes ${JSON.stringify(query)}`, async (journal) => {
      await twoTurns(journal);
      assert.deepEqual((await journal.messages(SESSION, query)).map(({ sequence }) => sequence), expected);
    });
  }

  check(options, "lists that were read do not change when steps are stored later", async (journal) => {
    const turn = await JournalDriver.acquire(journal, SESSION);
    await turn.accept(1);
    const events = await journal.events(SESSION);
    const messages = await journal.messages(SESSION);
    await turn.end(1);
    assert.deepEqual([events.length, messages.length], [3, 1]);
  });

  checkShared(options, "another instance reads the same events, messages and keys", async (first, second) => {
    const turnId = idFromSeed("turn", 1);
    const turn = await JournalDriver.acquire(first, SESSION);
    await turn.accept(1, { key: { key: "key", turnId } });
    await turn.end(1);
    assert.deepEqual(await second.events(SESSION), await first.events(SESSION));
    assert.deepEqual(await second.messages(SESSION), await first.messages(SESSION));
    assert.deepEqual(await second.turnForKey(SESSION, "key"), { turnId, sequence: 1 });
  });
}

/** A turn with a tool call and one without: 12 events, of which 6 carry a message. */
async function twoTurns(journal: SessionJournal): Promise<unknown[]> {
  const first = await JournalDriver.acquire(journal, SESSION);
  const steps = [
    await first.accept(1),
    await first.commit(reasonDrafts(1)),
    await first.commit(resultDrafts(1)),
    await first.end(1),
  ];
  const second = await JournalDriver.acquire(journal, SESSION, first.owner);
  steps.push(await second.accept(2), await second.end(2));
  return steps.flatMap(({ events }) => events);
}
